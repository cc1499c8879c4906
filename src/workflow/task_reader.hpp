// Reads the keys of one task, merged with its templates and `defaults` already (templates.hpp), into a TaskNode. A null
// is the built-in default. A new key of the language is a row in keys.cpp, a row in the table of task_reader.cpp and a
// function; with a short form, also a row in merge.cpp.
#pragma once

#include <string_view>

#include "workflow/fields.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// The keys of `defaults` or of a template, for the tasks that get them: each is read by itself, and what is wrong is
/// said here, once; in its place is a broken node. E113 for keys that may not stand in `defaults`.
[[nodiscard]] const YamlNode* good_task_keys(const Reading& reading, const YamlNode& map, const Where& where);
/// A task whose name and place are set already.
void read_task(const Reading& reading, const YamlNode& node, TaskNode& into);

/// Whether a task key that this version has is read by a function here; for the test that holds both tables together.
[[nodiscard]] bool has_reader(std::string_view task_key);

}  // namespace fugle::workflow
