// A workflow as a page in Markdown, for people who have to run it.
#pragma once

#include <string>

#include "app/drawing.hpp"
#include "workflow/workflow.hpp"

namespace fugle::app {

[[nodiscard]] std::string docs_of(const workflow::Workflow& workflow, const Drawing& tasks);

}  // namespace fugle::app
