#include "workflow/foreach.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "workflow/matrix.hpp"
#include "workflow/scalar.hpp"

namespace fugle::workflow {
namespace {

constexpr std::string_view kId = "id";

bool is_pattern(std::string_view text) { return text.find_first_of("*?[") != std::string_view::npos; }

class ForeachCompiler {
 public:
  ForeachCompiler(const TaskNode& task, const Symbols& symbols, const Names& names, Diagnostics& diagnostics)
      : task_(task),
        symbols_(symbols),
        scope_(symbols, &task, {"foreach", Stage::plan, false}),
        names_(names),
        diagnostics_(diagnostics) {}

  /// nullopt when something was reported. Throws ExpressionError.
  std::optional<CompiledForeach> compile() {
    const ForeachKeys& keys = *task_.foreach;
    if (keys.text)
      compile_text(*keys.text);
    else
      compile_items(keys);
    if (!is_good_) return std::nullopt;
    if (foreach_.items.values.empty())
      fail("E205", fmt::format("foreach of '{}' has no elements", task_.name), keys.at);
    if (has_item_twice(keys)) return std::nullopt;
    return std::move(foreach_);
  }

 private:
  [[noreturn]] void fail(const char* code, std::string text, Position at) const {
    throw ExpressionError{code, std::move(text), {}, 0, at, is_doubtful_};
  }

  Value evaluated(const Text& text) {
    const auto compiled = TextTemplate::compile(text, scope_, diagnostics_);
    is_good_ = is_good_ && compiled.has_value();
    if (!compiled) return {};
    is_doubtful_ = is_doubtful_ || compiled->any_name([&](const Name& name) { return names_.is_doubtful(name); }) ||
                   (symbols_.check_only && compiled->asks_files());
    return compiled->value(names_);
  }

  void compile_text(const Text& text) {
    Value value;
    try {
      value = evaluated(text);
    } catch (const ExpressionError& error) {
      // What only a plan can know: one item stands for all, so that the rest of the task is looked at.
      if (!error.is_doubtful) throw;
      return take({Value(task_.name)}, true);
    }
    if (!is_good_) return;
    if (List* list = std::get_if<List>(&value.data)) {
      refuse_too_many(list->size(), text.at);
      return take(std::move(*list), is_doubtful_);
    }
    const auto* words = std::get_if<std::string>(&value.data);
    if (words != nullptr && looks_like_range(*words)) return take_range(*words, text.at);
    if (words != nullptr && is_pattern(*words)) return take_pattern(*words, text.at);
    fail("E403",
         fmt::format("'foreach' must be a list, a range like 1..8 or a pattern like data/*.nc, got {} {}",
                     type_name(value), to_text(value)),
         text.at);
  }

  void take_range(const std::string& text, Position at) {
    Diagnostics unheard(diagnostics_.file());
    const auto range = parse_range("foreach", text, at, is_doubtful_ ? unheard : diagnostics_);
    is_good_ = range.has_value();
    if (!range) return;
    refuse_too_many(range->count(), at);
    take(range->items(), is_doubtful_);
  }

  void take_pattern(const std::string& pattern, Position at) {
    if (symbols_.check_only) return take({Value(pattern)}, true);
    Value paths = names_.ask_files(FileQuestion::glob, pattern);
    List& list = std::get<List>(paths.data);
    if (list.empty())
      fail("E205", fmt::format("foreach of '{}' has no elements ('{}' matches nothing)", task_.name, pattern), at);
    refuse_too_many(list.size(), at);
    take(std::move(list), is_doubtful_);
  }

  void compile_items(const ForeachKeys& keys) {
    refuse_too_many(keys.items.size(), keys.at);
    if (keys.fields.empty()) {
      List values;
      values.reserve(keys.items.size());
      for (const Argument& item : keys.items) values.push_back(scalar(item));
      return take(std::move(values), is_doubtful_);
    }
    for (const std::string& name : keys.fields) foreach_.fields.emplace_back(name, List(keys.items.size()));
    for (std::size_t i = 0; i < keys.items.size(); ++i) take_map(keys.items[i], i);
    foreach_.items.is_doubtful = is_doubtful_;
  }

  Value scalar(const Argument& item) { return item.expression ? evaluated(*item.expression) : item.value; }

  Value value_of(const Argument& argument) {
    if (argument.kind == Argument::Kind::scalar) return scalar(argument);
    List list;
    for (const Argument& item : argument.items) list.push_back(scalar(item));
    return list;
  }

  /// Its id is the field of that name, else that of all it holds.
  void take_map(const Argument& map, std::size_t number) {
    std::string id, json;
    for (std::size_t f = 0; f < map.items.size(); ++f) {
      const auto place = std::ranges::find(foreach_.fields, map.names[f], &CompiledForeach::Field::first);
      Value& value = place->second[number];
      value = value_of(map.items[f]);
      if (map.names[f] == kId) id = to_text(value);
      json += fmt::format("{}{}:{}", f == 0 ? "{" : ",", json_text(map.names[f]), json_text(value));
    }
    json += '}';
    foreach_.items.id_parts.push_back(id_part(id.empty() ? json : id));
    foreach_.items.values.emplace_back(json);
    foreach_.items.texts.push_back(std::move(json));
  }

  void take(List values, bool is_doubtful) { foreach_.items = compiled_variable(std::move(values), is_doubtful); }

  void refuse_too_many(std::uint64_t count, Position at) const {
    if (count <= symbols_.max_expand) return;
    fail("E206",
         fmt::format("'{}' expands to {} elements, limits.max_expand is {}", task_.name, count, symbols_.max_expand),
         at);
  }

  bool has_item_twice(const ForeachKeys& keys) {
    std::unordered_set<std::string_view> seen;
    const auto& parts = foreach_.items.id_parts;
    const auto twice = std::ranges::find_if(parts, [&](const std::string& part) { return !seen.insert(part).second; });
    if (twice == parts.end() || is_doubtful_) return twice != parts.end();
    const auto number = static_cast<std::size_t>(twice - parts.begin());
    diagnostics_.error("E207", number < keys.item_at.size() ? keys.item_at[number] : keys.at,
                       fmt::format("element '{}[{}]' appears twice", task_.name, *twice));
    return true;
  }

  const TaskNode& task_;
  const Symbols& symbols_;
  PlaceScope scope_;
  const Names& names_;
  Diagnostics& diagnostics_;
  CompiledForeach foreach_;
  bool is_good_ = true;
  bool is_doubtful_ = false;
};

}  // namespace

std::optional<CompiledForeach> compile_foreach(const TaskNode& task, const Symbols& symbols, const Names& names,
                                               Diagnostics& diagnostics) {
  try {
    return ForeachCompiler(task, symbols, names, diagnostics).compile();
  } catch (const ExpressionError& error) {
    report(error, diagnostics);
    return std::nullopt;
  }
}

}  // namespace fugle::workflow
