#include "app/carry_over.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "graph/selection.hpp"
#include "scheduler/find_misfit.hpp"
#include "scheduler/growth_book.hpp"

namespace fugle::app {
namespace {

using scheduler::Event;
using scheduler::EventKind;
using scheduler::State;

/// Files that another person, or another run, has taken away since.
bool has_its_files(const graph::Graph& graph, ElementId e) {
  const graph::Task& task = graph.task_of(e);
  if (task.output_names.empty() || task.is_late) return true;
  const graph::ElementText text = graph.text(e);
  std::error_code ignored;
  return std::ranges::all_of(
      text.outputs, [&](const std::string& path) { return path.empty() || std::filesystem::exists(path, ignored); });
}

bool has_to_run_again(const StoredRun& old, ElementId e) {
  const State state = old.state().state(e);
  const bool has_ended_well = state == State::ok || state == State::cached || state == State::skipped;
  return !has_ended_well || (state != State::skipped && !has_its_files(old.graph(), e));
}

void mark_what_needs_them(const graph::Graph& graph, std::vector<bool>& marks) {
  std::vector<std::uint32_t> open;
  for (std::uint32_t e = 0; e < marks.size(); ++e)
    if (marks[e]) open.push_back(e);
  while (!open.empty()) {
    const std::uint32_t e = open.back();
    open.pop_back();
    for (const std::uint32_t below : graph.successors(ElementId(e))) {
      if (marks[below]) continue;
      marks[below] = true;
      open.push_back(below);
    }
  }
}

/// From the events of one run to those of another.
class Carrier {
 public:
  Carrier(const StoredRun& old, const std::vector<bool>& again, scheduler::RunState& fresh,
          scheduler::Language* language)
      : old_(old), again_(again), fresh_(fresh), language_(language) {
    learn_ids();
  }

  std::vector<Event> all() {
    for (const Event& event : old_.events()) take(event);
    if (!keeps_any_) return {};
    put_around();
    return std::move(kept_);
  }

 private:
  void take(const Event& event) {
    switch (event.kind) {
      case EventKind::worker_joined: return keep(event);
      case EventKind::graph_grew: return grow(event);
      case EventKind::attempt_started:
      case EventKind::attempt_ended:
      case EventKind::output_given:
      case EventKind::service_ready:
        if (is_of_last_attempt(event)) keep_as_own(event);
        return;
      case EventKind::element_skipped:
        if (!again_[event.element.value()]) keep_as_own(event);
        return;
      default: return;
    }
  }

  [[nodiscard]] bool is_of_last_attempt(const Event& event) const {
    const ElementId e = event.element;
    return !again_[e.value()] && old_.state().state(e) == State::ok && event.attempt == old_.state().attempt(e) &&
           !old_.graph().task_of(e).runs_finally;
  }

  void keep_as_own(Event event) {
    event.element = own(event.element);
    if (event.element.is_valid()) keep(event);
  }

  void keep(const Event& event) {
    if (!scheduler::find_misfit(fresh_, event).empty()) return;
    // The value of an attempt that is left out. Of a short one only the end is recorded: then it is READY until that.
    if (event.kind == EventKind::output_given && !is_live(fresh_.state(event.element)) &&
        fresh_.state(event.element) != State::ready)
      return;
    effects_.clear();
    apply(fresh_, event, effects_);
    kept_.push_back(event);
    keeps_any_ = keeps_any_ || event.kind != EventKind::worker_joined;
  }

  /// The language says again what there was to run: its texts are those of the new run.
  void grow(const Event& event) {
    const ElementId expansion = own(event.element);
    if (language_ == nullptr || !expansion.is_valid() || event.maxrss_kb > 0) return;
    if (fresh_.graph().is_gate(expansion) || fresh_.state(expansion) != State::ready) return;
    const auto said = language_->expand(expansion, fresh_);
    const auto* growth = std::get_if<graph::Growth>(&said);
    if (growth == nullptr || !fresh_.graph().find_flaw(expansion, *growth).empty()) return;
    for (const Event& part : scheduler::events_of(*growth, expansion, event.start)) keep(part);
    learn_ids();
  }

  void learn_ids() {
    const graph::Graph& graph = fresh_.graph();
    for (; num_known_ < graph.num_elements(); ++num_known_)
      own_.emplace(std::string(graph.id(ElementId(num_known_))), num_known_);
  }

  [[nodiscard]] ElementId own(ElementId of_old) const {
    const auto found = own_.find(std::string(old_.graph().id(of_old)));
    return found == own_.end() ? ElementId() : ElementId(found->second);
  }

  /// A life that began with the first that is kept and ended with the last.
  void put_around() {
    Event begin = event_of(EventKind::run_started, kept_.front().start);
    Event end = event_of(EventKind::run_ended, kept_.front().start);
    for (const Event& event : old_.events())
      if (event.kind == EventKind::run_started && begin.text.empty()) begin.text = event.text;
    for (const Event& event : kept_) {
      begin.start = std::min(begin.start, event.start);
      end.start = std::max({end.start, event.start, event.end});
    }
    constexpr int kIncomplete = 4;
    end.exit = kIncomplete;
    end.text = fmt::format("kept of {}", old_.facts().run);
    kept_.insert(kept_.begin(), begin);
    kept_.push_back(end);
  }

  const StoredRun& old_;
  const std::vector<bool>& again_;
  scheduler::RunState& fresh_;
  scheduler::Language* language_;
  scheduler::Effects effects_;
  std::unordered_map<std::string, std::uint32_t> own_;
  std::uint32_t num_known_ = 0;
  std::vector<Event> kept_;
  bool keeps_any_ = false;
};

}  // namespace

std::vector<bool> elements_to_run_again(const StoredRun& old, const Again& again) {
  const graph::Graph& graph = old.graph();
  if (again.which == Again::Which::all) return std::vector<bool>(graph.num_elements(), true);
  std::vector<bool> marks(graph.num_elements());
  if (!again.patterns.empty()) marks = graph::meant_elements(graph, again.patterns);
  if (again.which == Again::Which::only) return marks;
  for (std::uint32_t e = 0; e < marks.size(); ++e)
    if (!graph.is_gate(ElementId(e)) && has_to_run_again(old, ElementId(e))) marks[e] = true;
  mark_what_needs_them(graph, marks);
  return marks;
}

std::vector<Event> carry_over(const StoredRun& old, const std::vector<bool>& again, scheduler::RunState& fresh,
                              scheduler::Language* language) {
  return Carrier(old, again, fresh, language).all();
}

}  // namespace fugle::app
