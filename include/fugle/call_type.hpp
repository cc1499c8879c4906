// From a function and its arguments to a CallType: what is stored of them, and how the function is called when the
// values it waits for are there. Templates of calls.hpp; not for users.
#pragma once

#include <fugle/call_record.hpp>
#include <functional>
#include <iterator>
#include <tuple>
#include <utility>

namespace fugle {

class Calls;
template <class T>
class Value;

/// The values of a std::vector<Value<T>>, as a function sees them: a row of const T&.
template <class T>
class Inputs {
 public:
  class Iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using reference = const T&;
    using pointer = const T*;
    using iterator_category = std::forward_iterator_tag;
    Iterator() = default;
    explicit Iterator(const detail::Slot* slot) : slot_(slot) {}
    reference operator*() const { return *static_cast<const T*>(slot_->producer->root()->outcome); }
    pointer operator->() const { return &**this; }
    Iterator& operator++() {
      ++slot_;
      return *this;
    }
    Iterator operator++(int) { return Iterator(slot_++); }
    bool operator==(const Iterator&) const = default;

   private:
    const detail::Slot* slot_ = nullptr;
  };

  Inputs(const detail::Slot* first, std::size_t size) : first_(first), size_(size) {}
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] const T& operator[](std::size_t i) const { return *Iterator(first_ + i); }
  [[nodiscard]] Iterator begin() const { return Iterator(first_); }
  [[nodiscard]] Iterator end() const { return Iterator(first_ + size_); }

 private:
  const detail::Slot* first_;
  std::size_t size_;
};

namespace detail {

Calls& calls_of(Engine& engine);
[[noreturn]] void throw_not_copyable();

/// A plain argument, stored. Texts are stored as std::string: the caller's may be gone when the call runs.
template <class A>
struct Given {
  A value;
};
/// A value that is waited for; its slot comes in the order of the arguments.
template <class T>
struct Awaited {};
template <class T>
struct AwaitedMany {
  std::uint64_t count = 0;
};

template <class A>
struct HolderOf {
  using type = Given<A>;
};
template <>
struct HolderOf<const char*> {
  using type = Given<std::string>;
};
template <>
struct HolderOf<char*> {
  using type = Given<std::string>;
};
template <class T>
struct HolderOf<Value<T>> {
  using type = Awaited<T>;
};
template <class T>
struct HolderOf<std::vector<Value<T>>> {
  using type = AwaitedMany<T>;
};
template <class A>
using Holder = typename HolderOf<std::decay_t<A>>::type;

template <class A>
struct ParametersOf {
  using type = void;  // a template or several functions: it is seen when it is called
};
template <class R, class... Ps>
struct ParametersOf<R (*)(Ps...)> {
  using type = std::tuple<Ps...>;
};
template <class R, class... Ps>
struct ParametersOf<R (*)(Ps...) noexcept> {
  using type = std::tuple<Ps...>;
};
template <class R, class C, class... Ps>
struct ParametersOf<R (C::*)(Ps...)> : ParametersOf<R (*)(Ps...)> {};
template <class R, class C, class... Ps>
struct ParametersOf<R (C::*)(Ps...) const> : ParametersOf<R (*)(Ps...)> {};
template <class R, class C, class... Ps>
struct ParametersOf<R (C::*)(Ps...) noexcept> : ParametersOf<R (*)(Ps...)> {};
template <class R, class C, class... Ps>
struct ParametersOf<R (C::*)(Ps...) const noexcept> : ParametersOf<R (*)(Ps...)> {};

template <class F>
struct Parameters : ParametersOf<F> {};
template <class F>
requires requires { &F::operator(); }
struct Parameters<F> : ParametersOf<decltype(&F::operator())> {};

/// Whether the parameter at a place is a T by value, which may be moved there from a value that nobody else holds.
template <class Ps, std::size_t place, class T>
constexpr bool takes_by_value() {
  if constexpr (std::is_void_v<Ps>)
    return false;
  else if constexpr (place < std::tuple_size_v<Ps>)
    return std::is_same_v<std::tuple_element_t<place, Ps>, T>;
  else
    return false;
}

template <class T>
struct ValueOf {
  using type = T;
  static constexpr bool kForwards = false;
};
template <class T>
struct ValueOf<Value<T>> {
  using type = T;
  static constexpr bool kForwards = true;
};

// What each kind of argument gives to the function, for finding what the function returns.
template <class H>
struct Passed;
template <class A>
struct Passed<Given<A>> {
  using type = std::tuple<A&&>;
};
template <class T>
struct Passed<Awaited<T>> {
  using type = std::tuple<std::conditional_t<std::is_copy_constructible_v<T>, const T&, T&&>>;
};
template <>
struct Passed<Awaited<void>> {
  using type = std::tuple<>;
};
template <class T>
struct Passed<AwaitedMany<T>> {
  using type = std::tuple<Inputs<T>>;
};
template <>
struct Passed<AwaitedMany<void>> {
  using type = std::tuple<>;
};

template <class F, class Tuple, class = void>
struct ResultOf {
  static constexpr bool kIsCallable = false;
  static constexpr bool kTakesCalls = false;
  using type = void;
};
template <class F, class... As>
requires std::is_invocable_v<F&, As...>
struct ResultOf<F, std::tuple<As...>, void> {
  static constexpr bool kIsCallable = true;
  static constexpr bool kTakesCalls = false;
  using type = std::invoke_result_t<F&, As...>;
};
template <class F, class... As>
requires(!std::is_invocable_v<F&, As...> &&
         std::is_invocable_v<F&, Calls&, As...>) struct ResultOf<F, std::tuple<As...>, void> {
  static constexpr bool kIsCallable = true;
  static constexpr bool kTakesCalls = true;
  using type = std::invoke_result_t<F&, Calls&, As...>;
};

template <class H>
inline constexpr bool kHolderTravels = true;
template <class A>
inline constexpr bool kHolderTravels<Given<A>> = Serializable<A>&& std::is_default_constructible_v<A>;
template <class F>
inline constexpr bool kIsFunction = std::is_pointer_v<F>&& std::is_function_v<std::remove_pointer_t<F>>;
template <class F>
inline constexpr bool kFunctionTravels = kIsFunction<F> || (std::is_empty_v<F> && std::is_default_constructible_v<F>);

template <class H>
std::size_t slots_of(const H&) {
  return 0;
}
template <class T>
std::size_t slots_of(const Awaited<T>&) {
  return 1;
}
template <class T>
std::size_t slots_of(const AwaitedMany<T>& many) {
  return many.count;
}

/// The calls of F with arguments that are held as Hs.
template <class F, class... Hs>
struct CallOf {
  using Result = ResultOf<F, decltype(std::tuple_cat(std::declval<typename Passed<Hs>::type>()...))>;
  static_assert(
      Result::kIsCallable,
      "the function cannot be called with these arguments: plain ones come as rvalues, a Value<T> as const T&, "
      "a vector of them as Inputs<T>, a Value<void> not at all; Calls& may come before them");
  using Returned = std::decay_t<typename Result::type>;
  using R = typename ValueOf<Returned>::type;
  static constexpr bool kForwards = ValueOf<Returned>::kForwards;
  static constexpr bool kTravels =
      kFunctionTravels<F> && (kHolderTravels<Hs> && ...) && (Serializable<R> || std::is_void_v<R>);

  struct Payload {
    [[no_unique_address]] F function;
    [[no_unique_address]] std::tuple<Hs...> holders;
  };
  static_assert(alignof(Payload) <= 16, "arguments of calls may be aligned to 16 bytes at most");
  static constexpr bool kPayloadIsEmpty = std::is_empty_v<Payload>;

  template <std::size_t place, class A>
  static std::tuple<A&&> pass(Call&, Given<A>& given, std::size_t&) {
    return std::forward_as_tuple(std::move(given.value));
  }
  template <std::size_t place, class T>
  static auto pass(Call& call, Awaited<T>&, std::size_t& slot) {
    Call& producer = *call.slots()[slot++].producer;
    if constexpr (std::is_void_v<T>) {
      return std::tuple<>();
    } else {
      T& value = *static_cast<T*>(producer.root()->outcome);
      if constexpr (takes_by_value<typename Parameters<F>::type, place, T>() && !std::is_trivially_copyable_v<T>) {
        // The slot has the only reference: nobody can see the value any more.
        if (producer.refs.load(std::memory_order_acquire) == 1 && !producer.has(kAlias))
          return std::tuple<T>(std::move(value));
        if constexpr (std::is_copy_constructible_v<T>)
          return std::tuple<T>(std::as_const(value));
        else
          throw_not_copyable();
      } else {
        return std::tuple<const T&>(value);
      }
    }
  }
  template <std::size_t place, class T>
  static auto pass(Call& call, AwaitedMany<T>& many, std::size_t& slot) {
    const Slot* first = call.slots() + slot;
    slot += many.count;
    if constexpr (std::is_void_v<T>)
      return std::tuple<>();
    else
      return std::tuple<Inputs<T>>(Inputs<T>(first, many.count));
  }

  template <std::size_t... i>
  static decltype(auto) invoke(Engine& engine, Call& call, std::index_sequence<i...>) {
    Payload& payload = *static_cast<Payload*>(call.payload());
    std::size_t slot = 0;
    // The order within braces is that of the text: slots are counted from the left.
    constexpr std::size_t kFirst = Result::kTakesCalls ? 1 : 0;
    std::tuple<decltype(pass<i + kFirst>(call, std::get<i>(payload.holders), slot))...> parts{
        pass<i + kFirst>(call, std::get<i>(payload.holders), slot)...};
    auto arguments = std::apply([](auto&... part) { return std::tuple_cat(std::move(part)...); }, parts);
    return std::apply(
        [&](auto&&... arguments_in_order) -> decltype(auto) {
          if constexpr (Result::kTakesCalls)
            return std::invoke(payload.function, calls_of(engine),
                               std::forward<decltype(arguments_in_order)>(arguments_in_order)...);
          else
            return std::invoke(payload.function, std::forward<decltype(arguments_in_order)>(arguments_in_order)...);
        },
        std::move(arguments));
  }

  static void run(Engine& engine, Call& call) {
    constexpr auto kPlaces = std::index_sequence_for<Hs...>();
    if constexpr (kForwards) {
      Value<R> inner = invoke(engine, call, kPlaces);
      if (!inner) throw std::logic_error("a call returned a Value that stands for nothing");
      forward_to(engine, call, *inner.take_record());
    } else if constexpr (std::is_void_v<R>) {
      invoke(engine, call, kPlaces);
    } else {
      new (call.value_memory()) R(invoke(engine, call, kPlaces));
    }
  }

  template <class H>
  static void encode_holder(const H&, std::vector<std::byte>&) {}
  template <class A>
  static void encode_holder(const Given<A>& given, std::vector<std::byte>& bytes) {
    encode_as<A>(&given.value, bytes);
  }
  template <class T>
  static void encode_holder(const AwaitedMany<T>& many, std::vector<std::byte>& bytes) {
    encode_as<std::uint64_t>(&many.count, bytes);
  }
  template <class H>
  static H decode_holder(ValueReader&, const H*) {
    return {};
  }
  template <class A>
  static Given<A> decode_holder(ValueReader& bytes, const Given<A>*) {
    return {deserialize<A>(bytes)};
  }
  template <class T>
  static AwaitedMany<T> decode_holder(ValueReader& bytes, const AwaitedMany<T>*) {
    return {deserialize<std::uint64_t>(bytes)};
  }

  static void encode(const void* memory, std::vector<std::byte>& bytes) {
    const Payload& payload = *static_cast<const Payload*>(memory);
    if constexpr (kIsFunction<F>) {
      const FunctionAddress address = portable_address(reinterpret_cast<void*>(payload.function));
      encode_as<FunctionAddress>(&address, bytes);
    }
    std::apply([&](const Hs&... holders) { (encode_holder(holders, bytes), ...); }, payload.holders);
  }
  static F decode_function(ValueReader& bytes) {
    if constexpr (kIsFunction<F>)
      return reinterpret_cast<F>(address_here(deserialize<FunctionAddress>(bytes)));
    else
      return F{};
  }
  static void decode(ValueReader& bytes, void* memory) {
    new (memory) Payload{decode_function(bytes), std::tuple<Hs...>{decode_holder(bytes, static_cast<Hs*>(nullptr))...}};
  }

  static CallType make_type() {
    CallType type;
    type.name = typeid(CallOf).name();
    type.id = hash_name(type.name);
    type.value = &kValueType<R>;
    constexpr std::size_t kValueEnd = sizeof(Call) + round_up(kSizeOf<R>, 8);
    type.payload_offset =
        static_cast<std::uint32_t>(kPayloadIsEmpty ? kValueEnd : round_up(kValueEnd, alignof(Payload)));
    type.payload_size = static_cast<std::uint32_t>(kPayloadIsEmpty ? 0 : round_up(sizeof(Payload), 8));
    type.run = &run;
    if constexpr (!std::is_trivially_destructible_v<Payload>)
      type.destroy_payload = [](void* payload) { static_cast<Payload*>(payload)->~Payload(); };
    if constexpr (kTravels) {
      type.encode = &encode;
      type.decode = &decode;
    }
    return type;
  }
};
template <class Kind>
inline const RegisteredType kCallType{Kind::make_type()};

}  // namespace detail
}  // namespace fugle
