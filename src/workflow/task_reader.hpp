// Reads one entry of `tasks`, or `defaults`, into a TaskNode that already holds what it inherits: maps are merged key
// by key, lists and scalars replaced, null goes back to the built-in default. A new key of the language is a row in
// keys.cpp, a row in the table of task_reader.cpp and a function.
#pragma once

#include <string_view>

#include "workflow/fields.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// `defaults` as the start of every task. E113 for keys that may not stand there.
void read_defaults(const Reading& reading, const YamlNode& node, TaskNode& into);
/// A task whose name and place are set already.
void read_task(const Reading& reading, const YamlNode& node, TaskNode& into);
/// The key where it stands at top level too: the default of all tasks.
void read_on_failure(const Reading& reading, const Entry& entry, Field<graph::OnFailure>& into);

/// Whether a task key that this version has is read by a function here; for the test that holds both tables together.
[[nodiscard]] bool has_reader(std::string_view task_key);

}  // namespace fugle::workflow
