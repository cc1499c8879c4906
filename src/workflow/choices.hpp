// The words that keys of a few words take, beside the table of keys: for the editor schema and the key reference.
// tests/cli/schema_test.py holds them against what the reader refuses and lists.
#pragma once

#include <span>
#include <string_view>

#include "workflow/keys.hpp"

namespace fugle::workflow {

/// Empty: not a key of a few words, or one that takes others besides (a path, a template).
[[nodiscard]] std::span<const std::string_view> choices_of(Scope scope, std::string_view key);

}  // namespace fugle::workflow
