// A workflow file that has been edited since its run began: the run goes on with what was kept, and says so.
#pragma once

#include <cstdint>
#include <string>

namespace fugle::app {

enum class EditedFile : std::uint8_t { same, other_texts, other_shape };

/// Says on standard error what is different now. `other_shape`: there are other elements now, or these need others.
/// `same` also where the file is gone or was standard input, or nobody knows what it was.
EditedFile warn_of_edits(const std::string& run_dir);

}  // namespace fugle::app
