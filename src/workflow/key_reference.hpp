// The table of keys for people (KEYS.md) and for editors (JSON Schema, draft 2020-12).
#pragma once

#include <string>

namespace fugle::workflow {

/// As Markdown: a section for each map, with the keys that this version has.
[[nodiscard]] std::string key_reference();
/// Of a workflow file as an editor sees it: a number may be an expression or stand in quotes, as in the reader.
[[nodiscard]] std::string json_schema();

}  // namespace fugle::workflow
