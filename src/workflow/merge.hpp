// Nodes that stand above one another (FORMAT.md section 4): a task over its templates over `defaults`, a file over
// those that it includes. Short forms are made long first, then maps are merged key by key; lists and scalars replace,
// and nothing (`~`) replaces too. Where only one of both says something its node stays as it is.
#pragma once

#include <cstdint>
#include <string_view>

#include "workflow/document.hpp"

namespace fugle::workflow {

/// What the maps are, which says what their short forms stand for.
enum class MapKind : std::uint8_t { task, named_tasks, params, other };

/// `over` wins. New nodes are the document's.
[[nodiscard]] const YamlNode* merged(Document& document, MapKind kind, const YamlNode& under, const YamlNode& over);

/// nullptr: the map has no such key. What is no map has none.
[[nodiscard]] const Entry* find_entry(const YamlNode& map, std::string_view key);

}  // namespace fugle::workflow
