#include "workflow/files_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace fugle::workflow {
namespace {

/// One named input or output.
class FileReader {
 public:
  FileReader(const Reading& reading, const Entry& named, const Where& where, std::string_view owner)
      : reading_(reading), named_(named), where_(where), owner_(owner) {}

  Input read_input() {
    Input input{named_.key, named_.at, {}, false};
    if (named_.value->is_map())
      read_keys("input", Scope::input, [&](const Entry& entry) { input_paths(entry, input); });
    else
      input_paths(named_, input);
    return input;
  }

  Output read_output() {
    Output output{named_.key, named_.at, {}, graph::OutputKind::file};
    if (named_.value->is_map())
      read_output_keys(output);
    else
      output_path(named_, output);
    return output;
  }

 private:
  template <class ReadPath>
  void read_keys(std::string_view kind, Scope scope, const ReadPath& read_path) {
    const Where here{kind, named_.key, &where_};
    std::string description;
    bool is_accounted_for = false;
    for (const Entry& entry : named_.value->entries) {
      const Key* key = accept_key(reading_, scope, entry, here);
      // A refused key may have been meant as the path.
      if (key == nullptr)
        is_accounted_for = true;
      else if (key->name == "path")
        read_path(entry), is_accounted_for = true;
      else if (key->name == "description")
        read_string(reading_, entry, description);
    }
    if (!is_accounted_for) refuse_missing_path(kind);
  }

  /// A file has a path; a list or document may come from a file, a value never does.
  void read_output_keys(Output& output) {
    const Where here{"output", named_.key, &where_};
    std::string description;
    const Entry *path = nullptr, *from = nullptr;
    bool is_refused = false;
    for (const Entry& entry : named_.value->entries) {
      const Key* key = accept_key(reading_, Scope::output, entry, here);
      // A refused key may have been meant as the path.
      if (key == nullptr)
        is_refused = true;
      else if (key->name == "path")
        path = &entry;
      else if (key->name == "from")
        from = &entry;
      else if (key->name == "description")
        read_string(reading_, entry, description);
      else if (!read_kind(entry, output.kind))
        is_refused = true;
    }
    const bool is_file = output.kind == graph::OutputKind::file;
    if (path != nullptr && !is_file) refuse_key(*path, is_refused, "file");
    if (from != nullptr && (is_file || output.kind == graph::OutputKind::value)) refuse_key(*from, is_refused, "list and json");
    if (path != nullptr && is_file) output_path(*path, output);
    if (from != nullptr && !is_file) output_path(*from, output);
    if (path == nullptr && is_file && !is_refused) refuse_missing_path("output");
  }

  void refuse_key(const Entry& entry, bool is_refused, std::string_view belongs_to) {
    if (is_refused) return;
    reading_.diagnostics.error(
        "E113", entry.at,
        fmt::format("{} is not allowed here: it belongs to outputs of type {}", in_quotes(entry.key), belongs_to));
  }

  void input_paths(const Entry& entry, Input& input) {
    const YamlNode& node = *entry.value;
    if (node.is_map()) return refuse_shape(reading_, entry.key, "a path or a list of paths", node);
    if (is_empty(node)) return refuse_missing_path("input");
    input.is_list = node.is_list();
    if (node.is_scalar()) input.paths.push_back(reading_.document.text_of(node));
    for_each_scalar(reading_, entry.key, "paths in its list", node, [&](const YamlNode& item) {
      if (is_empty(item))
        refuse_shape(reading_, entry.key, "paths in its list", item);
      else
        input.paths.push_back(reading_.document.text_of(item));
    });
  }

  void output_path(const Entry& entry, Output& output) {
    const YamlNode& node = *entry.value;
    if (node.is_list() || node.is_map()) return refuse_shape(reading_, entry.key, "a path", node);
    if (is_empty(node)) return refuse_missing_path("output");
    if (node.is_scalar()) output.path = reading_.document.text_of(node);
  }

  bool read_kind(const Entry& entry, graph::OutputKind& kind) {
    using graph::OutputKind;
    static constexpr std::string_view kTypes[] = {"file", "dir", "hdf5", "value", "list", "json", "append"};
    static constexpr std::pair<std::string_view, OutputKind> kBuilt[] = {{"file", OutputKind::file},
                                                                         {"value", OutputKind::value},
                                                                         {"list", OutputKind::list},
                                                                         {"json", OutputKind::json}};
    if (entry.value->is_null()) return true;
    const YamlNode* scalar = scalar_of(reading_, entry, KeyType::word);
    if (scalar == nullptr) return false;
    for (const auto& [name, built] : kBuilt)
      if (scalar->text == name) return kind = built, true;
    if (std::ranges::find(kTypes, scalar->text) != std::end(kTypes))
      refuse_unbuilt(reading_, fmt::format("outputs.type: {}", scalar->text), scalar->at);
    else
      reading_.diagnostics.error(
          "E112", scalar->at, fmt::format("'type' is {}; one of {}", in_quotes(scalar->text), fmt::join(kTypes, ", ")),
          std::string(nearest_word(scalar->text, kTypes).value_or("")));
    return false;
  }

  static bool is_empty(const YamlNode& node) { return node.is_null() || (node.is_scalar() && node.text.empty()); }

  void refuse_missing_path(std::string_view kind) {
    reading_.diagnostics.error("E105", named_.at,
                               fmt::format("{} {} of {} has no path", kind, in_quotes(named_.key), in_quotes(owner_)));
  }

  const Reading& reading_;
  const Entry& named_;
  const Where& where_;
  std::string_view owner_;
};

/// Calls `read` with each entry of the map that has a good name.
template <class Read>
void for_each_named(const Reading& reading, const Entry& entry, const Read& read) {
  if (!is_map_or_refuse(reading, entry.key, *entry.value)) return;
  check_environment_names(reading, *entry.value);
  for (const Entry& named : entry.value->entries)
    if (check_name(named.key, named.at, reading.diagnostics)) read(named);
}

}  // namespace

std::vector<Input> read_inputs(const Reading& reading, const Entry& entry, const Where& where, std::string_view owner) {
  std::vector<Input> inputs;
  for_each_named(reading, entry,
                 [&](const Entry& named) { inputs.push_back(FileReader(reading, named, where, owner).read_input()); });
  return inputs;
}

std::vector<Output> read_outputs(const Reading& reading, const Entry& entry, const Where& where,
                                 std::string_view owner) {
  std::vector<Output> outputs;
  for_each_named(reading, entry, [&](const Entry& named) {
    outputs.push_back(FileReader(reading, named, where, owner).read_output());
  });
  return outputs;
}

}  // namespace fugle::workflow
