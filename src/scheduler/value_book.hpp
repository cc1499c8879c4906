// Who holds the results of functions, and who still needs them. Of the head. A result is kept by the worker that made
// it until the last element that takes it is final; workers that fetched it hold it too. Knows nothing of bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "base/ids.hpp"
#include "graph/graph.hpp"
#include "scheduler/run_state.hpp"

namespace fugle::scheduler {

class ValueBook {
 public:
  /// Costs nothing where no task is a function.
  explicit ValueBook(const RunState& run);

  /// At the start of a life: `is_kept` says of which elements the run directory has the result, from where `keeper` can
  /// give it. Returns those that ended OK, whose results are gone, and which are needed: they run again. Their own
  /// needs among them come along, before them.
  [[nodiscard]] std::vector<ElementId> begin_life(const std::function<bool(ElementId)>& is_kept, WorkerId keeper);

  /// The graph has grown.
  void grow();
  /// It ended OK on that worker. False: nobody needs the result (any more).
  [[nodiscard]] bool made(ElementId element, WorkerId worker);
  /// That worker has a copy.
  void copied(ElementId element, WorkerId worker);
  /// One who has it; invalid: nobody.
  [[nodiscard]] WorkerId holder_of(ElementId element) const;
  /// That worker says it has it not. True: nobody has it now.
  bool dropped(ElementId element, WorkerId worker);
  /// The worker is gone. Returns the needed results that were there and nowhere else.
  [[nodiscard]] std::vector<ElementId> lose(WorkerId worker);

  /// An element is final: results that nobody needs any more, with those who hold them. They are forgotten here.
  struct Unneeded {
    ElementId element;
    std::vector<WorkerId> holders;
  };
  [[nodiscard]] std::vector<Unneeded> end(ElementId element);
  /// An element that was OK runs again: returns itself and, before it, what must run again as it takes their results.
  [[nodiscard]] std::vector<ElementId> run_again(ElementId element);

  [[nodiscard]] bool is_function(ElementId element) const {
    return !num_takers_.empty() && run_.graph().task_of(element).kind == graph::TaskKind::function;
  }

 private:
  [[nodiscard]] std::vector<ElementId> takes(ElementId element) const;
  void count_takers();

  const RunState& run_;
  std::vector<std::uint32_t> num_takers_;  ///< [element] that are not final and take its result; empty: no functions
  std::vector<bool> is_counted_;           ///< [element] it is among the takers of what it takes
  std::unordered_map<ElementId, std::vector<WorkerId>> holders_;
};

}  // namespace fugle::scheduler
