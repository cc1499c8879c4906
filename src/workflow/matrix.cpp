#include "workflow/matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "base/text.hpp"
#include "workflow/scalar.hpp"

namespace fugle::workflow {
namespace {

constexpr std::size_t kMaxIdPart = 48;

bool is_id_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_.:+-").find(c) != std::string_view::npos;
}

class VariableCompiler {
 public:
  VariableCompiler(const TaskNode& task, const Symbols& symbols, const Names& names, Diagnostics& diagnostics)
      : task_(task), scope_(symbols, &task, {"matrix", Stage::load, false}), names_(names), diagnostics_(diagnostics) {}

  /// nullopt when compiling reported something. Throws ExpressionError.
  std::optional<CompiledVariable> compile(const MatrixVar& variable) {
    is_good_ = true;
    is_doubtful_ = false;
    List values = variable.expression ? listed(variable) : items_of(variable);
    if (!is_good_) return std::nullopt;
    if (values.empty()) {
      throw ExpressionError{
          "E205",      fmt::format("matrix of '{}' has no elements ('{}' is empty)", task_.name, variable.name),
          {},          0,
          variable.at, is_doubtful_};
    }
    return with_texts(std::move(values));
  }

 private:
  Value evaluated(const Text& text) {
    const auto compiled = TextTemplate::compile(text, scope_, diagnostics_);
    if (!compiled) {
      is_good_ = false;
      return {};
    }
    is_doubtful_ = is_doubtful_ || compiled->any_name([&](const Name& name) { return names_.is_doubtful(name); });
    return compiled->value(names_);
  }

  /// The values of a variable that is one text with markers: a list, or a range.
  List listed(const MatrixVar& variable) {
    Value value = evaluated(*variable.expression);
    if (!is_good_) return {};
    if (List* list = std::get_if<List>(&value.data)) return std::move(*list);
    const auto* text = std::get_if<std::string>(&value.data);
    if (text != nullptr && looks_like_range(*text)) return range_items(variable, *text);
    throw ExpressionError{
        "E403",
        fmt::format("matrix variable '{}' must be a list, got {} {}", variable.name, type_name(value), to_text(value)),
        {},
        0,
        variable.expression->at,
        is_doubtful_};
  }

  List range_items(const MatrixVar& variable, const std::string& text) {
    Diagnostics unheard(diagnostics_.file());
    const auto range = parse_range(variable.name, text, variable.expression->at, is_doubtful_ ? unheard : diagnostics_);
    is_good_ = range.has_value();
    if (!range) return {};
    if (range->count() > kMaxElements) too_many_elements(range->count(), variable.expression->at);
    return range->items();
  }

  List items_of(const MatrixVar& variable) {
    List values = variable.values;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto* text = std::get_if<std::string>(&values[i].data);
      if (text == nullptr || text->find("${{") == std::string::npos) continue;
      const Position at = i < variable.value_at.size() ? variable.value_at[i] : variable.at;
      values[i] = evaluated({*text, at, {}});
    }
    return values;
  }

  CompiledVariable with_texts(List values) const {
    CompiledVariable variable;
    variable.values = std::move(values);
    variable.is_doubtful = is_doubtful_;
    variable.texts.reserve(variable.values.size());
    variable.id_parts.reserve(variable.values.size());
    for (const Value& value : variable.values) {
      variable.texts.push_back(to_text(value));
      variable.id_parts.push_back(id_part(variable.texts.back()));
    }
    return variable;
  }

  const TaskNode& task_;
  PlaceScope scope_;
  const Names& names_;
  Diagnostics& diagnostics_;
  bool is_good_ = true;
  bool is_doubtful_ = false;
};

/// Elements are equal exactly where one variable has a value twice: the first such element is named.
bool has_element_twice(const TaskNode& task, const std::vector<CompiledVariable>& matrix, Diagnostics& diagnostics) {
  for (std::size_t v = 0; v < matrix.size(); ++v) {
    std::unordered_set<std::string_view> seen;
    const auto& parts = matrix[v].id_parts;
    const auto twice =
        std::find_if(parts.begin(), parts.end(), [&](const std::string& part) { return !seen.insert(part).second; });
    if (twice == parts.end()) continue;
    std::vector<std::string> id;
    for (std::size_t w = 0; w < matrix.size(); ++w) id.push_back(w == v ? *twice : matrix[w].id_parts.front());
    const auto place = static_cast<std::size_t>(twice - parts.begin());
    const auto& value_at = task.matrix[v].value_at;
    diagnostics.error("E207", place < value_at.size() ? value_at[place] : task.matrix[v].at,
                      fmt::format("element '{}[{}]' appears twice", task.name, join(id, ",")));
    return true;
  }
  return false;
}

}  // namespace

void too_many_elements(std::uint64_t elements, Position at) {
  throw ExpressionError{
      "E206",
      fmt::format("{} elements are too many (this version takes {}); split the workflow", elements, kMaxElements),
      {},
      0,
      at,
      false};
}

std::string id_part(std::string_view text) {
  if (text.size() <= kMaxIdPart && std::all_of(text.begin(), text.end(), is_id_char)) return std::string(text);
  return fmt::format("~{:08x}", hash_text(text) & 0xFFFFFFFFu);
}

std::optional<std::vector<CompiledVariable>> compile_matrix(const TaskNode& task, const Symbols& symbols,
                                                            const Names& names, Diagnostics& diagnostics) {
  VariableCompiler compiler(task, symbols, names, diagnostics);
  std::vector<CompiledVariable> matrix;
  for (const MatrixVar& variable : task.matrix) {
    try {
      if (auto compiled = compiler.compile(variable)) matrix.push_back(std::move(*compiled));
    } catch (const ExpressionError& error) {
      report(error, diagnostics);
    }
  }
  if (matrix.size() != task.matrix.size() || has_element_twice(task, matrix, diagnostics)) return std::nullopt;
  return matrix;
}

}  // namespace fugle::workflow
