// Plugins in C++, on top of <fugle/plugin.h>: functions take a Call, fail by throwing, and keep what is to stay between
// calls in an object. Header only: a plugin links nothing of fugle's.
//
//   struct Model { explicit Model(const FugleWorker& worker); };      // once per worker, or per child process
//   void mean(Model& model, fugle::plugin::Call& call) {
//     const auto column = call.arguments().get<int>("column", 0);
//     std::ofstream(call.output("table")) << ...;
//   }
//   FUGLE_PLUGIN_WITH_STATE(Model, FUGLE_FUNCTION(mean))
//
// or, without state, `void mean(fugle::plugin::Call& call)` and FUGLE_PLUGIN(FUGLE_FUNCTION(mean)).
#pragma once

#include <fugle/plugin.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <fugle/arguments.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace fugle::plugin {

/// Ends a call with an exit code of its own (1 to 255); any other exception ends it with 1. what() is what people read.
class Failure : public std::runtime_error {
 public:
  Failure(int exit_code, const std::string& what) : std::runtime_error(what), exit_code_(exit_code) {}
  [[nodiscard]] int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

/// One call, as its function sees it. Views are valid until the function returns.
class Call {
 public:
  explicit Call(const FugleCall& call) : call_(call) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  /// All there is, as plugin.h has it.
  [[nodiscard]] const FugleCall& raw() const { return call_; }

  [[nodiscard]] std::string_view run_id() const { return call_.run_id; }
  [[nodiscard]] std::string_view run_dir() const { return call_.run_dir; }
  [[nodiscard]] std::string_view task() const { return call_.task; }
  [[nodiscard]] std::string_view element() const { return call_.element; }
  [[nodiscard]] std::uint32_t attempt() const { return call_.attempt; }
  [[nodiscard]] std::uint32_t index() const { return call_.index; }

  /// The task's `with`.
  [[nodiscard]] Arguments arguments() const { return Arguments(call_.with != nullptr ? call_.with : ""); }

  [[nodiscard]] std::string workdir() const { return text(call_.workdir); }
  /// Empty when the task has none.
  [[nodiscard]] std::string scratch() const { return text(call_.scratch); }
  /// Absolute. Throws std::out_of_range when the task declares no such file, so do the next two.
  [[nodiscard]] std::string input(std::string_view name) const {
    return find({call_.inputs, call_.num_inputs}, "input", name);
  }
  /// All paths of an input that is a list.
  [[nodiscard]] std::vector<std::string> inputs(std::string_view name) const {
    std::vector<std::string> paths;
    const std::string lines = input(name);
    for (std::size_t at = 0; at < lines.size();) {
      const std::size_t end = std::min(lines.find('\n', at), lines.size());
      if (end > at) paths.push_back(lines.substr(at, end - at));
      at = end + 1;
    }
    return paths;
  }
  /// Where to write: it gets its final name when the function has ended well.
  [[nodiscard]] std::string output(std::string_view name) const {
    return find({call_.outputs, call_.num_outputs}, "output", name);
  }

  [[nodiscard]] std::uint32_t cores() const { return call_.cores; }
  [[nodiscard]] std::span<const std::uint32_t> cpus() const { return {call_.cpus, call_.num_cpus}; }
  [[nodiscard]] std::span<const std::uint32_t> gpus() const { return {call_.gpus, call_.num_gpus}; }

  [[nodiscard]] std::uint32_t rank() const { return call_.rank; }
  [[nodiscard]] std::uint32_t num_ranks() const { return call_.num_ranks; }
  /// `communicator<MPI_Comm>()`: null where there is no MPI.
  template <class Communicator>
  [[nodiscard]] const Communicator* communicator() const {
    return static_cast<const Communicator*>(call_.communicator);
  }

  /// What the functions before this one gave, in the order of `needs`.
  [[nodiscard]] std::size_t num_results() const { return call_.num_results; }
  [[nodiscard]] std::string_view result(std::size_t which) const {
    if (which >= call_.num_results)
      throw std::out_of_range("there are " + std::to_string(call_.num_results) + " results of functions before, not " +
                              std::to_string(which + 1));
    return {static_cast<const char*>(call_.results[which].data), call_.results[which].size};
  }
  /// One that was given as set_value() takes it. Throws std::invalid_argument when it is of another size.
  template <class T>
  [[nodiscard]] T value(std::size_t which) const {
    return to_value<T>(result(which));
  }

  /// Bytes for the functions after this one.
  void set_result(std::string_view bytes) { call_.set_result(&call_, bytes.data(), bytes.size()); }
  /// The same of a value: a trivially copyable one, or a text or vector of such.
  template <class T>
  void set_value(const T& value) {
    if constexpr (requires { value.data(), value.size(); })
      set_result({reinterpret_cast<const char*>(value.data()), value.size() * sizeof(*value.data())});
    else
      set_result({reinterpret_cast<const char*>(&value), sizeof value});
    static_assert(requires { value.data(), value.size(); } || std::is_trivially_copyable_v<T>);
  }

  [[nodiscard]] bool is_cancelled() const { return call_.is_cancelled(&call_) != 0; }
  /// One line into the log of this attempt.
  void log(const std::string& line) const { call_.log(&call_, line.c_str()); }

  /// What set_value() has made bytes.
  template <class T>
  [[nodiscard]] static T to_value(std::string_view bytes) {
    if constexpr (requires(T t) { t.resize(1), t.data(); }) {
      using Member = typename T::value_type;
      static_assert(std::is_trivially_copyable_v<Member>);
      T value;
      value.resize(bytes.size() / sizeof(Member));
      if (value.size() * sizeof(Member) != bytes.size()) throw_size(bytes.size());
      if (!bytes.empty()) std::memcpy(value.data(), bytes.data(), bytes.size());
      return value;
    } else {
      static_assert(std::is_trivially_copyable_v<T>);
      T value{};
      if (bytes.size() != sizeof value) throw_size(bytes.size());
      std::memcpy(&value, bytes.data(), sizeof value);
      return value;
    }
  }

 private:
  static std::string text(const char* text) { return text != nullptr ? text : ""; }
  [[noreturn]] static void throw_size(std::size_t size) {
    throw std::invalid_argument("a result of " + std::to_string(size) + " bytes is not of the type it has to be");
  }
  static std::string find(std::span<const FugleFile> files, const char* kind, std::string_view name) {
    for (const FugleFile& file : files)
      if (name == file.name) return file.path;
    throw std::out_of_range("the task declares no " + std::string(kind) + " '" + std::string(name) + "'");
  }

  const FugleCall& call_;
};

namespace detail {

struct NoState {};

template <class State>
State* make_state(const FugleWorker& worker) {
  if constexpr (std::is_constructible_v<State, const FugleWorker&>)
    return new State(worker);
  else
    return new State();
}

template <class State, auto function>
void invoke(void* state, Call& call) {
  if constexpr (std::is_invocable_v<decltype(function), Call&>)
    function(call);
  else
    function(*static_cast<State*>(state), call);
}

/// The C function of the table: no exception leaves it.
template <class State, auto function>
int enter(void* state, const FugleCall* raw) noexcept {
  Call call(*raw);
  try {
    invoke<State, function>(state, call);
    return 0;
  } catch (const Failure& failure) {
    raw->set_error(raw, failure.what());
    return failure.exit_code() != 0 ? failure.exit_code() : 1;
  } catch (const std::exception& error) {
    raw->set_error(raw, error.what());
  } catch (...) {
    raw->set_error(raw, "it threw something that is no std::exception");
  }
  return 1;
}

template <class State>
int init(const FugleWorker* worker, void** state, const char** error) noexcept {
  static std::string text;  // called once
  try {
    *state = make_state<State>(*worker);
    return 0;
  } catch (const std::exception& problem) {
    text = problem.what();
  } catch (...) {
    text = "it threw something that is no std::exception";
  }
  *error = text.c_str();
  return 1;
}

template <class State>
void finish(void* state) noexcept {
  delete static_cast<State*>(state);
}

template <class State, std::size_t count>
const FuglePlugin* table(const FuglePluginFunction (&functions)[count]) {
  static const FuglePlugin plugin = {
      FUGLE_PLUGIN_ABI, sizeof(FuglePlugin), sizeof(FuglePluginFunction), count, functions, nullptr,
      &init<State>,     &finish<State>};
  return &plugin;
}

}  // namespace detail
}  // namespace fugle::plugin

/// Of the table: `function` under its own name, or another.
#define FUGLE_FUNCTION(function) FUGLE_FUNCTION_AS(#function, function)
#define FUGLE_FUNCTION_AS(name, function) \
  { name, &::fugle::plugin::detail::enter<FuglePluginState, &function>, nullptr }

/// Once per library, outside any namespace. The state is made from a FugleWorker, or from nothing, and destroyed after
/// the last call.
#define FUGLE_PLUGIN_WITH_STATE(State, ...)                                       \
  using FuglePluginState = State;                                                 \
  static const FuglePluginFunction kFuglePluginFunctions[] = {__VA_ARGS__};       \
  extern "C" FUGLE_PLUGIN_EXPORT const FuglePlugin* fugle_plugin(std::uint32_t) { \
    return ::fugle::plugin::detail::table<State>(kFuglePluginFunctions);          \
  }
#define FUGLE_PLUGIN(...) FUGLE_PLUGIN_WITH_STATE(::fugle::plugin::detail::NoState, __VA_ARGS__)
