// How typed functions become calls on bytes: arguments that are given now, values of a range, results of other tasks.
// What is here is used through fugle/workflow.hpp.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <fugle/context.hpp>
#include <fugle/serialize.hpp>
#include <functional>
#include <initializer_list>
#include <memory>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace fugle {

template <class T>
class Result;
template <class T>
class Results;

/// The values of a fan-out, one element each.
template <class T>
struct Over {
  std::shared_ptr<const std::vector<T>> values;  ///< shared by the workflow and its copies
};

/// `wf.map("square", square, fugle::over({1, 2, 3}))`; any range will do.
template <std::ranges::input_range Range>
[[nodiscard]] auto over(Range&& range) {
  using T = std::remove_cvref_t<std::ranges::range_value_t<Range>>;
  auto values = std::make_shared<std::vector<T>>();
  for (auto&& value : range) values->emplace_back(value);
  return Over<T>{std::move(values)};
}
template <class T>
[[nodiscard]] Over<T> over(std::initializer_list<T> values) {
  return {std::make_shared<const std::vector<T>>(values)};
}

/// All results of a fan-out where map() would take those of the same element only.
template <class T>
struct All {
  Results<T> results;
};
template <class T>
[[nodiscard]] All<T> all(const Results<T>& results) {
  return {results};
}

namespace detail {

/// What a function is called as by a worker: the context, and the results that it takes.
using Body = std::function<std::string(Context&, std::span<const std::string_view>)>;

template <class T>
[[nodiscard]] std::string bytes_of(const T& value) {
  const auto bytes = to_bytes(value);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
/// As JSON.
[[nodiscard]] std::string label_of(double number);
[[nodiscard]] std::string label_of(std::string_view text);
template <class T>
[[nodiscard]] T value_of(std::string_view bytes) {
  return from_bytes<T>(std::as_bytes(std::span(bytes)));
}

using Taken = std::span<const std::string_view>;

// Where an argument of a call comes from. Each has get(context, results).

template <class T>
struct GivenArgument {
  T value;
  [[nodiscard]] T get(const Context&, Taken) const { return value; }
};

template <class T>
struct RangeArgument {
  std::shared_ptr<const std::vector<T>> values;
  [[nodiscard]] T get(const Context& context, Taken) const { return values->at(context.index()); }
};

template <class T>
struct ResultArgument {
  std::size_t at;  ///< among the results that the call is given
  [[nodiscard]] T get(const Context&, Taken results) const { return value_of<T>(results[at]); }
};

template <class T>
struct AllArgument {
  std::size_t at;
  std::size_t count;
  [[nodiscard]] std::vector<T> get(const Context&, Taken results) const {
    std::vector<T> values;
    values.reserve(count);
    for (std::size_t i = 0; i < count; ++i) values.push_back(value_of<T>(results[at + i]));
    return values;
  }
};

/// How a function is called with such arguments: with or without a context before them.
template <class F, class... Args>
struct InvocationOf {
  static constexpr bool kTakesContext = std::is_invocable_v<const F&, Context&, Args...>;
  static constexpr bool kIsPossible = kTakesContext || std::is_invocable_v<const F&, Args...>;
  static constexpr bool kChangesItself =
      !kIsPossible && (std::is_invocable_v<F&, Context&, Args...> || std::is_invocable_v<F&, Args...>);

  static decltype(auto) call(const F& function, Context& context, Args&&... args) {
    if constexpr (kTakesContext)
      return std::invoke(function, context, std::forward<Args>(args)...);
    else
      return std::invoke(function, std::forward<Args>(args)...);
  }
};

template <class F, class... Args>
using InvokedResult = std::remove_cvref_t<decltype(InvocationOf<F, Args...>::call(
    std::declval<const F&>(), std::declval<Context&>(), std::declval<Args>()...))>;

/// The body of a call, and the type of its result (as std::type_identity). Where there can be none the compiler says
/// why, once.
template <class F, class... Sources>
[[nodiscard]] auto body_with(F function, std::tuple<Sources...> sources) {
  using Invocation =
      InvocationOf<F, decltype(std::declval<const Sources&>().get(std::declval<const Context&>(), Taken{}))...>;
  static_assert(!Invocation::kChangesItself,
                "the function changes itself (a lambda that is mutable?): it is called by several threads, as const");
  static_assert(
      Invocation::kIsPossible || Invocation::kChangesItself,
      "the function can not be called with these arguments: it takes as many as it is given here, by value or "
      "const reference (the Results of a map as one std::vector), and before them a fugle::Context& if it likes");
  if constexpr (!Invocation::kIsPossible) {
    return std::pair(Body(), std::type_identity<void>());
  } else {
    using Type =
        InvokedResult<F, decltype(std::declval<const Sources&>().get(std::declval<const Context&>(), Taken{}))...>;
    static_assert(
        std::is_void_v<Type> || Serializable<Type>,
        "what the function returns can not be written as bytes: name its fields (see fugle/serialize.hpp); pointers "
        "and views are of one process only");
    Body body = [function = std::move(function), sources = std::move(sources)](Context& context, Taken results) {
      const auto call = [&]() -> Type {
        return std::apply(
            [&](const auto&... source) -> Type {
              return Invocation::call(function, context, source.get(context, results)...);
            },
            sources);
      };
      if constexpr (std::is_void_v<Type> || !Serializable<Type>) {
        call();
        return std::string();
      } else {
        return bytes_of(call());
      }
    };
    return std::pair(std::move(body), std::type_identity<Type>());
  }
}

}  // namespace detail
}  // namespace fugle
