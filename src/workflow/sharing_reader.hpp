// The keys `pools`, of the workflow and of a task.
#pragma once

#include <vector>

#include "workflow/fields.hpp"

namespace fugle::workflow {

/// The pools that there are.
void read_pools(const Reading& reading, const Entry& entry, std::vector<PoolKey>& into);
/// What the elements of a task hold of them: `{dtn: 1}`, or `{dtn: {n: 1, until: end}}`.
void read_pool_uses(const Reading& reading, const Entry& entry, const Where& where, std::vector<PoolKey>& into);
/// E303 for a pool that is not there, or where numbers that are written out are more than it has.
void check_pool_names(const Reading& reading, const TaskNode& task, const std::vector<PoolKey>& pools);

/// "task a holds 5 of pool 'dtn', which has 4; it can never start"
[[nodiscard]] std::string too_many_tokens(std::string_view task, std::int64_t wanted, std::string_view pool,
                                          std::int64_t tokens);

}  // namespace fugle::workflow
