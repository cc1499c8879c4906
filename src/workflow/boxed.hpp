// An optional value that few have: as large as a pointer where there is none. Copied like the value itself.
#pragma once

#include <memory>
#include <optional>
#include <utility>

namespace fugle::workflow {

template <class T>
class Boxed {
 public:
  Boxed() = default;
  Boxed(std::nullopt_t) {}                                           // NOLINT: as std::optional has it
  Boxed(T value) : value_(std::make_unique<T>(std::move(value))) {}  // NOLINT: likewise
  Boxed(const Boxed& other) : value_(other ? std::make_unique<T>(*other) : nullptr) {}
  Boxed(Boxed&&) noexcept = default;
  Boxed& operator=(const Boxed& other) {
    if (this != &other) *this = Boxed(other);
    return *this;
  }
  Boxed& operator=(Boxed&&) noexcept = default;
  ~Boxed() = default;

  [[nodiscard]] bool has_value() const { return value_ != nullptr; }
  explicit operator bool() const { return has_value(); }
  [[nodiscard]] T& operator*() { return *value_; }
  [[nodiscard]] const T& operator*() const { return *value_; }
  [[nodiscard]] T* operator->() { return value_.get(); }
  [[nodiscard]] const T* operator->() const { return value_.get(); }
  /// Throws std::bad_optional_access where there is none.
  [[nodiscard]] const T& value() const {
    if (value_ == nullptr) throw std::bad_optional_access();
    return *value_;
  }
  template <class... Arguments>
  T& emplace(Arguments&&... arguments) {
    value_ = std::make_unique<T>(T{std::forward<Arguments>(arguments)...});
    return *value_;
  }
  void reset() { value_.reset(); }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace fugle::workflow
