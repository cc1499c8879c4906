// Typed indices. An id names one kind of thing, so an element can not be used where a task is meant.
// Ids are dense: they index arrays. A default id is invalid. Knows nothing of what the ids stand for.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <ostream>

namespace fugle {

template <class Tag>
class Id {
 public:
  static constexpr std::uint32_t kInvalid = std::numeric_limits<std::uint32_t>::max();

  constexpr Id() = default;
  constexpr explicit Id(std::uint32_t value) : value_(value) {}

  [[nodiscard]] constexpr std::uint32_t value() const { return value_; }
  [[nodiscard]] constexpr bool is_valid() const { return value_ != kInvalid; }
  constexpr auto operator<=>(const Id&) const = default;

 private:
  std::uint32_t value_ = kInvalid;
};

template <class Tag>
std::ostream& operator<<(std::ostream& out, Id<Tag> id) {
  return id.is_valid() ? out << id.value() : out << "none";
}

using TaskId = Id<struct TaskTag>;        ///< an entry of `tasks`
using ElementId = Id<struct ElementTag>;  ///< one instance of a task
using WorkerId = Id<struct WorkerTag>;    ///< a worker is a rank; the value is its rank number

}  // namespace fugle

template <class Tag>
struct std::hash<fugle::Id<Tag>> {
  std::size_t operator()(fugle::Id<Tag> id) const noexcept { return std::hash<std::uint32_t>{}(id.value()); }
};
