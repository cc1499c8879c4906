// The task key `metrics`: numbers taken from what an attempt prints.
#pragma once

#include <string_view>

#include "workflow/fields.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// A map of metrics, merged into those that are there; a null metric is taken out, a null map takes out all. Without a
/// tolerance a reference is only shown. `owner`: the name of the task, for messages.
void read_metrics(const Reading& reading, const Entry& entry, const Where& where, std::string_view owner,
                  std::vector<graph::Metric>& into);

}  // namespace fugle::workflow
