// The maps that keys stand in, in the order of the key reference.
#pragma once

#include "workflow/keys.hpp"

namespace fugle::workflow {

struct ScopeOfKeys {
  Scope scope;
  std::string_view word;   ///< of the schema's definitions
  std::string_view title;  ///< of the reference's sections
};

inline constexpr ScopeOfKeys kScopes[] = {
    {Scope::top, "workflow", "Top level"},
    {Scope::limits, "limits", "limits"},
    {Scope::slurm, "slurm", "slurm"},
    {Scope::task, "task", "A task"},
    {Scope::resources, "resources", "resources of a task"},
    {Scope::retries, "retries", "retries of a task"},
    {Scope::scale, "scale", "scale of retries"},
    {Scope::container, "container", "container of a task"},
    {Scope::restart, "restart", "restart of a task"},
    {Scope::service, "service", "service of a task"},
    {Scope::metric, "metric", "A metric of a task"},
    {Scope::metric_hdf5, "metric_hdf5", "hdf5 of a metric"},
    {Scope::report, "report", "report"},
    {Scope::need, "need", "A need of a task"},
    {Scope::matrix, "matrix", "matrix of a task, beside its variables"},
    {Scope::param, "param", "A parameter"},
    {Scope::input, "input", "An input of a task"},
    {Scope::output, "output", "An output of a task"},
    {Scope::trigger, "trigger", "A trigger"},
    {Scope::notify, "notify", "An entry of notify"},
    {Scope::concurrency, "concurrency", "concurrency"},
    {Scope::on_failure, "on_failure", "on_failure of a task"},
    {Scope::pool, "pool", "A pool of a task"},
};

}  // namespace fugle::workflow
