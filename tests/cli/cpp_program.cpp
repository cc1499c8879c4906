// A C++ program with a workflow of its own, for cpp_test.py; CPP_CASE in the environment says which.
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fugle/fugle.hpp>
#include <fugle/mpi.hpp>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using fugle::Context;

std::string path_in(const Context& context, const std::string& name) {
  return std::string(context.workdir()) + "/" + name;
}

void touch(const std::string& path) {
  if (std::FILE* file = std::fopen(path.c_str(), "a")) {
    std::fputs("x", file);
    std::fclose(file);
  }
}

/// Until the file is there, or it is cancelled.
void await(const Context& context, const std::string& name) {
  while (!std::filesystem::exists(path_in(context, name))) {
    if (context.is_cancelled()) throw std::runtime_error("cancelled");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

int source(const Context& context, int x) {
  touch(path_in(context, "source.calls"));
  return x;
}

/// a gives a number to b, which fails until a file is there, and c adds one.
void add_failing(fugle::Workflow& wf) {
  const auto a = wf.function("a", source, 41);
  const auto b = wf.function(
      "b",
      [](const Context& context, int x) {
        if (!std::filesystem::exists(path_in(context, "fixed"))) throw std::runtime_error("not fixed yet");
        return x;
      },
      a);
  wf.function(
      "c", [](int x) { std::printf("the answer is %d\n", x + 1); }, b);
}

void add_gates(fugle::Workflow& wf) {
  wf.map(
      "gate",
      [](const Context& context, int) {
        touch(path_in(context, "begun"));
        await(context, "go");
      },
      fugle::over({1, 2, 3}));
}

void add_timeout(fugle::Workflow& wf) {
  wf.function("slow", [](const Context& context) { await(context, "never"); }).timeout("1s");
}

/// The first block has 100 MB.
std::size_t num_numbers(int block) { return block == 1 ? 12'500'000 : 1'000'000; }

/// Every consumer takes all blocks, of whatever rank they are.
void add_large(fugle::Workflow& wf) {
  const auto blocks = wf.map(
      "block",
      [](int i) {
        std::vector<double> numbers(num_numbers(i));
        std::iota(numbers.begin(), numbers.end(), i);
        return numbers;
      },
      fugle::over({1, 2, 3, 4}));
  const auto sums = wf.map(
      "sum",
      [](int, const std::vector<std::vector<double>>& every) {
        double sum = 0;
        for (const auto& one : every) sum += one.front() + one.back() - double(one.size() - 1);
        return sum;
      },
      fugle::over({1, 2, 3, 4}), all(blocks));
  wf.function(
      "total",
      [](const Context& context, const std::vector<double>& every) {
        if (every != std::vector<double>(4, 20)) throw std::runtime_error("a block is not what it was");
        touch(path_in(context, "all.good"));
      },
      sums);
}

/// A value too large to be kept is lost with the process; b holds the run until it is killed.
void add_lost(fugle::Workflow& wf) {
  const auto large = wf.function("large", [](const Context& context) {
    touch(path_in(context, "large.calls"));
    return std::vector<double>(100'000, 0.5);
  });
  const auto small = wf.function("small", source, 7);
  wf.function(
      "last",
      [](const Context& context, const std::vector<double>& numbers, int x) {
        touch(path_in(context, "begun"));
        await(context, "go");
        if (numbers.size() != 100'000 || x != 7) throw std::runtime_error("wrong values");
      },
      large, small);
}

void add_party(fugle::Workflow& wf) {
  const auto sum = wf.function("sum", [](const Context& context) {
                       int mine = static_cast<int>(context.rank()) + 1;
                       int all = 0;
                       MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_SUM, fugle::comm(context));
                       return all * 10 + static_cast<int>(context.num_ranks());
                     }).ranks(2);
  wf.function(
      "print", [](int x) { std::printf("party: %d\n", x); }, sum);
}

/// Of all kinds: of the calls, of settings, of the graph.
void add_mistakes(fugle::Workflow& wf) {
  // clang-format off
  const auto two = wf.map("two", [](int i) { return i; }, fugle::over({1, 2}));
  wf.map("three", [](int i, int j) { return i + j; }, fugle::over({1, 2, 3}), two);  // not as many
  // clang-format on
  wf.function("two", [] { return 0; });                                // again
  wf.command("late", {"true"}).timeout("180").place("near: nowhere");  // no unit; nobody
  auto first = wf.command("first", {"true"}).output("o", "same.txt");
  auto second = wf.command("second", {"true"}).output("o", "same.txt").needs(first);  // two producers
  first.needs(second);                                                                // a cycle
  wf.key("slurm.nodse", "2");                                                         // unknown
}

/// Results of functions on all nodes; `held` holds the run until `finish` is there.
void add_nodes(fugle::Workflow& wf) {
  const auto where = wf.map(
                           "where",
                           [](const Context& context, int i) {
                             touch(path_in(context, "where." + std::to_string(i)));
                             await(context, "go");
                             char name[256] = "";
                             gethostname(name, sizeof name - 1);
                             return std::vector<std::string>{name, std::to_string(i * i)};
                           },
                           fugle::over({1, 2, 3, 4}))
                         .cores(2);
  const auto all = wf.function(
      "all",
      [](const Context& context, const std::vector<std::vector<std::string>>& every) {
        touch(path_in(context, "all.calls"));
        std::string text;
        for (const auto& one : every) text += one[0] + " " + one[1] + "\n";
        return text;
      },
      where);
  const auto held = wf.function(
      "held",
      [](const Context& context, const std::string& text) {
        touch(path_in(context, "held.begun"));
        await(context, "finish");
        std::FILE* file = std::fopen(path_in(context, "nodes.txt").c_str(), "w");
        std::fputs(text.c_str(), file);
        std::fclose(file);
      },
      all);
  wf.command("show", {"cat", "nodes.txt"}).needs(held);
  wf.slurm({.time = "10m"}).reserve("1s");
}

}  // namespace

int main(int argc, char** argv) {
  const char* given = std::getenv("CPP_CASE");
  const std::string which = given == nullptr ? "failing" : given;
  fugle::Workflow wf("cpp_" + which);
  if (which == "failing") add_failing(wf);
  if (which == "gates") add_gates(wf);
  if (which == "timeout") add_timeout(wf);
  if (which == "large") add_large(wf);
  if (which == "lost") add_lost(wf);
  if (which == "party") add_party(wf);
  if (which == "mistakes") add_mistakes(wf);
  if (which == "nodes") add_nodes(wf);
  return fugle::run(wf, argc, argv);
}
