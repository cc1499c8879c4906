// Plan: which element goes where and in what order of preference. A pure function of graph, machine and durations.
// A hint: work may move. Knows nothing of what has happened.
#pragma once

#include "plan/durations.hpp"
#include "plan/list_schedule.hpp"
#include "plan/lower_bound.hpp"
#include "plan/slot.hpp"
#include "plan/start_order.hpp"
