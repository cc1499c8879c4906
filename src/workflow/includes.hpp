// `include`: the templates, params, tasks and pools of other files under those of the file itself. What the file says
// wins, then what is included last. A file that is included on several ways counts once.
#pragma once

#include "workflow/fields.hpp"
#include "workflow/other_files.hpp"

namespace fugle::workflow {

/// The root of a file with all that it includes, and without `include`. E102 for a task that two files have, E108 for
/// files that are missing or include themselves, E113 for keys that an included file can not have.
[[nodiscard]] const YamlNode* with_includes(const Reading& reading, OtherFiles& files, const YamlNode& root);

/// False, after E106 or another message, for a file that this build can not read.
[[nodiscard]] bool accept_version(const Reading& reading, const Entry& version);

}  // namespace fugle::workflow
