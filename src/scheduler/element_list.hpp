// Elements in no particular order, with constant-time insertion and removal; the place of each is kept where the caller
// wants it.
#pragma once

#include <cstdint>
#include <vector>

#include "base/assert.hpp"
#include "base/ids.hpp"

namespace fugle::scheduler {

class ElementList {
 public:
  static constexpr std::uint32_t kNowhere = ElementId::kInvalid;

  /// Of what is not in the list yet. `place_of(element)` gives the std::uint32_t& in which its place is kept; kNowhere
  /// while it is not in the list.
  template <class PlaceOf>
  void insert(ElementId e, PlaceOf place_of) {
    FUGLE_EXPECT(place_of(e) == kNowhere);
    place_of(e) = static_cast<std::uint32_t>(elements_.size());
    elements_.push_back(e);
  }
  /// Nothing when it is not in the list.
  template <class PlaceOf>
  void erase(ElementId e, PlaceOf place_of) {
    const std::uint32_t place = place_of(e);
    if (place == kNowhere) return;
    elements_[place] = elements_.back();
    place_of(elements_[place]) = place;
    place_of(e) = kNowhere;
    elements_.pop_back();
  }
  [[nodiscard]] bool empty() const { return elements_.empty(); }
  [[nodiscard]] auto begin() const { return elements_.begin(); }
  [[nodiscard]] auto end() const { return elements_.end(); }

 private:
  std::vector<ElementId> elements_;
};

}  // namespace fugle::scheduler
