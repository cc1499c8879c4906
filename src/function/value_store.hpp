// Results of functions, as bytes, in the memory of the worker that made or fetched them. Kept until the head says that
// nobody needs them any more; small ones that were made here also in the run directory, for the next life. Used by the
// thread of the Engine; the bytes themselves may be read by any thread that holds them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/ids.hpp"
#include "function/value_file.hpp"

namespace fugle::function {

/// Shared by the store and the calls that read it, so that a value may be forgotten while it is used.
using Value = std::shared_ptr<const std::string>;

class ValueStore {
 public:
  ValueStore(std::string run_dir, WorkerId worker) : file_(std::move(run_dir), worker) {}

  /// The result of an attempt that ended OK here.
  void keep_made(ElementId element, std::uint16_t attempt, std::string bytes) {
    file_.add(element, attempt, bytes);
    keep_fetched(element, std::move(bytes));
  }
  /// One that came from another worker.
  void keep_fetched(ElementId element, std::string bytes) {
    values_[element] = std::make_shared<const std::string>(std::move(bytes));
  }
  /// What earlier lives of the run left can be found too.
  void add_kept(KeptValues kept) { kept_ = std::move(kept); }
  /// Null: it is not here.
  [[nodiscard]] Value find(ElementId element) {
    const auto found = values_.find(element);
    if (found != values_.end()) return found->second;
    auto bytes = kept_.read(element);
    return bytes ? values_[element] = std::make_shared<const std::string>(std::move(*bytes)) : nullptr;
  }
  void forget(ElementId element) { values_.erase(element); }
  /// Writes what was made since; call it now and then.
  void flush() { file_.flush(); }

 private:
  std::unordered_map<ElementId, Value> values_;
  KeptValues kept_;
  ValueFile file_;
};

}  // namespace fugle::function
