#include "workflow/outcomes.hpp"

#include <algorithm>
#include <array>

#include "base/assert.hpp"

namespace fugle::workflow {
namespace {

constexpr std::array<std::string_view, 6> kFinal = {"OK", "CACHED", "SKIPPED", "BLOCKED", "FAILED", "CANCELLED"};

bool is_final(std::string_view state) { return std::ranges::find(kFinal, state) != kFinal.end(); }

}  // namespace

Outcomes::Outcomes(const Symbols& symbols, const std::vector<CompiledTask>& tasks, const Knowledge& knowledge)
    : symbols_(symbols), tasks_(tasks), knowledge_(knowledge), places_(tasks.size()) {
  look();
}

void Outcomes::look() {
  const graph::Graph& graph = knowledge_.graph();
  for (; num_seen_ < graph.num_elements(); ++num_seen_) {
    const ElementId e(num_seen_);
    const graph::Task& task = graph.task_of(e);
    if (graph::is_gate(task.kind)) continue;
    const auto number = symbols_.task_numbers.find(task.name);
    if (number == symbols_.task_numbers.end()) continue;
    Place& place = places_[number->second];
    if (task.kind == graph::TaskKind::expansion)
      place.expansion = e;
    else if (place.count++ == 0)
      place.first = e.value();
  }
}

std::uint32_t Outcomes::task_of(ElementId element) const {
  return symbols_.task_numbers.at(knowledge_.graph().task_of(element).name);
}

template <class Visit>
void Outcomes::for_each_element(std::uint32_t task, Visit visit) const {
  const Place& place = places_[task];
  if (place.count == 0 && place.expansion.is_valid()) return visit(place.expansion);
  for (std::uint32_t i = 0; i < place.count; ++i) visit(element(task, i));
}

bool Outcomes::has_ended(std::uint32_t task) const {
  if (statuses_.contains(task)) return true;
  bool all_have = true;
  for_each_element(task, [&](ElementId e) { all_have = all_have && is_final(knowledge_.state(e)); });
  return all_have;
}

ElementId Outcomes::failed_element(std::uint32_t task) const {
  ElementId first;
  std::uint32_t num_failed = 0;
  for_each_element(task, [&](ElementId e) {
    if (knowledge_.state(e) != "FAILED") return;
    if (num_failed++ == 0) first = e;
  });
  if (num_failed == 0) return {};
  const graph::Tolerance tolerance = knowledge_.graph().task_of(first).tolerate;
  return num_failed > tolerance.limit(std::max(places_[task].count, 1u)) ? first : ElementId();
}

std::string Outcomes::status_of_all(std::uint32_t task) const {
  if (failed_element(task).is_valid()) return "FAILED";
  std::map<std::string_view, std::uint32_t> counts;
  std::string_view unfinished;
  for_each_element(task, [&](ElementId e) {
    const std::string_view state = knowledge_.state(e);
    ++counts[state];
    if (!is_final(state)) unfinished = state;
  });
  if (!unfinished.empty()) return std::string(unfinished);
  for (const std::string_view state : {"CANCELLED", "BLOCKED", "OK", "CACHED"}) {
    // What is blocked by tolerated failures alone is dropped with them.
    const bool is_explained = state == "BLOCKED" && (counts.contains("OK") || counts.contains("CACHED"));
    if (counts.contains(state) && !is_explained) return std::string(state);
  }
  return counts.contains("FAILED") ? "OK" : "SKIPPED";
}

std::string Outcomes::status(std::uint32_t task, std::optional<std::uint64_t> index) const {
  if (index) return std::string(knowledge_.state(element(task, *index)));
  if (const auto known = statuses_.find(task); known != statuses_.end()) return known->second;
  std::string status = status_of_all(task);
  if (has_ended(task)) statuses_.emplace(task, status);
  return status;
}

std::optional<int> Outcomes::exit_code_of_all(std::uint32_t task) const {
  std::optional<int> found;
  for_each_element(task, [&](ElementId e) {
    const auto code = knowledge_.exit_code(e);
    if (code && (!found || *found == 0)) found = code;
  });
  return found;
}

Value Outcomes::exit_code(std::uint32_t task, std::optional<std::uint64_t> index) const {
  const auto value_of = [](std::optional<int> code) {
    return code ? Value(static_cast<std::int64_t>(*code)) : Value();
  };
  if (index) return value_of(knowledge_.exit_code(element(task, *index)));
  if (const auto known = exit_codes_.find(task); known != exit_codes_.end()) return value_of(known->second);
  const std::optional<int> code = exit_code_of_all(task);
  if (has_ended(task)) exit_codes_.emplace(task, code);
  return value_of(code);
}

bool Outcomes::is_good(std::uint32_t task, std::uint64_t index) const {
  const std::string_view state = knowledge_.state(element(task, index));
  return state == "OK" || state == "CACHED";
}

}  // namespace fugle::workflow
