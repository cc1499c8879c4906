#include "workflow/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace fugle::workflow {
namespace {

std::string_view prefix_of(Scope scope) {
  switch (scope) {
    case Scope::limits: return "limits.";
    case Scope::slurm: return "slurm.";
    case Scope::resources: return "resources.";
    case Scope::retries: return "retries.";
    case Scope::restart: return "restart.";
    case Scope::scale: return "retries.scale.";
    case Scope::container: return "container.";
    case Scope::service: return "service.";
    case Scope::metric: return "metrics.";
    case Scope::metric_hdf5: return "hdf5.";
    case Scope::report: return "report.";
    case Scope::need: return "needs.";
    case Scope::matrix: return "matrix.";
    case Scope::input: return "inputs.";
    case Scope::output: return "outputs.";
    case Scope::trigger: return "triggers.";
    case Scope::notify: return "notify.";
    case Scope::concurrency: return "concurrency.";
    case Scope::on_failure: return "on_failure.";
    case Scope::pool: return "pools.";
    case Scope::top:
    case Scope::task:
    case Scope::param: break;
  }
  return "";
}

std::string got(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::list: return "a list";
    case YamlNode::Kind::map: return "a map";
    case YamlNode::Kind::scalar: return in_quotes(node.text);
    case YamlNode::Kind::null:
    case YamlNode::Kind::broken: break;
  }
  return "nothing";
}

bool check_env_name(const Reading& reading, const Entry& entry) {
  if (!entry.key.empty() && entry.key.find('=') == std::string::npos) return true;
  reading.diagnostics.error("E107", entry.at,
                            fmt::format("environment name {} can not be empty or hold =", in_quotes(entry.key)));
  return false;
}

}  // namespace

std::string Where::describe() const {
  std::string text(kind);
  if (!name.empty()) text += fmt::format(" {}", in_quotes(name));
  return outer == nullptr ? text : fmt::format("{} of {}", text, outer->describe());
}

void refuse_unbuilt(const Reading& reading, std::string_view what, Position at) {
  reading.diagnostics.error("E103", at, fmt::format("'{}' is not in this version of fugle", what));
}

const Key* accept_key(const Reading& reading, Scope scope, const Entry& entry, const Where& where) {
  const Key* key = find_key(scope, entry.key);
  if (key == nullptr) {
    UnknownKey unknown = describe_unknown_key(scope, entry.key, where.describe());
    reading.diagnostics.error("E103", entry.at, std::move(unknown.text), std::move(unknown.suggestion));
  } else if (!key->is_built) {
    refuse_unbuilt(reading, fmt::format("{}{}", prefix_of(scope), entry.key), entry.at);
    return nullptr;
  }
  return key;
}

void refuse_shape(const Reading& reading, std::string_view key, std::string_view expected, const YamlNode& node) {
  reading.diagnostics.error("E104", node.at, fmt::format("{} expects {}, got {}", in_quotes(key), expected, got(node)));
}

bool is_map_or_refuse(const Reading& reading, std::string_view key, const YamlNode& node) {
  if (node.is_scalar() || node.is_list()) refuse_shape(reading, key, "a map", node);
  return node.is_map();
}

bool is_list_or_refuse(const Reading& reading, std::string_view key, const YamlNode& node) {
  if (node.is_scalar() || node.is_map()) refuse_shape(reading, key, "a list", node);
  return node.is_list();
}

bool refuse_marker(const Reading& reading, std::string_view key, const YamlNode& node) {
  if (!has_marker(node.text)) return false;
  reading.diagnostics.error("E104", node.at, fmt::format("{} takes no ${{{{ }}}} expression", in_quotes(key)));
  return true;
}

const YamlNode* scalar_of(const Reading& reading, const Entry& entry, KeyType type) {
  const YamlNode& node = *entry.value;
  if (node.is_list() || node.is_map()) refuse_shape(reading, entry.key, expectation(type), node);
  return node.is_scalar() ? &node : nullptr;
}

void read_string(const Reading& reading, const Entry& entry, std::string& into) {
  if (entry.value->is_null()) into.clear();
  if (const YamlNode* scalar = scalar_of(reading, entry, KeyType::text)) into = scalar->text;
}

void read_text(const Reading& reading, const Entry& entry, Boxed<Text>& into) {
  if (entry.value->is_null()) into.reset();
  if (const YamlNode* scalar = scalar_of(reading, entry, KeyType::text)) into = reading.document.text_of(*scalar);
}

void read_env(const Reading& reading, const Entry& entry, std::vector<EnvVar>& into) {
  if (entry.value->is_null()) into.clear();
  if (!is_map_or_refuse(reading, entry.key, *entry.value)) return;
  for (const Entry& variable : entry.value->entries) {
    if (!check_env_name(reading, variable)) continue;
    if (variable.value->is_null())
      std::erase_if(into, [&](const EnvVar& existing) { return existing.name == variable.key; });
    if (const YamlNode* scalar = scalar_of(reading, variable, KeyType::text))
      merge_named(into, EnvVar{variable.key, variable.at, reading.document.text_of(*scalar)});
  }
}

void read_int(const Reading& reading, const Entry& entry, const IntKey& key, const Field<std::int64_t>& builtin,
              Field<std::int64_t>& into) {
  read_field(reading, entry, KeyType::whole_number, builtin, into,
             [&](std::string_view text, Position at, Diagnostics& d) { return parse_int(key, text, at, d); });
}

void read_number(const Reading& reading, const Entry& entry, const NumberKey& key, const Field<double>& builtin,
                 Field<double>& into) {
  read_field(reading, entry, KeyType::number, builtin, into,
             [&](std::string_view text, Position at, Diagnostics& d) { return parse_number(key, text, at, d); });
}

void read_bool(const Reading& reading, const Entry& entry, const Field<bool>& builtin, Field<bool>& into) {
  read_field(reading, entry, KeyType::boolean, builtin, into,
             [&](std::string_view text, Position at, Diagnostics& d) { return parse_bool(entry.key, text, at, d); });
}

void read_duration(const Reading& reading, const Entry& entry, const Field<Duration>& builtin, Field<Duration>& into) {
  read_field(reading, entry, KeyType::duration, builtin, into, parse_duration);
}

void check_environment_names(const Reading& reading, const YamlNode& map) {
  std::unordered_map<std::string, const Entry*> seen;
  for (const Entry& entry : map.entries) {
    std::string variable = entry.key;
    std::ranges::replace(variable, '-', '_');
    const auto [first, is_new] = seen.emplace(std::move(variable), &entry);
    if (is_new) continue;
    reading.diagnostics.error(
        "E102", entry.at,
        fmt::format("duplicate key {} (first at {}, as {}: the same environment variable)", in_quotes(entry.key),
                    reading.diagnostics.in_words(first->second->at, entry.at), in_quotes(first->second->key)));
  }
}

}  // namespace fugle::workflow
