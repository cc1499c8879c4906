// What can be said before the run of how tasks will come out: which may be skipped, which lists may lack elements,
// which tasks get their elements or their texts only while the run goes on. From the tasks above to those below.
#pragma once

#include <vector>

#include "workflow/compiled_task.hpp"

namespace fugle::workflow {

/// Fills CompiledTask::prospect of all tasks, among which there is no cycle.
void find_prospects(std::vector<CompiledTask>& tasks);

/// How `needs` or a reference has it: the condition under which `task` goes on after `above`.
[[nodiscard]] Need::Kind condition_of(const CompiledTask& task, std::uint32_t above);
/// Number in `needs` of the entry that says `each` of that task.
[[nodiscard]] std::optional<std::size_t> each_of(const CompiledTask& task, std::uint32_t above);
/// Whether what a name stands for in a text of the task is known only when its needs are met. `is_soft`: where it is
/// missing, default() has something else.
[[nodiscard]] bool is_late(const std::vector<CompiledTask>& tasks, const CompiledTask& task, const Name& name,
                           bool is_soft);
[[nodiscard]] bool is_late(const std::vector<CompiledTask>& tasks, const CompiledTask& task, const TextTemplate& text);

}  // namespace fugle::workflow
