// From nodes of the document to fields of the workflow: the steps every key shares. Each reads one entry, reports what
// is wrong with it at its place, and leaves the field as it was then. Passes over broken nodes in silence, since they
// are reported already.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "workflow/diagnostic.hpp"
#include "workflow/document.hpp"
#include "workflow/keys.hpp"
#include "workflow/scalar.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

struct Reading {
  Document& document;
  Diagnostics& diagnostics;
  std::uint32_t file = 0;  ///< whose workflow is read; parts of it may come from others
};

/// The map a key stands in, for messages: "resources of task 'wrf'". Written out only when there is something to say.
struct Where {
  std::string_view kind;  ///< "task", "resources"; empty: the top level
  std::string_view name;
  const Where* outer = nullptr;

  [[nodiscard]] std::string describe() const;
};

/// E103 and nullptr for a key that is unknown, or known but not in this version.
[[nodiscard]] const Key* accept_key(const Reading& reading, Scope scope, const Entry& entry, const Where& where);
/// `what` as messages name it: "'foreach' is not in this version of fugle".
void refuse_unbuilt(const Reading& reading, std::string_view what, Position at);

/// "'cores' expects a whole number, got a list".
void refuse_shape(const Reading& reading, std::string_view key, std::string_view expected, const YamlNode& node);
/// Whether the node is a map, or a list; E104 otherwise. Null and broken nodes are neither, and no error.
[[nodiscard]] bool is_map_or_refuse(const Reading& reading, std::string_view key, const YamlNode& node);
[[nodiscard]] bool is_list_or_refuse(const Reading& reading, std::string_view key, const YamlNode& node);

/// Calls `use` with each scalar of a list; E104 for the other items, which should be `expected`.
template <class Use>
void for_each_scalar(const Reading& reading, std::string_view key, std::string_view expected, const YamlNode& list,
                     const Use& use) {
  for (const YamlNode* item : list.items) {
    if (item->is_scalar())
      use(*item);
    else if (item->kind != YamlNode::Kind::broken)
      refuse_shape(reading, key, expected, *item);
  }
}

/// For keys whose value is known before any expression: E104 when the text holds one.
[[nodiscard]] bool refuse_marker(const Reading& reading, std::string_view key, const YamlNode& node);

/// nullptr for null and broken nodes; E104 and nullptr for lists and maps.
[[nodiscard]] const YamlNode* scalar_of(const Reading& reading, const Entry& entry, KeyType type);
/// Plain text; null makes it empty.
void read_string(const Reading& reading, const Entry& entry, std::string& into);
/// Text that may hold expressions; null makes it unset.
void read_text(const Reading& reading, const Entry& entry, Boxed<Text>& into);
/// A map of environment variables, merged into those that are there; a null variable is taken out, a null map takes
/// out all.
void read_env(const Reading& reading, const Entry& entry, std::vector<EnvVar>& into);

/// A typed value: null resets it to `builtin`, a marker defers it, `parse(text, at, diagnostics)` judges the rest.
template <class T, class Parse>
void read_field(const Reading& reading, const Entry& entry, KeyType type, const Field<T>& builtin, Field<T>& into,
                const Parse& parse) {
  if (entry.value->is_null()) into = builtin;
  const YamlNode* scalar = scalar_of(reading, entry, type);
  if (scalar == nullptr) return;
  if (has_marker(scalar->text)) {
    into = builtin;
    into.expression = reading.document.text_of(*scalar);
    into.at = scalar->at;
  } else if (const auto value = parse(scalar->text, scalar->at, reading.diagnostics)) {
    into = {*value, std::nullopt, scalar->at};
  }
}

void read_int(const Reading& reading, const Entry& entry, const IntKey& key, const Field<std::int64_t>& builtin,
              Field<std::int64_t>& into);
void read_number(const Reading& reading, const Entry& entry, const NumberKey& key, const Field<double>& builtin,
                 Field<double>& into);
void read_bool(const Reading& reading, const Entry& entry, const Field<bool>& builtin, Field<bool>& into);
void read_duration(const Reading& reading, const Entry& entry, const Field<Duration>& builtin, Field<Duration>& into);

/// E102 for names of one map that become the same environment variable (`a-b` and `a_b`).
void check_environment_names(const Reading& reading, const YamlNode& map);

/// Puts a named item in the place of the one with its name, or at the end.
template <class T>
void merge_named(std::vector<T>& into, T item) {
  for (T& existing : into) {
    if (existing.name != item.name) continue;
    existing = std::move(item);
    return;
  }
  into.push_back(std::move(item));
}

}  // namespace fugle::workflow
