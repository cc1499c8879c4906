// What a new run of the same workflow takes over from an earlier one: which elements run again, and of the others the
// events that say how they ended. These make the first life of the new run's journal; what follows is a resume like any
// other, so no state comes into a run by another way than through its journal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/stored_run.hpp"
#include "scheduler/language.hpp"

namespace fugle::app {

struct Again {
  enum class Which : std::uint8_t {
    all,
    failed,  ///< what is not OK or SKIPPED, or whose files are gone, and what needs that
    from,    ///< besides those, `patterns` and what needs them
    only,    ///< `patterns` and nothing else
  };
  Which which = Which::all;
  std::vector<std::string> patterns;  ///< as of --select
};

/// [element of `old`] Throws UsageError for a pattern that matches nothing.
[[nodiscard]] std::vector<bool> elements_to_run_again(const StoredRun& old, const Again& again);

/// The events of `old` by which the elements that do not run again came to their ends, as events of `fresh`, the state
/// of the new run, which they are applied to. The elements are found by their ids. What does not fit any more, since
/// something before it runs again, is left out: then it runs again too.
[[nodiscard]] std::vector<scheduler::Event> carry_over(const StoredRun& old, const std::vector<bool>& again,
                                                       scheduler::RunState& fresh, scheduler::Language* language);

}  // namespace fugle::app
