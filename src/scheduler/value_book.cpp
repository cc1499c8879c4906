#include "scheduler/value_book.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "graph/element_text.hpp"

namespace fugle::scheduler {

using graph::TaskKind;

ValueBook::ValueBook(const RunState& run) : run_(run) { count_takers(); }

void ValueBook::count_takers() {
  const Graph& graph = run_.graph();
  bool has_functions = false;
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t)
    has_functions = has_functions || graph.task(TaskId(t)).kind == TaskKind::function;
  if (!has_functions) return;
  num_takers_.assign(graph.num_elements(), 0);
  is_counted_.assign(graph.num_elements(), false);
  for (std::uint32_t i = 0; i < graph.num_elements(); ++i) {
    const ElementId e(i);
    if (!is_function(e) || is_final(run_.state(e))) continue;
    is_counted_[i] = true;
    for (const ElementId taken : takes(e)) ++num_takers_[taken.value()];
  }
}

void ValueBook::grow() {
  if (num_takers_.empty()) return count_takers();
  const Graph& graph = run_.graph();
  const auto first = static_cast<std::uint32_t>(num_takers_.size());
  num_takers_.resize(graph.num_elements(), 0);
  is_counted_.resize(graph.num_elements(), false);
  for (std::uint32_t i = first; i < graph.num_elements(); ++i) {
    const ElementId e(i);
    if (!is_function(e) || is_final(run_.state(e))) continue;
    is_counted_[i] = true;
    for (const ElementId taken : takes(e)) ++num_takers_[taken.value()];
  }
}

/// The elements whose results it is given.
std::vector<ElementId> ValueBook::takes(ElementId element) const {
  const Graph& graph = run_.graph();
  const graph::ElementText text = graph::unpack(graph.task_of(element), graph.packed_text(element));
  std::vector<ElementId> taken;
  for (const std::string& number : text.results_of) {
    const auto value = parse_number<std::uint32_t>(number);
    if (value && *value < graph.num_elements()) taken.emplace_back(*value);
  }
  return taken;
}

std::vector<ElementId> ValueBook::begin_life(const std::function<bool(ElementId)>& is_kept, WorkerId keeper) {
  std::vector<ElementId> again;
  if (num_takers_.empty()) return again;
  count_takers();  // a person may have resumed what had ended
  // Takers come after what they take: from the last to the first, a value that must be made again counts its own.
  for (std::uint32_t i = run_.graph().num_elements(); i-- > 0;) {
    const ElementId e(i);
    if (!is_function(e) || run_.state(e) != State::ok || num_takers_[i] == 0) continue;
    if (is_kept(e)) {
      holders_[e] = {keeper};
      continue;
    }
    again.push_back(e);
    is_counted_[i] = true;
    for (const ElementId taken : takes(e)) ++num_takers_[taken.value()];
  }
  std::reverse(again.begin(), again.end());
  return again;
}

bool ValueBook::made(ElementId element, WorkerId worker) {
  if (num_takers_[element.value()] == 0) return false;
  holders_[element] = {worker};
  return true;
}

void ValueBook::copied(ElementId element, WorkerId worker) {
  const auto found = holders_.find(element);
  if (found == holders_.end()) return;
  auto& holders = found->second;
  if (std::find(holders.begin(), holders.end(), worker) == holders.end()) holders.push_back(worker);
}

WorkerId ValueBook::holder_of(ElementId element) const {
  const auto found = holders_.find(element);
  return found == holders_.end() ? WorkerId() : found->second.front();
}

bool ValueBook::dropped(ElementId element, WorkerId worker) {
  const auto found = holders_.find(element);
  if (found == holders_.end()) return true;
  std::erase(found->second, worker);
  if (!found->second.empty()) return false;
  holders_.erase(found);
  return true;
}

std::vector<ElementId> ValueBook::lose(WorkerId worker) {
  std::vector<ElementId> held;
  for (const auto& [element, holders] : holders_)
    if (std::find(holders.begin(), holders.end(), worker) != holders.end()) held.push_back(element);
  std::sort(held.begin(), held.end());
  std::erase_if(held, [&](ElementId element) { return !dropped(element, worker); });
  return held;
}

std::vector<ValueBook::Unneeded> ValueBook::end(ElementId element) {
  std::vector<Unneeded> unneeded;
  if (num_takers_.empty() || !is_counted_[element.value()]) return unneeded;
  is_counted_[element.value()] = false;
  for (const ElementId taken : takes(element)) {
    if (--num_takers_[taken.value()] > 0) continue;
    const auto found = holders_.extract(taken);
    if (!found.empty()) unneeded.push_back({taken, std::move(found.mapped())});
  }
  return unneeded;
}

std::vector<ElementId> ValueBook::run_again(ElementId element) {
  std::vector<ElementId> again{element};
  for (std::size_t i = 0; i < again.size(); ++i) {
    const ElementId e = again[i];
    if (is_counted_[e.value()]) continue;
    is_counted_[e.value()] = true;
    for (const ElementId taken : takes(e)) {
      ++num_takers_[taken.value()];
      const bool is_gone = run_.state(taken) == State::ok && !holders_.contains(taken);
      if (is_gone && std::find(again.begin(), again.end(), taken) == again.end()) again.push_back(taken);
    }
  }
  std::reverse(again.begin(), again.end());
  return again;
}

}  // namespace fugle::scheduler
