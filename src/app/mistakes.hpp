// How mistakes in a workflow are shown: those in a file where they stand in it, those of a C++ program where it said
// so.
#pragma once

#include <cstdint>

#include "workflow/diagnostic.hpp"

namespace fugle::app {

enum class MistakeForm : std::uint8_t { text, json };

/// All of them, in the order of their places: as text to standard error, as JSON to standard output.
void print_mistakes(const workflow::Diagnostics& mistakes, MistakeForm form = MistakeForm::text);

/// Those that this program's own workflow can have and no file: of the calls that made it.
void add_own_mistakes(workflow::Diagnostics& mistakes);

}  // namespace fugle::app
