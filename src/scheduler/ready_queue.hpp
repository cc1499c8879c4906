// READY elements that wait to be granted, in the order of preference: all of them, one heap per distinct request,
// spread and set of tokens, so that what does not fit is passed over as a whole; and again per worker those that are at
// home there.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <queue>
#include <span>
#include <tuple>
#include <vector>

#include "graph/graph.hpp"
#include "plan/plan.hpp"
#include "plan/token_book.hpp"
#include "scheduler/run_state.hpp"
#include "scheduler/worker_table.hpp"

namespace fugle::scheduler {

class ReadyQueue {
 public:
  /// All of them outlive the queue. An entry whose element is no longer READY counts as not there.
  ReadyQueue(const RunState& run, const plan::Plan& plan, const plan::TokenBook& tokens, std::uint32_t num_workers);

  void push(ElementId e);
  /// It was granted, or put aside.
  void take(ElementId e);
  void clear();
  /// There are more workers.
  void grow(std::uint32_t num_workers) { homes_.resize(num_workers); }
  /// There are more elements, and the order has them.
  void grow();
  /// The order of the plan has changed.
  void reorder();
  [[nodiscard]] bool contains(ElementId e) const { return is_queued_[e.value()]; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Of those, elements that hold no tokens.
  [[nodiscard]] std::size_t num_without_tokens() const { return num_without_tokens_; }
  /// Workers at whose home something was pushed since the last call; may repeat.
  [[nodiscard]] std::vector<WorkerId> take_fresh_homes() { return std::exchange(fresh_homes_, {}); }

  /// Elements that ask for the same.
  struct Class {
    graph::Request request;
    graph::Spread spread{};
    plan::TokenBook::Set tokens = plan::TokenBook::kNothing;
    std::size_t size = 0;
    /// Positions; those of elements that were taken stay until they come to the top.
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> heap;
  };
  [[nodiscard]] std::vector<Class>& classes() { return classes_; }
  [[nodiscard]] const std::vector<Class>& classes() const { return classes_; }
  [[nodiscard]] std::uint32_t class_of(ElementId e) const { return class_of_task_[graph_.task_id_of(e).value()]; }
  /// Invalid when there is none.
  [[nodiscard]] ElementId first_of(Class& cls);
  /// The first at home on the worker that has room for it there; invalid when there is none.
  [[nodiscard]] ElementId first_at_home(WorkerId worker, const RoomIndex& room);
  [[nodiscard]] ElementId element_at(std::uint32_t position) const { return ElementId(by_order_[position]); }
  [[nodiscard]] std::uint32_t position_of(ElementId e) const { return plan_.order[e.value()]; }

 private:
  using Heap = decltype(Class::heap);
  struct HomeClass {
    std::uint32_t cls;
    Heap heap;
  };
  [[nodiscard]] ElementId clean_top(Heap& heap);
  void index_by_order();
  void sort_tasks();

  const RunState& run_;
  const graph::Graph& graph_;
  const plan::Plan& plan_;
  const plan::TokenBook& tokens_;
  std::vector<std::uint32_t> by_order_;       ///< [position] element
  std::vector<std::uint32_t> class_of_task_;  ///< [task]
  std::vector<Class> classes_;
  std::map<std::tuple<graph::Request, graph::Spread, plan::TokenBook::Set>, std::uint32_t> known_classes_;
  std::vector<std::vector<HomeClass>> homes_;  ///< [worker]
  std::vector<bool> is_queued_;                ///< [element]
  std::vector<WorkerId> fresh_homes_;
  std::size_t size_ = 0;
  std::size_t num_without_tokens_ = 0;
};

}  // namespace fugle::scheduler
