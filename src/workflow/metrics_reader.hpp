// The task key `metrics`: numbers taken from what an attempt prints, or writes into an HDF5 file.
#pragma once

#include <string_view>

#include "workflow/fields.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// A map of metrics, merged into those that are there; a null metric is taken out, a null map takes out all. Without a
/// tolerance a reference is only shown. `owner`: the name of the task, for messages.
void read_metrics(const Reading& reading, const Entry& entry, const Where& where, std::string_view owner,
                  std::vector<MetricNode>& into);
/// Once all of the task is known: which of its outputs a dataset is in. E402, E105.
void check_metrics(const Reading& reading, TaskNode& task);

}  // namespace fugle::workflow
