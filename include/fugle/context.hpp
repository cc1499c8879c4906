// What a function may ask about the call that it is in. A function that wants to know takes a `fugle::Context&` as its
// first parameter; who tests it makes one by hand:
//
//   fugle::Context context({.element = "solve[3]", .index = 3, .cores = 2});
//   EXPECT_EQ(solve(context, 0.1), ...);
//
// Views are valid while the function runs. Threads of the function may share the context: it does not change, but for
// is_cancelled().
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace fugle {

class Context {
 public:
  using NamedPath = std::pair<std::string_view, std::string_view>;

  struct Facts {
    std::string_view run_id{};
    std::string_view run_dir{};
    std::string_view task{};
    std::string_view element{};
    std::uint32_t attempt = 1;
    std::uint32_t index = 0;
    std::string_view workdir{};
    std::string_view scratch{};
    std::span<const NamedPath> inputs{};
    std::span<const NamedPath> outputs{};
    std::uint32_t cores = 1;
    std::span<const std::uint32_t> cpus{};
    std::span<const std::uint32_t> gpus{};
    std::uint32_t rank = 0;
    std::uint32_t num_ranks = 1;
    const void* communicator = nullptr;  ///< MPI_Comm*; see fugle/mpi.hpp
    const bool* is_cancelled = nullptr;  ///< null: it never is
    const std::function<void(std::string_view)>* log = nullptr;  ///< takes a line; null: lines go to stderr
  };

  Context() = default;
  explicit Context(const Facts& facts) : facts_(facts) {}

  [[nodiscard]] std::string_view run_id() const { return facts_.run_id; }
  [[nodiscard]] std::string_view run_dir() const { return facts_.run_dir; }
  [[nodiscard]] std::string_view task() const { return facts_.task; }
  [[nodiscard]] std::string_view element() const { return facts_.element; }  ///< "solve[0.1]"
  [[nodiscard]] std::uint32_t attempt() const { return facts_.attempt; }     ///< from 1
  [[nodiscard]] std::uint32_t index() const { return facts_.index; }         ///< of the element within its task, from 0

  /// The process need not be in it: other functions run in the same one.
  [[nodiscard]] std::string_view workdir() const { return facts_.workdir; }
  /// Empty where the task has none.
  [[nodiscard]] std::string_view scratch() const { return facts_.scratch; }
  /// Absolute paths; an input that is a list has a line for each. Throw std::out_of_range for a name that the task does
  /// not declare. What is written to an output gets its final name when the function has ended well.
  [[nodiscard]] std::string_view input(std::string_view name) const { return find(facts_.inputs, "input", name); }
  [[nodiscard]] std::string_view output(std::string_view name) const { return find(facts_.outputs, "output", name); }

  /// It may use so many threads; those that it starts are bound to cpus() as it is.
  [[nodiscard]] std::uint32_t cores() const { return facts_.cores; }
  /// Numbers of the operating system; empty: it is not bound.
  [[nodiscard]] std::span<const std::uint32_t> cpus() const { return facts_.cpus; }
  /// Devices that are its own. They are not hidden from it, as other functions run in the same process: select them.
  [[nodiscard]] std::span<const std::uint32_t> gpus() const { return facts_.gpus; }

  /// Among the ranks that call the function together.
  [[nodiscard]] std::uint32_t rank() const { return facts_.rank; }
  [[nodiscard]] std::uint32_t num_ranks() const { return facts_.num_ranks; }
  [[nodiscard]] const void* raw_communicator() const { return facts_.communicator; }

  /// It should end soon, by an exception or a return: it was cancelled, ran out of time, or the run ends. Functions
  /// that run for long look here now and then, because nothing else can end them.
  [[nodiscard]] bool is_cancelled() const {
    return facts_.is_cancelled != nullptr &&
           std::atomic_ref<bool>(const_cast<bool&>(*facts_.is_cancelled)).load(std::memory_order_relaxed);
  }

  /// A line, without its end, for the log of the attempt, which `fugle logs` shows. Any thread of the function may call
  /// it. What is printed goes to the output of the rank instead, where nobody knows whose it is.
  void log(const std::string& line) const {
    if (facts_.log != nullptr)
      (*facts_.log)(line);
    else
      std::fprintf(stderr, "%s\n", line.c_str());
  }

 private:
  static std::string_view find(std::span<const NamedPath> paths, const char* what, std::string_view name) {
    for (const auto& [known, path] : paths)
      if (known == name) return path;
    throw std::out_of_range("the task has no " + std::string(what) + " '" + std::string(name) + "'");
  }

  Facts facts_{};
};

}  // namespace fugle
