// How the tasks of a workflow came out in a run, as expressions ask for it: by number of the task and of its element.
// Looks at each element of the graph once, those that come while the run goes on too.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "workflow/compiled_task.hpp"
#include "workflow/knowledge.hpp"

namespace fugle::workflow {

class Outcomes {
 public:
  /// Both must outlive this.
  Outcomes(const Symbols& symbols, const std::vector<CompiledTask>& tasks, const Knowledge& knowledge);

  /// Elements that the graph has gained are known from now on.
  void look();
  /// How many elements of a task there are.
  [[nodiscard]] std::uint32_t num_elements(std::uint32_t task) const { return places_[task].count; }
  [[nodiscard]] ElementId element(std::uint32_t task, std::uint64_t index) const {
    return ElementId(places_[task].first + static_cast<std::uint32_t>(index));
  }
  /// The element of kind expansion that stands for them; invalid: there is none.
  [[nodiscard]] ElementId expansion(std::uint32_t task) const { return places_[task].expansion; }
  /// The task of an element, and its number among the elements of that task.
  [[nodiscard]] std::uint32_t task_of(ElementId element) const;
  [[nodiscard]] std::uint64_t index_of(ElementId element) const {
    return element.value() - places_[task_of(element)].first;
  }

  /// Without `index`: of the task as a whole (FORMAT.md section 8).
  [[nodiscard]] std::string status(std::uint32_t task, std::optional<std::uint64_t> index) const;
  /// Of a task: of the first element that failed, else 0. Null: none has run.
  [[nodiscard]] Value exit_code(std::uint32_t task, std::optional<std::uint64_t> index) const;
  /// OK or CACHED: it has made what it makes.
  [[nodiscard]] bool is_good(std::uint32_t task, std::uint64_t index) const;
  [[nodiscard]] bool has_ended(std::uint32_t task) const;
  /// More elements have failed than it tolerates; its first one that has. Invalid: it has not failed.
  [[nodiscard]] ElementId failed_element(std::uint32_t task) const;
  [[nodiscard]] const Knowledge& knowledge() const { return knowledge_; }

 private:
  struct Place {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    ElementId expansion{};
  };
  /// Calls `visit` with each element, or with what still stands for them.
  template <class Visit>
  void for_each_element(std::uint32_t task, Visit visit) const;
  [[nodiscard]] std::string status_of_all(std::uint32_t task) const;
  [[nodiscard]] std::optional<int> exit_code_of_all(std::uint32_t task) const;

  const Symbols& symbols_;
  const std::vector<CompiledTask>& tasks_;
  const Knowledge& knowledge_;
  std::vector<Place> places_;  ///< [task]
  std::uint32_t num_seen_ = 0;
  // Of tasks that have ended: asked for by each of many elements they must not be counted each time.
  mutable std::map<std::uint32_t, std::string> statuses_;
  mutable std::map<std::uint32_t, std::optional<int>> exit_codes_;
};

}  // namespace fugle::workflow
