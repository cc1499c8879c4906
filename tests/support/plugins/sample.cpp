// A plugin whose functions do one thing each that tests want to see.
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <fugle/plugin.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using fugle::plugin::Call;

namespace {

void add_line(const std::string& path, const std::string& line) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  (void)!::write(fd, (line + "\n").c_str(), line.size() + 1);
  ::close(fd);
}

/// Lives from init to finish, and says so in the file that SAMPLE_PLUGIN_BOOK names.
struct Book {
  explicit Book(const FugleWorker& where) : worker(where.worker) {
    if (const char* name = std::getenv("SAMPLE_PLUGIN_INIT_FAILS")) throw std::runtime_error(name);
    note("init");
  }
  ~Book() { note("finish"); }
  void note(const std::string& what) const {
    if (!path.empty()) add_line(path, what + " " + std::to_string(::getpid()) + " " + std::to_string(worker));
  }

  std::string path = std::getenv("SAMPLE_PLUGIN_BOOK") != nullptr ? std::getenv("SAMPLE_PLUGIN_BOOK") : "";
  std::uint32_t worker;
  int num_calls = 0;
};

/// What it was given, a line each.
void tell(Call& call) {
  std::string text = std::string(call.run_id()) + " " + std::string(call.task()) + " " + std::string(call.element()) +
                     " " + std::to_string(call.attempt()) + " " + std::to_string(call.index()) + "\n" +
                     std::string(call.arguments().json()) + "\n";
  for (std::size_t i = 0; i < call.num_results(); ++i) text += "result " + std::string(call.result(i)) + "\n";
  for (const FugleFile& file : std::span(call.raw().inputs, call.raw().num_inputs))
    text += std::string("input ") + file.name + "=" + file.path + "\n";
  text += "cores " + std::to_string(call.cores()) + " cpus " + std::to_string(call.cpus().size()) + " rank " +
          std::to_string(call.rank()) + "/" + std::to_string(call.num_ranks()) + "\n";
  call.set_result(text);
}

/// How often this process was called, and which it is.
void count(Book& book, Call& call) {
  call.set_result(std::to_string(++book.num_calls) + " " + std::to_string(::getpid()));
  call.log("call " + std::to_string(book.num_calls) + " of " + std::to_string(::getpid()));
}

void speak(Call& call) {
  std::printf("printed by %s", std::string(call.element()).c_str());
  (void)!::write(STDERR_FILENO, "errors too\n", 11);
  call.log("logged");
}

void write_output(Call& call) {
  std::ofstream(call.output("out")) << call.arguments().get<std::string>("text", "nothing");
}
/// The lengths of the results that it is given.
void taken(Call& call) {
  std::ofstream out(call.output("out"));
  for (std::size_t i = 0; i < call.num_results(); ++i) out << (i > 0 ? " " : "") << call.result(i).size();
}
void add_numbers(Call& call) {
  double sum = 0;
  for (const double number : call.arguments().get<std::vector<double>>("numbers")) sum += number;
  call.set_value(sum);
}
void fail(Call& call) { throw fugle::plugin::Failure(call.arguments().get<int>("code", 3), "it is to fail"); }
void throw_error(Call&) { throw std::runtime_error("thrown in the plugin"); }
void crash(Call& call) {
  const std::string file = call.arguments().get<std::string>("unless", "");
  if (!file.empty() && ::access(file.c_str(), F_OK) == 0) return;
  if (!file.empty()) add_line(file, "crashed");
  std::raise(SIGSEGV);
}
void leave(Call& call) { std::exit(call.arguments().get<int>("code", 0)); }

/// Heeds a stop, says so, and returns.
void wait_for_stop(Call& call) {
  call.log("waits");
  while (!call.is_cancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  call.log("was told to stop");
}
void hang(Call& call) {
  call.log("hangs");
  for (;;) ::pause();
}
void wait_for_file(Call& call) {
  call.log("waits");
  const std::string path = call.arguments().get<std::string>("file");
  while (::access(path.c_str(), F_OK) != 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

void allocate(Call& call) {
  const auto bytes = call.arguments().get<std::size_t>("bytes");
  std::vector<char> memory(bytes, 'x');
  call.log("holds it");
  volatile char* const first = memory.data();
  while (!call.is_cancelled() && *first == 'x') std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

/// Leaves a child behind that would live for long.
void leave_child(Call& call) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::execlp("sleep", "sleep", "1000", static_cast<char*>(nullptr));
    ::_exit(127);
  }
  call.set_result(std::to_string(child) + " " + std::to_string(::getpid()));
}

void variables(Call& call) {
  std::string text;
  for (const std::string& name : call.arguments().get<std::vector<std::string>>("names")) {
    const char* value = std::getenv(name.c_str());
    text += name + "=" + (value != nullptr ? value : "(unset)") + "\n";
  }
  call.set_result(text);
}

/// CPUs that this thread and a new one may run on, and where it is.
void surroundings(Call& call) {
  const auto cpus = [] {
    cpu_set_t set;
    ::sched_getaffinity(0, sizeof set, &set);
    std::string text;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
      if (CPU_ISSET(cpu, &set)) text += std::to_string(cpu) + ",";
    return text;
  };
  std::string of_thread;
  std::thread([&] { of_thread = cpus(); }).join();
  char folder[4096] = "";
  (void)!::getcwd(folder, sizeof folder);
  call.set_result(cpus() + " " + of_thread + " " + folder);
}

}  // namespace

FUGLE_PLUGIN_WITH_STATE(Book, FUGLE_FUNCTION(tell), FUGLE_FUNCTION(count), FUGLE_FUNCTION(speak),
                        FUGLE_FUNCTION(write_output), FUGLE_FUNCTION(add_numbers), FUGLE_FUNCTION(fail),
                        FUGLE_FUNCTION(throw_error), FUGLE_FUNCTION(crash), FUGLE_FUNCTION(leave),
                        FUGLE_FUNCTION(wait_for_stop), FUGLE_FUNCTION(hang), FUGLE_FUNCTION(wait_for_file),
                        FUGLE_FUNCTION(allocate), FUGLE_FUNCTION(leave_child), FUGLE_FUNCTION(variables),
                        FUGLE_FUNCTION(surroundings), FUGLE_FUNCTION(taken))
