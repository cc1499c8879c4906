// The schema for editors, of key_reference.hpp: what each kind of value looks like, and what stands below which key.
#include <nlohmann/json.hpp>

#include "workflow/choices.hpp"
#include "workflow/key_reference.hpp"
#include "workflow/key_scopes.hpp"

namespace fugle::workflow {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kName = "^[A-Za-z_][A-Za-z0-9_-]{0,63}$";

Json reference(std::string_view word) { return {{"$ref", "#/$defs/" + std::string(word)}}; }
Json any_of(Json schemas) { return {{"anyOf", std::move(schemas)}}; }
Json list_of(Json items) { return {{"type", "array"}, {"items", std::move(items)}}; }
/// Quotes change nothing, and an expression may stand for the value.
Json text_like(const char* pattern) { return {{"type", "string"}, {"pattern", pattern}}; }

Json named(Json values) {
  return {{"type", "object"}, {"patternProperties", {{kName, std::move(values)}}}, {"additionalProperties", false}};
}

Json definitions_of_values() {
  return {
      {"expression", text_like("\\$\\{\\{")},
      {"scalar", {{"type", {"string", "number", "boolean"}}}},
      {"scalars", any_of({reference("scalar"), list_of(reference("scalar"))})},
      {"whole_number", any_of({{{"type", "integer"}}, text_like("^-?(0|[1-9][0-9]*)$"), reference("expression")})},
      {"number", any_of({{{"type", "number"}},
                         text_like("^-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?$"),
                         reference("expression")})},
      {"boolean", any_of({{{"type", "boolean"}}, text_like("^(true|false)$"), reference("expression")})},
      {"duration", any_of({text_like("^([0-9]+[dhms])+$"),
                           text_like("^([0-9]+-)?[0-9]+:[0-9]{2}:[0-9]{2}$"),
                           {{"type", "integer"}, {"const", 0}},
                           text_like("^0$"),
                           reference("expression")})},
      {"size", any_of({text_like("^[0-9]+(\\.[0-9]+)?[KMGTP](i?B)?$"),
                       {{"type", "integer"}, {"const", 0}},
                       text_like("^0$"),
                       reference("expression")})},
      {"text_map", named(reference("scalar"))},
  };
}

/// What stands below a key that is a map of keys, of names, or a short form for one.
Json inner(const Key& key) {
  const std::string_view name = key.name;
  if (key.scope == Scope::top) {
    if (name == "limits" || name == "slurm" || name == "report" || name == "defaults") return reference(name);
    if (name == "tasks" || name == "finally") return named(reference("task"));
    if (name == "templates") return named(reference("template"));
    if (name == "params") return named(any_of({reference("scalars"), reference("param")}));
    if (name == "triggers") return list_of(reference("trigger"));
    if (name == "notify") return list_of(reference("notify"));
    if (name == "concurrency") return reference(name);
    if (name == "pools") return named(reference("whole_number"));
    if (name == "outputs") return reference("text_map");
    if (name == "include") return reference("scalars");
  }
  if (key.scope == Scope::task) {
    if (name == "resources" || name == "restart" || name == "service" || name == "matrix") return reference(name);
    if (name == "inputs") return named(any_of({reference("scalars"), reference("input")}));
    if (name == "outputs") return named(any_of({reference("scalar"), reference("output")}));
    if (name == "metrics") return named(reference("metric"));
    if (name == "pools") return named(any_of({reference("whole_number"), reference("pool")}));
    if (name == "container") return any_of({reference("scalar"), reference("container")});
    if (name == "foreach") return any_of({reference("scalar"), {{"type", "array"}}});
    if (name == "extends") return reference("scalars");
    if (name == "when") return reference("scalar");  // the markers may be left out
  }
  if (key.scope == Scope::retries && name == "scale") return reference("scale");
  if (key.scope == Scope::report && (name == "rows" || name == "columns")) return reference("scalars");
  if (key.scope == Scope::metric && name == "hdf5") return any_of({reference("scalar"), reference("metric_hdf5")});
  if (key.type == KeyType::named_map && name == "env") return reference("text_map");
  return nullptr;
}

Json of_type(KeyType type) {
  switch (type) {
    case KeyType::whole_number: return reference("whole_number");
    case KeyType::number: return reference("number");
    case KeyType::boolean: return reference("boolean");
    case KeyType::duration: return reference("duration");
    case KeyType::size: return reference("size");
    case KeyType::name: return text_like(kName);
    case KeyType::text:
    case KeyType::word: return reference("scalar");
    case KeyType::words: return list_of(reference("scalar"));
    case KeyType::list: return {{"type", "array"}};
    case KeyType::map:
    case KeyType::named_map: return {{"type", "object"}};
    case KeyType::command: return reference("scalars");
    case KeyType::retry: return any_of({reference("whole_number"), reference("retries")});
    case KeyType::tolerance: return any_of({reference("whole_number"), text_like("^[0-9]+(\\.[0-9]+)?%$")});
    case KeyType::needs:
      return any_of({text_like(kName), list_of(text_like(kName)),
                     named(any_of({{{"enum", choices_of(Scope::need, "is")}}, reference("need")}))});
    case KeyType::any: return Json::object();
  }
  return Json::object();
}

Json value_of(const Key& key) {
  if (const auto choices = choices_of(key.scope, key.name); !choices.empty()) {
    const Json words = {{"enum", choices}};
    if (key.type == KeyType::words) return list_of(words);
    if (key.scope == Scope::task && key.name == "on_failure") return any_of({words, reference("on_failure")});
    return any_of({words, reference("expression")});
  }
  Json below = inner(key);
  return below.is_null() ? of_type(key.type) : below;
}

/// A key without a value is as one that is not there.
Json described(const Key& key, bool is_required) {
  Json value = is_required ? value_of(key) : any_of({value_of(key), {{"type", "null"}}});
  value["description"] = key.help;
  return value;
}

bool is_required(const Key& key) {
  return key.scope == Scope::top && (key.name == "version" || key.name == "name" || key.name == "tasks");
}

Json map_of(Scope scope, bool defaults_only = false) {
  Json properties = Json::object();
  for (const Key& key : keys_of(scope))
    if (key.is_built && (!defaults_only || key.is_in_defaults))
      properties[std::string(key.name)] = described(key, is_required(key));
  return {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
}

}  // namespace

std::string json_schema() {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "Fugleman workflow"}};
  Json definitions = definitions_of_values();
  for (const ScopeOfKeys& place : kScopes)
    if (place.scope != Scope::top) definitions[std::string(place.word)] = map_of(place.scope);
  definitions["defaults"] = map_of(Scope::task, true);
  definitions["template"] = map_of(Scope::task);
  // What else stands in a matrix is a variable with its values.
  definitions["matrix"].erase("additionalProperties");
  definitions["matrix"]["additionalProperties"] = any_of({reference("scalar"), {{"type", "array"}}});
  schema.update(map_of(Scope::top));
  schema["required"] = {"version", "name", "tasks"};
  schema["$defs"] = std::move(definitions);
  return schema.dump(2) + "\n";
}

}  // namespace fugle::workflow
