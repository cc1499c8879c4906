// Results of functions that a launch takes and that are not in this worker: asked for by ValueWords, awaited, and the
// launch handed back when all are here, or one is gone. Answers what other workers ask. Used by the thread of the
// Engine.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "function/value_store.hpp"
#include "scheduler/attempt.hpp"

namespace fugle::function {

/// What a launch takes: the elements whose results it is given, in order.
[[nodiscard]] std::vector<ElementId> takes_of(const scheduler::Launch& launch);

class ValueExchange {
 public:
  ValueExchange(ValueStore& values, WorkerId self) : values_(values), self_(self) {}

  /// True: all that it takes is here. False: it waits, and is told by what hear() returns.
  [[nodiscard]] bool fetch(const scheduler::Launch& launch);
  /// It need not be told any more.
  void give_up(ElementId element);

  /// Elements that have waited: all is here, or something is gone for good.
  struct Told {
    std::vector<ElementId> complete;
    std::vector<ElementId> bereft;
  };
  [[nodiscard]] Told hear(const scheduler::ValueWord& word);
  void poll_words(std::vector<scheduler::ValueWord>& words);

 private:
  [[nodiscard]] Told take(const scheduler::ValueWord& word);
  void answer(const scheduler::ValueWord& wanted);

  ValueStore& values_;
  WorkerId self_;
  std::unordered_map<ElementId, std::vector<ElementId>> wanted_;   ///< by value: who waits for it
  std::unordered_map<ElementId, std::vector<ElementId>> missing_;  ///< by who waits: the values
  std::vector<scheduler::ValueWord> words_;
};

}  // namespace fugle::function
