// A workflow made in C++: the same model, checks and run directory as a file, with functions of this program as tasks
// beside commands. Tasks are named as in a file; handles say what needs what.
//
//   fugle::Workflow wf("diamond");
//   auto a = wf.function("a", make, 3);               // a function and what it is given
//   auto b = wf.function("b", twice, a);              // the result of another one: typed, and a dependency
//   auto c = wf.map("c", solve, fugle::over(grid), a);        // a fan-out: one element per value
//   auto d = wf.map("d", refine, c);                          // one element per element of c, with its result
//   auto e = wf.function("e", total, c).cores(4);             // all results of c, as a std::vector
//   wf.command("plot", {"python3", "plot.py"}).needs(e);      // argv list; script(): a text for bash
//
// Functions are called in worker ranks, on threads; what they return goes to the functions that take it, from rank to
// rank where need be. They must be ready to run at the same time as others. An exception is a failed attempt with its
// what(). Types: whatever fugle/serialize.hpp takes; functions are called as const, with values as arguments.
//
// Knows nothing of how things run. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fugle/function.hpp>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace fugle {

namespace detail {
class Draft;  ///< of a workflow
class Taker;

struct NamedFunction {
  std::string name;
  std::string given;                 ///< a digest of the values that are given to it
  std::shared_ptr<const Body> body;  ///< shared by the workflow and what runs it
};
}  // namespace detail

/// A task of a workflow. Valid as long as the workflow.
class Task {
 public:
  [[nodiscard]] const std::string& name() const;

 protected:
  friend class Workflow;
  friend class detail::Taker;
  Task(detail::Draft& draft, std::size_t index) : draft_(&draft), index_(index) {}
  void set_json(std::string_view key, std::string json) const;
  void set_text(std::string_view key, std::string_view text) const;
  void add_need(const Task& other) const;

  detail::Draft* draft_;
  std::size_t index_;
};

/// What can be said of tasks, as in a file. Each returns the task, for chaining.
template <class Self>
class TaskSettings : public Task {
 public:
  /// It starts when all elements of `other` are OK.
  Self& needs(const Task& other) { return add_need(other), self(); }
  Self& description(std::string_view text) { return set_text("description", text), self(); }
  /// On each node; of an MPI task: of each rank.
  Self& cores(std::uint32_t count) { return set_json("resources.cores", std::to_string(count)), self(); }
  Self& mem(std::string_view size) { return set_text("resources.mem", size), self(); }  ///< "4G"
  Self& gpus(std::uint32_t count) { return set_json("resources.gpus", std::to_string(count)), self(); }
  /// Of a command: MPI ranks. Of a function: so many workers, on different nodes, call it together, with a
  /// communicator of their own (fugle/mpi.hpp); the result is that of rank 0.
  Self& ranks(std::uint32_t count) { return set_json("resources.ranks", std::to_string(count)), self(); }
  Self& nodes(std::uint32_t count) { return set_json("resources.nodes", std::to_string(count)), self(); }
  Self& retries(std::uint32_t count) { return set_json("retries", std::to_string(count)), self(); }
  Self& timeout(std::string_view duration) { return set_text("timeout", duration), self(); }  ///< "2h30m"
  Self& grace(std::string_view duration) { return set_text("grace", duration), self(); }      ///< from TERM to KILL
  Self& estimate(std::string_view duration) {
    return set_text("estimate", duration), self();
  }  ///< how long it may take
  Self& priority(std::int32_t value) { return set_json("priority", std::to_string(value)), self(); }
  Self& on_failure(std::string_view policy) { return set_text("on_failure", policy), self(); }
  Self& tolerate(std::string_view share) { return set_text("tolerate", share), self(); }  ///< "10%"
  Self& workdir(std::string_view path) { return set_text("workdir", path), self(); }
  Self& env(std::string_view variable, std::string_view value) { return nested("env.", variable, value); }
  Self& input(std::string_view name_of_file, std::string_view path) { return nested("inputs.", name_of_file, path); }
  Self& output(std::string_view name_of_file, std::string_view path) { return nested("outputs.", name_of_file, path); }
  /// Any other key of a file, such as "resources.bind" or "restart"; the value is JSON: `"l3"`, `{"max": 3}`, `true`.
  Self& key(std::string_view key, std::string json) { return set_json(key, std::move(json)), self(); }

 protected:
  using Task::Task;

 private:
  Self& self() { return static_cast<Self&>(*this); }
  Self& nested(std::string_view parent, std::string_view child, std::string_view text) {
    return set_text(std::string(parent) + std::string(child), text), self();
  }
};

/// A command: its own argv list, or a script.
class Command final : public TaskSettings<Command> {
 public:
  /// A matrix variable, as in a file: the task has an element per value (per point, with several).
  Command& matrix(std::string_view variable, const std::vector<std::string>& values);

 private:
  friend class Workflow;
  using TaskSettings::TaskSettings;
};

/// A function with one element, which gives a T.
template <class T>
class Result final : public TaskSettings<Result<T>> {
  friend class Workflow;
  using TaskSettings<Result<T>>::TaskSettings;
};

/// A fan-out of a function, each element of which gives a T.
template <class T>
class Results final : public TaskSettings<Results<T>> {
 public:
  [[nodiscard]] std::size_t size() const { return count_; }

 private:
  friend class Workflow;
  Results(detail::Draft& draft, std::size_t index, std::size_t count)
      : TaskSettings<Results<T>>(draft, index), count_(count) {}
  std::size_t count_;
};

namespace detail {

/// The elements of a fan-out.
struct Fan {
  std::size_t count = 0;
  std::vector<std::string> labels{};  ///< JSON values; empty: 0, 1, 2, ...
  std::string bytes{};                ///< of all values
};

/// Numbers and short texts are names of elements, where no two are the same.
template <class T>
[[nodiscard]] Fan fan_of(const Over<T>& over) {
  Fan fan{over.values->size()};
  for (const auto& value : *over.values) fan.bytes += bytes_of(static_cast<const T&>(value));
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool> && !std::is_same_v<T, char>)
    for (const T value : *over.values) fan.labels.push_back(std::to_string(value));
  else if constexpr (std::is_floating_point_v<T>)
    for (const T value : *over.values) fan.labels.push_back(label_of(static_cast<double>(value)));
  else if constexpr (std::is_convertible_v<const T&, std::string_view>)
    for (const T& value : *over.values) fan.labels.push_back(label_of(std::string_view(value)));
  return fan;
}

/// Turns the arguments of one task into sources, in order, and notes what they take.
class Taker {
 public:
  Taker(Draft& draft, const std::string& name) : draft_(draft), name_(name) {}

  /// Returns where its results stand among all that the call is given.
  std::size_t take(const Task& task, std::size_t count, bool is_each);
  void join(Fan fan);
  void note(const std::string& bytes) { given_ += bytes; }

  template <class T>
  auto given(T value) {
    static_assert(Serializable<T>, "a value that is given to a function must be one that can be written as bytes");
    note(bytes_of(value));
    return GivenArgument<T>{std::move(value)};
  }

 private:
  friend class Draft;
  struct Taken {
    std::size_t task;
    bool is_each;
    std::size_t at;
  };

  Draft& draft_;
  const std::string& name_;
  std::vector<Taken> taken_;
  std::size_t num_taken_ = 0;
  std::string given_;
  std::optional<Fan> fan_;           ///< of over()
  std::optional<std::size_t> like_;  ///< a task whose elements its own are like
};

// Sources of arguments. `is_map`: results of a fan-out are those of the same element.
template <bool is_map, class T>
auto source_of(Taker& taker, T value) {
  return taker.given(std::move(value));
}
template <bool is_map>
auto source_of(Taker& taker, const char* text) {
  return taker.given(std::string(text));
}
template <bool is_map, class T>
auto source_of(Taker& taker, Result<T> result) {
  return ResultArgument<T>{taker.take(result, 1, false)};
}
template <bool is_map, class T>
auto source_of(Taker& taker, All<T> all) {
  return AllArgument<T>{taker.take(all.results, all.results.size(), false), all.results.size()};
}
template <bool is_map, class T>
auto source_of(Taker& taker, Results<T> results) {
  if constexpr (is_map)
    return ResultArgument<T>{taker.take(results, results.size(), true)};
  else
    return AllArgument<T>{taker.take(results, results.size(), false), results.size()};
}
template <bool is_map, class T>
auto source_of(Taker& taker, Over<T> over) {
  static_assert(is_map, "over() makes a fan-out: write map() instead of function()");
  taker.join(fan_of(over));
  return RangeArgument<T>{std::move(over.values)};
}

}  // namespace detail

class Workflow {
 public:
  /// The name of its runs. Mistakes in names and settings are told by run(), all at once, as those of a file.
  explicit Workflow(std::string name);
  ~Workflow();
  Workflow(Workflow&&) noexcept;
  Workflow& operator=(Workflow&&) noexcept;

  Workflow& description(std::string_view text) { return key("description", detail::label_of(text)); }
  /// A parameter that `-p name=value` sets and texts of commands see as ${{ params.name }}.
  Workflow& param(std::string_view name, std::string_view fallback);
  /// A variable of the environment of all commands.
  Workflow& env(std::string_view variable, std::string_view value) {
    return key("env." + std::string(variable), detail::label_of(value));
  }
  /// Any other key at the top of a file, such as "limits.max_failures" or "slurm"; the value is JSON.
  Workflow& key(std::string_view key, std::string json);

  /// A program and its words, as `run` with a list.
  Command command(std::string name, const std::vector<std::string>& argv);
  /// A text for `bash -euo pipefail`.
  Command script(std::string name, std::string_view text);

  /// `function(args...)`, or `function(context, args...)`, once. An argument is a value, a Result (its value), or
  /// Results (all of them, as a std::vector).
  template <class F, class... Args>
  auto function(std::string name, F callee, Args... args) {
    detail::Taker taker(*draft_, name);
    // Braces: in order.
    auto sources = std::tuple{detail::source_of<false>(taker, std::move(args))...};
    auto [body, type] = detail::body_with(std::move(callee), std::move(sources));
    return Result<typename decltype(type)::type>(*draft_, add_function(name, taker, std::move(body)));
  }

  /// The same, an element for each value of over(range) and each result of Results, which must be as many; a Result
  /// or all(results) is given to each element. Throws std::invalid_argument when they are not as many, or none.
  template <class F, class... Args>
  auto map(std::string name, F callee, Args... args) {
    detail::Taker taker(*draft_, name);
    auto sources = std::tuple{detail::source_of<true>(taker, std::move(args))...};
    auto [body, type] = detail::body_with(std::move(callee), std::move(sources));
    const std::size_t count = check_fan(name, taker);
    return Results<typename decltype(type)::type>(*draft_, add_function(name, taker, std::move(body)), count);
  }

  /// As a file that fugle reads (JSON, which is YAML). Functions are in it by name only.
  [[nodiscard]] std::string to_json() const;
  /// For run() and tests; see fugle/function.hpp.
  [[nodiscard]] const std::vector<detail::NamedFunction>& functions() const;

 private:
  [[nodiscard]] std::size_t add_function(const std::string& name, const detail::Taker& taker, detail::Body body);
  [[nodiscard]] static std::size_t check_fan(const std::string& name, const detail::Taker& taker);

  std::unique_ptr<detail::Draft> draft_;
};

}  // namespace fugle
