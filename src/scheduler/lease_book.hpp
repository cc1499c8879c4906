// Who holds which element, and by which grant. A held element is one granted to a worker and not yet ended or returned;
// see WorkerTable for what that takes of the worker. It holds its tokens from the grant on until it is released.
//
// Edges between two elements of one grant are the worker's business: both sides follow them without a message. All
// other needs of a held element are *outside*: the head counts them and says when the last of them has been answered
// (message Release). An element whose outside needs are not answered waits at the worker and takes nothing there.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "plan/plan.hpp"
#include "plan/token_book.hpp"
#include "scheduler/run_state.hpp"
#include "scheduler/worker_table.hpp"

namespace fugle::scheduler {

class LeaseBook {
 public:
  /// All of them outlive the book.
  LeaseBook(const RunState& run, const plan::Plan& plan, WorkerTable& workers, plan::TokenBook& tokens);
  /// A life of the run has begun: looks at what counts as OK by now. To be called before anything is held.
  void begin_life();
  /// The graph has grown.
  void grow();

  [[nodiscard]] bool is_held(ElementId e) const { return holder_[e.value()].is_valid(); }
  [[nodiscard]] WorkerId holder_of(ElementId e) const { return holder_[e.value()]; }
  /// Held elements that take resources: READY or live. The others wait for what may never come.
  [[nodiscard]] std::size_t num_active() const { return num_active_; }
  /// Whether one grant gave both, so that the worker itself follows the edge between them.
  [[nodiscard]] bool are_of_one_grant(ElementId a, ElementId b) const {
    return grant_[a.value()] != 0 && grant_[a.value()] == grant_[b.value()];
  }

  /// Elements held from here on belong to a new grant.
  void begin_grant() { ++last_grant_; }
  void hold(WorkerId worker, ElementId element);
  /// After all elements of the grant are held: counts the needs of one that its worker cannot follow.
  [[nodiscard]] std::uint32_t count_outside_needs(ElementId element);
  /// A held element became READY: it takes resources now.
  void activate(ElementId element);
  /// It ended or came back. To be called before its state changes, or while it is not READY or live.
  void release(ElementId element);
  /// What waits for the element inside its lease leaves the lease, and is returned. The worker's half of this rule is
  /// Worker::drop_dependents.
  std::vector<ElementId> release_dependents(ElementId element);
  /// The element counts as OK from now on. Returns held successors whose last outside need this was.
  [[nodiscard]] std::vector<ElementId> answer(ElementId element);
  /// Those that need it wait for it again: a service, or a gate that stands for some. None of its users is held now but
  /// those that run.
  void reopen(ElementId element) { is_answered_[element.value()] = false; }
  /// The worker died. Returns what it held. What others run too keeps its tokens: they are the caller's business.
  std::vector<ElementId> lose(WorkerId worker);

 private:
  [[nodiscard]] bool is_active(ElementId e) const { return run_.state(e) == State::ready || is_live(run_.state(e)); }
  [[nodiscard]] std::uint32_t position_of(ElementId e) const { return plan_.order[e.value()]; }

  const RunState& run_;
  const Graph& graph_;
  const plan::Plan& plan_;
  WorkerTable& workers_;
  plan::TokenBook& tokens_;
  std::vector<WorkerId> holder_;        ///< [element]
  std::vector<std::uint32_t> place_;    ///< [element] in WorkerTable::Entry::held
  std::vector<std::uint32_t> grant_;    ///< [element] number of its latest grant, 0: none
  std::vector<std::uint32_t> outside_;  ///< [element] while held: outside needs without answer
  std::vector<bool> is_answered_;       ///< [element]
  std::uint32_t last_grant_ = 0;
  std::size_t num_active_ = 0;
};

}  // namespace fugle::scheduler
