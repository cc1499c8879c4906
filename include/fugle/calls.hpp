// Calls: a graph of function calls in memory, made while it runs, over the threads of a process and, when there is a
// communicator, over its ranks. For work too fine to be an element of a workflow: a call costs less than a
// microsecond, is known to nobody outside, and is gone when the program ends.
//
//   double integrate(double from, double to);
//   double add(double a, double b) { return a + b; }
//
//   fugle::Calls calls;                                  // threads: as many as this one may use cores
//   auto left = calls.add(integrate, 0.0, 0.5);          // runs at some time, on some thread
//   auto right = calls.add(integrate, 0.5, 1.0);
//   auto sum = calls.add(add, left, right);              // runs when both values are there
//   std::cout << sum.get();
//
// - An argument may be a Value<T>, which the function sees as a T (best taken as const T&; a T by value is moved when
//   nobody else holds the value); a std::vector<Value<T>>, seen as Inputs<T>; a Value<void>, which is an order and not
//   an argument; or anything else, which is stored. A text is stored as std::string.
// - A function whose first parameter is Calls& can add calls. To wait for them it returns the Value of the last one
//   instead of a plain value: that value becomes its own, and no thread stands idle meanwhile. get() of a value that is
//   not there is refused inside a call, since threads that wait for each other may wait for ever.
// - A call that throws has no value: calls that wait for it do not run, get() and wait() throw what it threw.
// - Over ranks every rank makes a Calls with the communicator, all run the same program, and wait() and the destructor
//   are for all together. Calls go to ranks that have nothing to do, as far as their function and arguments can travel
//   (a function, or a lambda without captures, known by its type; arguments and result Serializable), or to where
//   on(rank) says. Values stay where they were made until somebody elsewhere needs them. send() and receive() tie the
//   graphs of two ranks together where each rank adds its own part.
//
// add() and all else may be called by the thread that made the Calls, and inside calls. Knows nothing of workflows.
#pragma once

#include <cstdint>
#include <fugle/call_type.hpp>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace fugle {

/// A call failed on another rank; what() says how. Or a value can never come.
class CallError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
/// The call did not run since cancel() came before.
class CallCancelled : public CallError {
 public:
  using CallError::CallError;
};
/// The interface was used in a way it cannot be; what() says what to do instead.
class CallMisuse : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// The value of a call: there now or later. A handle; copies stand for the same value. It may outlive its Calls when
/// the value is there.
template <class T>
class Value {
 public:
  using type = T;
  Value() = default;
  Value(const Value& other) : record_(other.record_) {
    if (record_ != nullptr) detail::retain(*record_);
  }
  Value(Value&& other) noexcept : record_(std::exchange(other.record_, nullptr)) {}
  Value& operator=(Value other) noexcept {
    std::swap(record_, other.record_);
    return *this;
  }
  ~Value() {
    if (record_ != nullptr) detail::release(*record_);
  }

  /// Whether it stands for a value at all.
  [[nodiscard]] explicit operator bool() const { return record_ != nullptr; }
  /// Whether get() would return, or throw, at once.
  [[nodiscard]] bool is_ready() const;
  /// The value. Outside of calls this thread runs calls until it is there; inside it must be there (else CallMisuse).
  /// Throws what the call threw; what a call on another rank threw comes as CallError.
  decltype(auto) get() const;

  /// For the templates of calls.hpp.
  explicit Value(detail::Call* record) : record_(record) {}
  [[nodiscard]] detail::Call* record() const { return record_; }
  [[nodiscard]] detail::Call* take_record() { return std::exchange(record_, nullptr); }

 private:
  detail::Call* record_ = nullptr;
};

struct CallsOptions {
  /// Of this rank, the one that makes the Calls included. 0: as many as there are cores that it may use.
  unsigned threads = 0;
  /// What MPI_Comm_c2f gives for the communicator; empty: this process alone, without MPI. It is duplicated. With
  /// MPI_THREAD_MULTIPLE, or SERIALIZED when nobody else uses MPI, any thread passes messages; else only the thread
  /// that made the Calls does, while it is in wait() or get().
  std::optional<int> communicator;
  /// Whether calls may go to ranks that have nothing to do by themselves; the same on all ranks.
  bool share = true;
};

namespace detail {
class Link;
void bring_about(Call& call);  // get(): runs calls until it is done and here; throws its failure
bool is_here(Call& call);
}  // namespace detail

class Calls {
 public:
  /// Starts the threads. With a communicator: on all its ranks together. Throws CallError when a thread cannot be
  /// started and CallMisuse when MPI is not initialised.
  explicit Calls(const CallsOptions& options = {});
  /// Over ranks of another kind, for tests.
  Calls(const CallsOptions& options, std::unique_ptr<detail::Link> link);
  /// Ends when no call is left; what was not waited for is cancelled. With a communicator: on all ranks together.
  ~Calls();
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

  /// A call of the function with the arguments; see the top of this file. Throws CallMisuse on a thread that may not.
  template <class F, class... As>
  auto add(F&& function, As&&... arguments) {
    return add_to(-1, std::forward<F>(function), std::forward<As>(arguments)...);
  }

  /// on(3).add(f, x): runs on rank 3.
  class Placed {
   public:
    template <class F, class... As>
    auto add(F&& function, As&&... arguments) const {
      using Kind = detail::CallOf<std::decay_t<F>, detail::Holder<As>...>;
      static_assert(
          Kind::kTravels,
          "this call cannot go to another rank: it takes a function or a lambda without captures, and arguments "
          "and a result that are Serializable");
      return calls_.add_to(rank_, std::forward<F>(function), std::forward<As>(arguments)...);
    }

   private:
    friend class Calls;
    Placed(Calls& calls, int rank) : calls_(calls), rank_(rank) {}
    Calls& calls_;
    int rank_;
  };
  /// Throws CallMisuse when there is no such rank.
  [[nodiscard]] Placed on(int rank) {
    check_rank(rank);
    return {*this, rank};
  }

  /// A value that is there already.
  template <class T>
  Value<std::decay_t<T>> value(T&& given) {
    using V = std::decay_t<T>;
    detail::Call* call = detail::make_call(*engine_, detail::kPlainType<V>.type, 0);
    Value<V> handle(call);
    new (call->value_memory()) V(std::forward<T>(given));
    detail::submit_done(*engine_, *call);
    return handle;
  }

  /// Sends the value to a rank (also this one) when it is there, where receive() takes it. For each rank and tag one
  /// send and one receive, in any order.
  template <class T>
  void send(const Value<T>& value, int rank, std::uint64_t tag) {
    static_assert(Serializable<T> || std::is_void_v<T>, "this value cannot go to another rank: it is not Serializable");
    send_record(*value.record(), rank, tag);
  }
  /// The value that a rank sends with this tag.
  template <class T>
  Value<T> receive(int rank, std::uint64_t tag) {
    return Value<T>(receive_record(detail::kPlainType<T>.type, rank, tag));
  }

  /// Runs calls until none is left, on all ranks: on all of them together, and all return together. Throws what the
  /// first call threw that failed here since the last wait(); else a CallError when one failed on another rank, or when
  /// values that are received were never sent.
  void wait();
  /// Calls that have not started end as CallCancelled, on all ranks, from now on. Those that run can ask
  /// is_cancelled().
  void cancel();
  [[nodiscard]] bool is_cancelled() const;

  [[nodiscard]] int rank() const;
  [[nodiscard]] int num_ranks() const;
  [[nodiscard]] unsigned num_threads() const;

 private:
  template <class F, class... As>
  auto add_to(int rank, F&& function, As&&... arguments) {
    using Kind = detail::CallOf<std::decay_t<F>, detail::Holder<As>...>;
    const std::size_t num_slots = (std::size_t{0} + ... + count_slots(arguments));
    detail::Call* call = detail::make_call(*engine_, detail::kCallType<Kind>.type, num_slots);
    [[maybe_unused]] std::size_t slot = 0;
    try {
      (connect(*call, slot, arguments), ...);
      new (call->payload()) typename Kind::Payload{
          std::forward<F>(function), std::tuple<detail::Holder<As>...>{hold(std::forward<As>(arguments))...}};
    } catch (...) {
      detail::discard_call(*call);
      throw;
    }
    Value<typename Kind::R> handle(call);
    detail::submit(*engine_, *call, rank);
    return handle;
  }

  template <class A>
  static std::size_t count_slots(const A&) {
    return 0;
  }
  template <class T>
  static std::size_t count_slots(const Value<T>&) {
    return 1;
  }
  template <class T>
  static std::size_t count_slots(const std::vector<Value<T>>& values) {
    return values.size();
  }
  template <class A>
  static void connect(detail::Call&, std::size_t&, const A&) {}
  template <class T>
  static void connect(detail::Call& call, std::size_t& slot, const Value<T>& value) {
    (void)detail::kPlainType<T>;  // another rank may have to make such a value
    if (!value)
      throw CallMisuse("an argument of a call is a Value that stands for nothing; use one that add() returned");
    detail::connect(call, slot++, *value.record());
  }
  template <class T>
  static void connect(detail::Call& call, std::size_t& slot, const std::vector<Value<T>>& values) {
    for (const Value<T>& value : values) connect(call, slot, value);
  }
  template <class A>
  static detail::Holder<A> hold(A&& argument) {
    using H = detail::Holder<A>;
    if constexpr (requires { argument.record(); })
      return H{};
    else if constexpr (requires(H holder) { holder.count; })
      return H{argument.size()};
    else
      return H{std::forward<A>(argument)};
  }

  void check_rank(int rank) const;
  void send_record(detail::Call& value, int rank, std::uint64_t tag);
  detail::Call* receive_record(const detail::CallType& type, int rank, std::uint64_t tag);

  std::unique_ptr<detail::Engine, void (*)(detail::Engine*)> engine_;
};

template <class T>
bool Value<T>::is_ready() const {
  return record_ != nullptr && detail::is_here(*record_);
}

template <class T>
decltype(auto) Value<T>::get() const {
  if (record_ == nullptr) throw CallMisuse("a Value that stands for nothing was asked for its value");
  detail::bring_about(*record_);
  if constexpr (!std::is_void_v<T>) return *static_cast<const T*>(record_->root()->outcome);
}

}  // namespace fugle
