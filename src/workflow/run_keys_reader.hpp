// The keys that say how a run is watched and what it may not share: secrets, deadline, notify, concurrency.
#pragma once

#include "workflow/fields.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// Names of environment variables: of the top level, or those of them that a task is given.
void read_secrets(const Reading& reading, const Entry& entry, std::vector<SecretKey>& into);
/// E103 for a task that lists what the top level does not, E113 where `env` sets a variable of that name.
void check_secrets(const Reading& reading, const Workflow& workflow);
void read_deadline(const Reading& reading, const Entry& entry, DeadlineKey& into);
void read_notify(const Reading& reading, const Entry& entry, std::vector<NotifyKey>& into);
void read_concurrency(const Reading& reading, const Entry& entry, std::optional<ConcurrencyKey>& into);

}  // namespace fugle::workflow
