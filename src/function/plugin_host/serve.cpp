#include "function/plugin_host/serve.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/text.hpp"
#include "executor/call_message.hpp"
#include "executor/wire.hpp"
#include "function/plugin.hpp"
#include "function/plugin_host/binding.hpp"
#include "function/plugin_host/call_environment.hpp"

namespace fugle::function {
namespace {

namespace wire = executor::wire;
using executor::CallMessage;

constexpr std::size_t kMostResultBytes = std::size_t{1} << 31;  // a frame has 32 bits for its size

bool is_cancelled = false;  ///< set by a signal, cleared after each call; by atomic operations only

void note_term(int) { __atomic_store_n(&is_cancelled, true, __ATOMIC_RELAXED); }
void ignore(int) {}

/// Not SIG_IGN, which a program that the plugin starts would inherit.
void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigaction(signal, &action, nullptr);
}

/// Blocks. False: the other end is closed.
bool receive(int socket, wire::FrameSplitter& frames) {
  static char chunk[64 * 1024];
  const ssize_t n = ::recv(socket, chunk, sizeof chunk, 0);
  if (n > 0) frames.add({chunk, static_cast<std::size_t>(n)});
  return n > 0 || (n < 0 && errno == EINTR);
}

void send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) return;  // nobody is there any more
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

/// The peak of memory is to be that of the call: proc(5), clear_refs, "5".
void forget_peak_of_memory() {
  const int file = ::open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  (void)!::write(file, "5", 1);
  ::close(file);
}

bool has_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

void add_usage(wire::ReturnedFields& fields) {
  rusage own{};
  rusage waited_for{};
  ::getrusage(RUSAGE_SELF, &own);
  ::getrusage(RUSAGE_CHILDREN, &waited_for);
  const auto in_us = [](const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(time.tv_usec);
  };
  for (const rusage* usage : {&own, &waited_for}) {
    fields.cpu_us += in_us(usage->ru_utime) + in_us(usage->ru_stime);
    fields.read_blocks += static_cast<std::uint64_t>(usage->ru_inblock);
    fields.written_blocks += static_cast<std::uint64_t>(usage->ru_oublock);
  }
  fields.maxrss_kb = static_cast<std::uint64_t>(own.ru_maxrss);
}

CallInput input_of(const CallMessage& message) {
  CallInput input;
  input.run_id = message.run_id;
  input.run_dir = message.run_dir;
  input.task = message.task;
  input.element = message.element;
  input.attempt = message.attempt;
  input.index = message.index;
  input.arguments = message.arguments;
  input.workdir = message.workdir;
  input.scratch = message.scratch;
  for (const auto& [name, path] : message.inputs) input.inputs.emplace_back(name, path);
  for (const auto& [name, path] : message.outputs) input.outputs.emplace_back(name, path);
  input.results.assign(message.results.begin(), message.results.end());
  input.cores = message.cores;
  input.cpus = message.cpus;
  input.gpus = message.gpus;
  input.is_cancelled = &is_cancelled;
  return input;
}

/// All calls of this process.
class Caller {
 public:
  /// One call; returns the answer to it, a frame.
  std::string answer(CallMessage message) {
    wire::ReturnedFields fields;
    forget_peak_of_memory();
    fields.bind_error = binding_.apply(message.cpus, message.numa_nodes);
    environment_.apply(std::move(message.environment));
    CallOutcome outcome = call(message, fields.end);
    std::fflush(nullptr);
    if (outcome.result.size() > kMostResultBytes) {
      outcome.reason = fmt::format("its result has {}, more than 2 GiB; write an output file, or use 'isolate: false'",
                                   format_bytes(outcome.result.size()));
      outcome.result.clear();
      outcome.exit = 1;
      fields.end = wire::CallEnd::bad;
    }
    fields.exit = outcome.exit;
    fields.has_children = has_children();
    add_usage(fields);
    // Whoever was told to stop between the last look at this and the answer is not used again.
    __atomic_store_n(&is_cancelled, false, __ATOMIC_RELAXED);
    std::string bytes;
    wire::FrameWriter(bytes, wire::Kind::returned).put(fields).put_bytes(outcome.reason).put_bytes(outcome.result);
    return bytes;
  }

 private:
  CallOutcome call(const CallMessage& message, wire::CallEnd& end) {
    end = wire::CallEnd::not_callable;
    CallOutcome outcome;
    if (::chdir(message.workdir.c_str()) != 0) {
      outcome.exit = 127;
      outcome.reason = fmt::format("cannot enter working directory '{}' ({}); create it or correct 'workdir'",
                                   message.workdir, std::strerror(errno));
      return outcome;
    }
    try {
      Callable& function = plugins_of(message).find(message.function);
      outcome = function.call(input_with_log(message));
      end = outcome.cls == graph::FailureClass::none ? wire::CallEnd::good : wire::CallEnd::bad;
    } catch (const Error& error) {
      outcome.exit = 127;
      outcome.reason = error.what();
    }
    return outcome;
  }
  CallInput input_with_log(const CallMessage& message) const {
    CallInput input = input_of(message);
    input.log = &log_;
    return input;
  }
  Plugins& plugins_of(const CallMessage& message) {
    if (!plugins_) {
      const char* path = std::getenv("FUGLE_PLUGIN_PATH");
      plugins_.emplace(PluginHost{message.run_id, message.run_dir, message.worker, true, path != nullptr ? path : ""});
    }
    return *plugins_;
  }

  Binding binding_;
  CallEnvironment environment_;
  std::optional<Plugins> plugins_;
  std::function<void(std::string_view)> log_ = [](std::string_view line) {
    std::printf("%.*s\n", static_cast<int>(line.size()), line.data());
    std::fflush(stdout);
  };
};

}  // namespace

void take_signals() {
  handle(SIGTERM, note_term);
  for (const int signal : {SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) handle(signal, ignore);
}

void serve_calls(int socket) {
  Caller caller;
  wire::FrameSplitter frames;
  for (;;) {
    while (const auto frame = frames.next()) {
      std::optional<CallMessage> message = executor::decode_call(frame->body);
      if (!message) return;
      send_all(socket, caller.answer(std::move(*message)));
    }
    frames.shrink();
    if (!receive(socket, frames)) return;
  }
}

}  // namespace fugle::function
