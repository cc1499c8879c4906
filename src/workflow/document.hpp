// YAML and JSON files as trees of texts: nothing is typed yet, every node knows its place. Aliases are already
// replaced by what they name, so a node may be reached on several ways; keys of a map are unique. Knows nothing of
// workflows and shows nothing of the parser that made it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/source_text.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

struct YamlNode;

struct Entry {
  std::string key;
  Position at;
  const YamlNode* value = nullptr;
};

struct YamlNode {
  enum class Kind : std::uint8_t {
    null,  ///< plain `~`, `null` or nothing
    scalar,
    list,
    map,
    broken,  ///< already reported; readers pass over it in silence
  };
  Kind kind = Kind::null;
  bool is_quoted = false;  ///< scalar in quotes or a block scalar
  Position at;             ///< of an anchored node: the anchor; of an empty value: its key
  std::uint32_t offset = 0;
  std::string text;
  std::vector<const YamlNode*> items;
  std::vector<Entry> entries;

  [[nodiscard]] bool is_null() const { return kind == Kind::null; }
  [[nodiscard]] bool is_scalar() const { return kind == Kind::scalar; }
  [[nodiscard]] bool is_list() const { return kind == Kind::list; }
  [[nodiscard]] bool is_map() const { return kind == Kind::map; }
};

/// A workflow file and those that it includes and uses. Owns their nodes, and those that are made of them; they stay
/// where they are.
struct Document {
  std::vector<std::optional<SourceText>> sources;  ///< by the number of the file in positions
  std::deque<YamlNode> nodes;

  /// The text of a scalar with the places of its ${{ markers.
  [[nodiscard]] Text text_of(const YamlNode& scalar) const;
};

/// The root of the one document of a file, `file` in positions. E101 and E102 for what can not be read; nullptr when
/// nothing is left to look at.
[[nodiscard]] const YamlNode* parse_file(Document& document, std::string_view bytes, std::uint32_t file,
                                         Diagnostics& diagnostics);

}  // namespace fugle::workflow
