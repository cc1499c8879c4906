// The key `triggers`: what starts a run without a person. Reads what this version can act on, schedules and other
// runs; says so of the rest.
#pragma once

#include "workflow/fields.hpp"
#include "workflow/triggers.hpp"

namespace fugle::workflow {

/// E103 for kinds of triggers that are not built, E105 and E113 where a trigger has no kind or two.
void read_triggers(const Reading& reading, const Entry& entry, Triggers& into);

/// `ok`, `failed` or `done`; E112.
[[nodiscard]] std::optional<RunEnd> parse_run_end(std::string_view text, Position at, Diagnostics& diagnostics);
[[nodiscard]] const char* name_of(RunEnd end);
/// `none`, `latest` or `all`; E112.
[[nodiscard]] std::optional<CatchUp> parse_catch_up(std::string_view text, Position at, Diagnostics& diagnostics);
[[nodiscard]] const char* name_of(CatchUp catch_up);

}  // namespace fugle::workflow
