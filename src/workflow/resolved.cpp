#include "workflow/resolved.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "workflow/merge.hpp"
#include "workflow/scalar.hpp"

namespace fugle::workflow {
namespace {

using Json = nlohmann::ordered_json;

std::string origin_of(const YamlNode& node, const Diagnostics& diagnostics) {
  if (node.at.line == 0) return "command line";
  return fmt::format("{}:{}", diagnostics.files()[node.at.file], node.at.line);
}

/// A word that every reader of YAML takes for the same text, or number, that it is.
bool is_plain(const YamlNode& scalar) {
  constexpr std::string_view kInside = "_./+-";
  const std::string& text = scalar.text;
  const auto is_alnum = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  };
  const auto is_allowed = [&](char c) { return is_alnum(c) || kInside.find(c) != std::string_view::npos; };
  if (scalar.is_quoted || text.empty() || !std::ranges::all_of(text, is_allowed)) return false;
  if (to_number(text)) return true;
  return is_alnum(text.front()) && !std::ranges::any_of(std::initializer_list<std::string_view>{"null", "Null", "NULL"},
                                                        [&](std::string_view word) { return text == word; });
}

std::string in_double_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += fmt::format("\\{}", c);
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (byte < 0x20 || byte == 0x7F)
      out += fmt::format("\\x{:02X}", byte);
    else
      out += c;
  }
  return out + '"';
}

/// Lines that can stand as they are below "|".
bool can_be_block(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || text.ends_with("\n\n") || text.front() == '\n') return false;
  if (text.front() == ' ' || text.front() == '\t') return false;
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\n' || c == '\t' || (byte >= 0x20 && byte != 0x7F);
  });
}

class YamlPrinter {
 public:
  explicit YamlPrinter(const Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  std::string print(const YamlNode& root) {
    add_entries(root, 0);
    return std::move(out_);
  }

 private:
  void add_entries(const YamlNode& map, std::size_t depth) {
    for (const Entry& entry : map.entries) {
      out_.append(2 * depth, ' ');
      add_key(entry.key);
      add_value(*entry.value, depth + 1);
    }
  }

  void add_key(const std::string& key) {
    YamlNode word;
    word.text = key;
    out_ += is_plain(word) ? key : in_double_quotes(key);
    out_ += ':';
  }

  /// What comes behind "key:" or "-", with the end of the line.
  void add_value(const YamlNode& node, std::size_t depth) {
    if (node.is_map() && !node.entries.empty()) {
      out_ += '\n';
      return add_entries(node, depth);
    }
    if (node.is_list() && !node.items.empty()) {
      out_ += '\n';
      for (const YamlNode* item : node.items) {
        out_.append(2 * depth, ' ');
        out_ += '-';
        add_value(*item, depth + 1);
      }
      return;
    }
    const bool is_block = node.is_scalar() && can_be_block(node.text);
    out_ += ' ';
    out_ += is_block ? std::string(node.text.ends_with('\n') ? "|" : "|-") : leaf(node);
    out_ += fmt::format("  # {}\n", origin_of(node, diagnostics_));
    if (is_block) add_lines(node.text, depth);
  }

  static std::string leaf(const YamlNode& node) {
    switch (node.kind) {
      case YamlNode::Kind::scalar: return is_plain(node) ? node.text : in_double_quotes(node.text);
      case YamlNode::Kind::list: return "[]";
      case YamlNode::Kind::map: return "{}";
      case YamlNode::Kind::null:
      case YamlNode::Kind::broken: break;
    }
    return "~";
  }

  void add_lines(std::string_view text, std::size_t depth) {
    if (text.ends_with('\n')) text.remove_suffix(1);
    for (const std::string_view line : split(text, '\n')) {
      if (!line.empty()) out_.append(2 * depth, ' ');
      out_ += line;
      out_ += '\n';
    }
  }

  const Diagnostics& diagnostics_;
  std::string out_;
};

Json json_of(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::scalar: break;
    case YamlNode::Kind::list: {
      Json list = Json::array();
      for (const YamlNode* item : node.items) list.push_back(json_of(*item));
      return list;
    }
    case YamlNode::Kind::map: {
      Json map = Json::object();
      for (const Entry& entry : node.entries) map[entry.key] = json_of(*entry.value);
      return map;
    }
    case YamlNode::Kind::null:
    case YamlNode::Kind::broken: return nullptr;
  }
  const Value value = untyped_scalar(node.text, node.is_quoted);
  if (const auto* whole = std::get_if<std::int64_t>(&value.data)) return *whole;
  if (const auto* number = std::get_if<double>(&value.data)) return *number;
  if (const auto* truth = std::get_if<bool>(&value.data)) return *truth;
  return node.text;
}

std::string pointer_part(std::string_view key) {
  std::string part = "/";
  for (const char c : key) part += c == '~' ? std::string("~0") : c == '/' ? std::string("~1") : std::string(1, c);
  return part;
}

void add_origins(const YamlNode& node, const std::string& pointer, const Diagnostics& diagnostics, Json& origins) {
  if (node.is_map() && !node.entries.empty()) {
    for (const Entry& entry : node.entries)
      add_origins(*entry.value, pointer + pointer_part(entry.key), diagnostics, origins);
  } else if (node.is_list() && !node.items.empty()) {
    for (std::size_t i = 0; i < node.items.size(); ++i)
      add_origins(*node.items[i], fmt::format("{}/{}", pointer, i), diagnostics, origins);
  } else {
    origins[pointer] = origin_of(node, diagnostics);
  }
}

YamlNode& new_scalar(Document& document, std::string_view text, bool is_quoted) {
  YamlNode& node = document.nodes.emplace_back();
  node.kind = YamlNode::Kind::scalar;
  node.text = text;
  node.is_quoted = is_quoted;
  return node;
}

/// As `-p` gives it. A text that looks like a number is to stay a text.
const YamlNode& node_of(Document& document, const Param& param, const std::string& text) {
  if (param.type != ParamType::list)
    return new_scalar(document, text, param.type == ParamType::string || param.type == ParamType::path);
  YamlNode list;
  list.kind = YamlNode::Kind::list;
  if (!text.empty())
    for (const std::string_view item : split(text, ',')) list.items.push_back(&new_scalar(document, item, false));
  return document.nodes.emplace_back(std::move(list));
}

}  // namespace

void put_params(Resolved& resolved, const Workflow& workflow, const YamlNode* params_file,
                const std::vector<std::pair<std::string, std::string>>& command_line) {
  YamlNode values;
  values.kind = YamlNode::Kind::map;
  const auto put = [&](const std::string& name, const YamlNode& value) {
    const auto known = std::ranges::find(values.entries, name, &Entry::key);
    if (known == values.entries.end())
      values.entries.push_back({name, value.at, &value});
    else
      known->value = &value;
  };
  if (params_file != nullptr)
    for (const Entry& entry : params_file->entries)
      if (!entry.value->is_null()) put(entry.key, *entry.value);
  for (const auto& [name, text] : command_line)
    if (const auto param = std::ranges::find(workflow.params, name, &Param::name); param != workflow.params.end())
      put(name, node_of(resolved.document, *param, text));
  YamlNode root = *resolved.root;
  for (Entry& entry : root.entries)
    if (entry.key == "params" && entry.value->is_map())
      entry.value = merged(resolved.document, MapKind::params, *entry.value, values);
  resolved.root = &resolved.document.nodes.emplace_back(std::move(root));
}

std::string resolved_yaml(const Resolved& resolved, const Diagnostics& diagnostics) {
  return YamlPrinter(diagnostics).print(*resolved.root);
}

std::string resolved_json(const Resolved& resolved, const Diagnostics& diagnostics) {
  Json origins = Json::object();
  add_origins(*resolved.root, "", diagnostics, origins);
  const Json whole{{"workflow", json_of(*resolved.root)},
                   {"origins", std::move(origins)},
                   {"diagnostics", Json::parse(diagnostics.to_json())}};
  return whole.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace fugle::workflow
