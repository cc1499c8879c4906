// Results of functions, as bytes, in the memory of the worker that made or fetched them. Kept until the head says that
// nobody needs them any more. Used by the thread of the Engine; the bytes themselves may be read by any thread that
// holds them.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/ids.hpp"

namespace fugle::function {

/// Shared by the store and the calls that read it, so that a value may be forgotten while it is used.
using Value = std::shared_ptr<const std::string>;

class ValueStore {
 public:
  void keep(ElementId element, Value value) { values_[element] = std::move(value); }
  /// Null: it is not here.
  [[nodiscard]] Value find(ElementId element) const {
    const auto found = values_.find(element);
    return found == values_.end() ? nullptr : found->second;
  }
  void forget(ElementId element) { values_.erase(element); }
  [[nodiscard]] std::size_t size() const { return values_.size(); }

 private:
  std::unordered_map<ElementId, Value> values_;
};

}  // namespace fugle::function
