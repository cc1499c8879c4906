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
//   wf.plugin("fit", "libfit.so:fit").with("order", 3).needs(e);   // a function of a library
//
// Functions are called in worker ranks, on threads; what they return goes to the functions that take it, from rank to
// rank where need be. They must be ready to run at the same time as others. An exception is a failed attempt with its
// what(). Types: whatever fugle/serialize.hpp takes; functions are called as const, with values as arguments.
//
// Mistakes throw nothing: run() tells all of them, and those that a file could have too, each with its place in the
// program. Knows nothing of how things run. One thread at a time.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <fugle/function.hpp>
#include <fugle/settings.hpp>
#include <initializer_list>
#include <memory>
#include <optional>
#include <source_location>
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
  void set_json(std::string_view key, const std::string& json, std::optional<std::source_location> place = {}) const;
  void set_text(std::string_view key, std::string_view text) const;
  void set_words(std::string_view key, const std::vector<std::string>& words) const;
  void set(const Retries& retries) const;
  void set(const Service& service) const;
  void set(const Restart& restart) const;
  void set(std::string_view name, const Metric& metric) const;
  void set_number(std::string_view key, std::int64_t number) const { set_json(key, std::to_string(number)); }
  void set_flag(std::string_view key, bool flag) const { set_json(key, flag ? "true" : "false"); }
  void set_last() const;
  void add_need(const Task& other, bool is_each, const std::source_location& place) const;

  detail::Draft* draft_;
  std::size_t index_;
};

/// What can be said of tasks, as in a file. Each returns the task, for chaining.
template <class Self>
class TaskSettings : public Task {
 public:
  /// It starts when all elements of `other` are OK.
  Self& needs(const Task& other, const std::source_location& place = std::source_location::current()) {
    return add_need(other, false, place), self();
  }
  /// Each element starts when the element of `other` with the same number is OK; they must be as many.
  Self& needs_each(const Task& other, const std::source_location& place = std::source_location::current()) {
    return add_need(other, true, place), self();
  }
  /// It is run when all others have ended, however they have: under `finally` of a file.
  Self& finally() { return set_last(), self(); }
  Self& description(std::string_view text) { return set_text("description", text), self(); }
  Self& tags(const std::vector<std::string>& words) { return set_words("tags", words), self(); }

  /// On each node; of an MPI task: of each rank.
  Self& cores(std::uint32_t count) { return set_number("resources.cores", count), self(); }
  Self& mem(std::string_view size) { return set_text("resources.mem", size), self(); }  ///< on a node: "4G"
  Self& gpus(std::uint32_t count) { return set_number("resources.gpus", count), self(); }
  Self& gpus_per_rank(std::uint32_t count) { return set_number("resources.gpus_per_rank", count), self(); }
  /// Of a command: MPI ranks. Of a function: so many workers call it together, with a communicator of their own
  /// (fugle/mpi.hpp); the result is that of rank 0. They may be anywhere, on one node where there is room (see
  /// place()).
  Self& ranks(std::uint32_t count) { return set_number("resources.ranks", count), self(); }
  Self& ranks_per_node(std::uint32_t count) { return set_number("resources.ranks_per_node", count), self(); }
  /// So many different ones. Of a function with ranks(): on each as many of them as on the others; without: one.
  Self& nodes(std::uint32_t count) { return set_number("resources.nodes", count), self(); }
  Self& exclusive(bool is_exclusive = true) { return set_flag("resources.exclusive", is_exclusive), self(); }
  Self& scratch(std::string_view size) { return set_text("resources.scratch", size), self(); }  ///< node-local disk
  Self& bind(std::string_view level) { return set_text("resources.bind", level), self(); }      ///< core, l3, numa, ...
  Self& place(std::string_view how) { return set_text("resources.place", how), self(); }        ///< "near: mesh"
  Self& priority(std::int32_t value) { return set_number("priority", value), self(); }
  /// Each element holds so many tokens of that pool while it runs.
  Self& pool(std::string_view name_of_pool, std::uint32_t tokens = 1) {
    return set_number("pools." + std::string(name_of_pool), tokens), self();
  }
  Self& max_parallel(std::uint32_t count) { return set_number("max_parallel", count), self(); }  ///< elements at once
  /// The first failure that is not tolerated cancels all others of the task.
  Self& fail_fast(bool is_fast = true) { return set_flag("fail_fast", is_fast), self(); }

  Self& timeout(std::string_view duration) { return set_text("timeout", duration), self(); }    ///< "2h30m"
  Self& grace(std::string_view duration) { return set_text("grace", duration), self(); }        ///< from TERM to KILL
  Self& estimate(std::string_view duration) { return set_text("estimate", duration), self(); }  ///< how long it takes
  Self& retries(std::uint32_t count) { return set_number("retries", count), self(); }
  Self& retries(const Retries& further) { return set(further), self(); }
  Self& on_failure(std::string_view policy) { return set_text("on_failure", policy), self(); }
  Self& tolerate(std::string_view share) { return set_text("tolerate", share), self(); }  ///< "10%"

  /// "per_element": one for each element.
  Self& workdir(std::string_view path) { return set_text("workdir", path), self(); }
  Self& env(std::string_view variable, std::string_view value) { return nested("env.", variable, value); }
  Self& input(std::string_view name_of_file, std::string_view path) { return nested("inputs.", name_of_file, path); }
  Self& output(std::string_view name_of_file, std::string_view path) { return nested("outputs.", name_of_file, path); }
  /// Any other key of a file, and what a setter can not say; the value is JSON: `"l3"`, `{"max": 3}`, `true`.
  Self& key(std::string_view key, const std::string& json,
            const std::source_location& place = std::source_location::current()) {
    return set_json(key, json, place), self();
  }

 protected:
  using Task::Task;

 private:
  Self& self() { return static_cast<Self&>(*this); }
  Self& nested(std::string_view parent, std::string_view child, std::string_view text) {
    return set_text(std::string(parent) + std::string(child), text), self();
  }
};

/// Of processes: what functions of the program have not.
template <class Self>
class ProcessSettings : public TaskSettings<Self> {
 public:
  /// A matrix variable, as in a file: the task has an element per value (per point, with several).
  Self& matrix(std::string_view variable, const std::vector<std::string>& values) {
    return this->set_words("matrix." + std::string(variable), values), self();
  }
  template <std::integral T>
  Self& matrix(std::string_view variable, std::initializer_list<T> values) {
    std::string json;
    for (const T value : values) json += (json.empty() ? "[" : ", ") + std::to_string(value);
    return this->set_json("matrix." + std::string(variable), json.empty() ? "[]" : json + "]"), self();
  }
  Self& metric(std::string_view name, const Metric& found) { return this->set(name, found), self(); }
  /// Shell lines after every attempt.
  Self& cleanup(std::string_view text) { return this->set_text("cleanup", text), self(); }

 protected:
  using TaskSettings<Self>::TaskSettings;

 private:
  Self& self() { return static_cast<Self&>(*this); }
};

/// A command: its own argv list, or a script.
class Command final : public ProcessSettings<Command> {
 public:
  /// How its MPI ranks are started: auto, srun, mpirun, none, or a template like "mpiexec -n {ranks}".
  Command& launcher(std::string_view how) { return set_text("launcher", how), *this; }
  /// Interpreter and flags of a script: {"python3"}.
  Command& shell(const std::vector<std::string>& words) { return set_words("shell", words), *this; }
  Command& service(const Service& beside) { return set(beside), *this; }
  Command& restart(const Restart& checkpoint) { return set(checkpoint), *this; }

 private:
  friend class Workflow;
  using ProcessSettings::ProcessSettings;
};

/// A function of a library (fugle/plugin.hpp).
class Plugin final : public ProcessSettings<Plugin> {
 public:
  /// An argument: a number, a bool or a text.
  template <class T>
  Plugin& with(std::string_view argument, const T& value) {
    const std::string key = "with." + std::string(argument);
    if constexpr (std::is_same_v<T, bool>)
      set_flag(key, value);
    else if constexpr (std::is_integral_v<T>)
      set_json(key, std::to_string(value));
    else if constexpr (std::is_floating_point_v<T>)
      set_json(key, detail::label_of(static_cast<double>(value)));
    else {
      static_assert(std::is_convertible_v<const T&, std::string_view>,
                    "with() takes numbers, bools and texts; others as JSON: key(\"with.NAME\", \"[1, 2]\")");
      set_text(key, value);
    }
    return *this;
  }
  /// False: it is called in the worker rank itself, where a crash ends the worker.
  Plugin& isolate(bool is_isolated) { return set_flag("isolate", is_isolated), *this; }

 private:
  friend class Workflow;
  using ProcessSettings::ProcessSettings;
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
  Taker(Draft& draft, const Name& name) : draft_(draft), name_(name) {}

  /// Returns where its results stand among all that the call is given.
  std::size_t take(const Task& task, std::size_t count, bool is_each);
  void join(Fan fan);
  void note(const std::string& bytes) { given_ += bytes; }

  template <class T>
  auto given(T value) {
    static_assert(Serializable<T> || std::is_base_of_v<Task, T>,
                  "a value that is given to a function must be one that can be written as bytes: name its fields (see "
                  "fugle/serialize.hpp)");
    if constexpr (Serializable<T>) note(bytes_of(value));
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
  const Name& name_;
  std::vector<Taken> taken_;
  std::size_t num_taken_ = 0;
  std::string given_;
  std::optional<Fan> fan_;           ///< of over()
  std::optional<std::size_t> like_;  ///< a task whose elements its own are like
};

// Sources of arguments. `is_map`: results of a fan-out are those of the same element.
template <bool is_map, class T>
auto source_of(Taker& taker, T value) {
  static_assert(!std::is_base_of_v<Task, T>, "a command or plugin gives no value to a function: write .needs(it)");
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
  using Place = std::source_location;  ///< in the program, for messages

 public:
  /// The name of its runs.
  explicit Workflow(const Name& name);
  ~Workflow();
  Workflow(Workflow&&) noexcept;
  Workflow& operator=(Workflow&&) noexcept;

  Workflow& description(std::string_view text, const Place& place = Place::current()) {
    return set_text("description", text, place);
  }
  /// A parameter that `-p name=value` sets and texts of commands see as ${{ params.name }}.
  Workflow& param(std::string_view name, std::string_view fallback, const Place& place = Place::current()) {
    return set_text("params." + std::string(name), fallback, place);
  }
  /// A variable of the environment of all commands.
  Workflow& env(std::string_view variable, std::string_view value, const Place& place = Place::current()) {
    return set_text("env." + std::string(variable), value, place);
  }
  /// Base of relative paths; the directory in which the run is started by default.
  Workflow& workdir(std::string_view path, const Place& place = Place::current()) {
    return set_text("workdir", path, place);
  }
  /// Node-local temporary root; a directory for each attempt.
  Workflow& scratch(std::string_view path, const Place& place = Place::current()) {
    return set_text("scratch", path, place);
  }
  /// Of all tasks that say no other.
  Workflow& on_failure(std::string_view policy, const Place& place = Place::current()) {
    return set_text("on_failure", policy, place);
  }
  /// Walltime kept for what is run finally, and the last checkpoint.
  Workflow& reserve(std::string_view duration, const Place& place = Place::current()) {
    return set_text("reserve", duration, place);
  }
  /// So many tokens, for TaskSettings::pool().
  Workflow& pool(std::string_view name_of_pool, std::uint32_t tokens, const Place& place = Place::current()) {
    return this->key("pools." + std::string(name_of_pool), std::to_string(tokens), place);
  }
  Workflow& limits(const Limits& limits, const Place& place = Place::current());
  Workflow& slurm(const Slurm& request, const Place& place = Place::current());
  Workflow& report(const Report& table, const Place& place = Place::current());
  /// Any other key at the top of a file, such as "triggers" or "defaults.retries"; the value is JSON.
  Workflow& key(std::string_view key, const std::string& json, const Place& place = Place::current());

  /// A program and its words, as `run` with a list.
  Command command(const Name& name, const std::vector<std::string>& argv);
  /// A text for `bash -euo pipefail`.
  Command script(const Name& name, std::string_view text);
  /// "library:function": called in a process of its own unless isolate(false) is said.
  Plugin plugin(const Name& name, std::string_view function);

  /// `function(args...)`, or `function(context, args...)`, once. An argument is a value, a Result (its value), or
  /// Results (all of them, as a std::vector).
  template <class F, class... Args>
  auto function(const Name& name, F callee, Args... args) {
    detail::Taker taker(*draft_, name);
    // Braces: in order.
    auto sources = std::tuple{detail::source_of<false>(taker, std::move(args))...};
    auto [body, type] = detail::body_with(std::move(callee), std::move(sources));
    return Result<typename decltype(type)::type>(*draft_, add_function(name, taker, std::move(body)));
  }

  /// The same, an element for each value of over(range) and each result of Results, which must be as many; a Result
  /// or all(results) is given to each element.
  template <class F, class... Args>
  auto map(const Name& name, F callee, Args... args) {
    detail::Taker taker(*draft_, name);
    auto sources = std::tuple{detail::source_of<true>(taker, std::move(args))...};
    auto [body, type] = detail::body_with(std::move(callee), std::move(sources));
    const std::size_t count = count_of(name, taker);
    return Results<typename decltype(type)::type>(*draft_, add_function(name, taker, std::move(body)), count);
  }

  /// As a file that fugle reads (JSON, which is YAML). Functions are in it by name only, and mistakes() are left out.
  [[nodiscard]] std::string to_json() const;

  // For run() and tests.
  [[nodiscard]] const std::vector<detail::NamedFunction>& functions() const;  ///< see fugle/function.hpp
  [[nodiscard]] const std::vector<detail::Mistake>& mistakes() const;
  [[nodiscard]] std::vector<detail::PlacedLine> places() const;  ///< of the lines of to_json(), in order

 private:
  Workflow& set_text(std::string_view key, std::string_view text, const Place& place) {
    return this->key(key, detail::label_of(text), place);
  }
  [[nodiscard]] std::size_t add_function(const Name& name, const detail::Taker& taker, detail::Body body);
  [[nodiscard]] std::size_t count_of(const Name& name, const detail::Taker& taker);

  std::unique_ptr<detail::Draft> draft_;
};

}  // namespace fugle
