#include "workflow/matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
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

  /// A value of `include` or `exclude`; nullopt when compiling reported something. Throws ExpressionError.
  std::optional<Value> field(const MatrixPoint::Field& field, bool& is_doubtful) {
    const auto* text = std::get_if<std::string>(&field.value.data);
    if (text == nullptr || text->find("${{") == std::string::npos) return field.value;
    is_good_ = true;
    is_doubtful_ = false;
    Value value = evaluated({*text, field.at, {}});
    is_doubtful = is_doubtful || is_doubtful_;
    if (!is_good_) return std::nullopt;
    return value;
  }

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
    return compiled_variable(std::move(values), is_doubtful_);
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
    for (std::size_t w = 0; w < matrix.size(); ++w)
      if (!task.matrix[w].is_field) id.push_back(w == v ? *twice : matrix[w].id_parts.front());
    const auto place = static_cast<std::size_t>(twice - parts.begin());
    const auto& value_at = task.matrix[v].value_at;
    diagnostics.error("E207", place < value_at.size() ? value_at[place] : task.matrix[v].at,
                      fmt::format("element '{}[{}]' appears twice", task.name, join(id, ",")));
    return true;
  }
  return false;
}

using Digits = std::vector<std::uint32_t>;

/// The product of the lists with `exclude` and `include` applied.
class PointMaker {
 public:
  PointMaker(const TaskNode& task, VariableCompiler& compiler, std::vector<CompiledVariable>& variables,
             Diagnostics& diagnostics)
      : task_(task),
        compiler_(compiler),
        variables_(variables),
        diagnostics_(diagnostics),
        width_(variables.size()),
        numbers_(width_) {
    for (std::size_t v = 0; v < width_; ++v) {
      if (!task.matrix[v].is_field) num_listed_ = v + 1;
      for (std::uint32_t i = 0; i < variables[v].texts.size(); ++i) numbers_[v].emplace(variables[v].texts[i], i);
    }
  }

  /// nullopt when something was reported. Throws ExpressionError.
  std::optional<Digits> make() {
    add_product();
    for (const MatrixPoint& point : task_.matrix_exclude) exclude(point);
    remove_excluded();
    num_original_ = num_points();
    for (const MatrixPoint& point : task_.matrix_include) include(point);
    if (!is_good_ || has_point_twice()) return std::nullopt;
    if (points_.empty())
      throw ExpressionError{"E205",
                            fmt::format("matrix of '{}' has no elements (all points are excluded)", task_.name),
                            {},
                            0,
                            task_.matrix.front().at,
                            is_doubtful_};
    return std::move(points_);
  }

 private:
  /// What a map of `include` or `exclude` says.
  struct Fields {
    Digits listed;  ///< of variables with lists: [variable] number of the value; kNoValue: any
    bool names_listed = false;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> others;  ///< of fields: variable and number of the value
  };

  [[nodiscard]] std::size_t num_points() const { return width_ == 0 ? 0 : points_.size() / width_; }

  void add_product() {
    if (num_listed_ == 0) return;
    std::uint64_t count = 1;
    for (std::size_t v = 0; v < num_listed_; ++v)
      if (__builtin_mul_overflow(count, variables_[v].values.size(), &count)) count = ~std::uint64_t{0};
    if (count > kMaxElements) too_many_elements(count, task_.at);
    points_.assign(count * width_, kNoValue);
    for (std::uint64_t p = 0; p < count; ++p) {
      std::uint64_t rest = p;
      for (std::size_t v = num_listed_; v-- > 0;) {
        points_[p * width_ + v] = static_cast<std::uint32_t>(rest % variables_[v].values.size());
        rest /= variables_[v].values.size();
      }
    }
  }

  /// The number of a value; it is new where `adds`, else kNoValue.
  std::uint32_t number_of(std::uint32_t variable, const Value& value, bool adds) {
    std::string text = to_text(value);
    const auto known = numbers_[variable].find(text);
    if (known != numbers_[variable].end()) return known->second;
    if (!adds) return kNoValue;
    CompiledVariable& compiled = variables_[variable];
    const auto number = static_cast<std::uint32_t>(compiled.values.size());
    compiled.values.push_back(value);
    compiled.id_parts.push_back(id_part(text));
    compiled.texts.push_back(text);
    numbers_[variable].emplace(std::move(text), number);
    return number;
  }

  /// nullopt: what it says can not be compiled, or is a value that no point has.
  std::optional<Fields> fields_of(const MatrixPoint& point, bool adds) {
    Fields fields;
    fields.listed.assign(num_listed_, kNoValue);
    for (const MatrixPoint::Field& field : point.fields) {
      const auto found = std::ranges::find(task_.matrix, field.name, &MatrixVar::name);
      if (found == task_.matrix.end()) continue;
      const auto variable = static_cast<std::uint32_t>(found - task_.matrix.begin());
      bool is_doubtful = false;
      const auto value = compiler_.field(field, is_doubtful);
      is_good_ = is_good_ && value.has_value();
      is_doubtful_ = is_doubtful_ || is_doubtful;
      if (!value) return std::nullopt;
      if (value->is_null() || std::holds_alternative<List>(value->data))
        throw ExpressionError{
            "E403",   fmt::format("'{}' must be a single value, got {}", field.name, type_name(*value)),
            {},       0,
            field.at, is_doubtful};
      variables_[variable].is_doubtful = variables_[variable].is_doubtful || is_doubtful;
      const std::uint32_t number = number_of(variable, *value, adds);
      if (number == kNoValue) return std::nullopt;
      if (variable < num_listed_) {
        fields.listed[variable] = number;
        fields.names_listed = true;
      } else {
        fields.others.emplace_back(variable, number);
      }
    }
    return fields;
  }

  /// The points of the product by the values of some variables: made once for each set of variables that is asked for,
  /// so that many maps do not look at all points each.
  const std::vector<std::uint32_t>* points_like(const Digits& wanted) {
    Digits asked;
    for (std::uint32_t v = 0; v < wanted.size(); ++v)
      if (wanted[v] != kNoValue) asked.push_back(v);
    auto [index, is_new] = indices_.try_emplace(asked);
    const std::size_t count = num_original_ > 0 ? num_original_ : num_points();
    if (is_new)
      for (std::uint32_t p = 0; p < count; ++p) {
        Digits key;
        for (const std::uint32_t v : asked) key.push_back(points_[p * width_ + v]);
        index->second[std::move(key)].push_back(p);
      }
    Digits key;
    for (const std::uint32_t v : asked) key.push_back(wanted[v]);
    const auto found = index->second.find(key);
    return found == index->second.end() ? nullptr : &found->second;
  }

  void exclude(const MatrixPoint& point) {
    excluded_.resize(num_points());
    const auto fields = fields_of(point, false);
    if (!fields || !fields->names_listed) return;
    if (const auto* like = points_like(fields->listed))
      for (const std::uint32_t p : *like) excluded_[p] = true;
  }

  void remove_excluded() {
    if (excluded_.empty()) return;
    Digits left;
    for (std::size_t p = 0; p < num_points(); ++p)
      if (!excluded_[p])
        left.insert(left.end(), points_.begin() + static_cast<std::ptrdiff_t>(p * width_),
                    points_.begin() + static_cast<std::ptrdiff_t>((p + 1) * width_));
    points_ = std::move(left);
    indices_.clear();
  }

  void include(const MatrixPoint& point) {
    const auto fields = fields_of(point, true);
    if (!fields) return;
    const auto* like = num_original_ == 0 ? nullptr : points_like(fields->listed);
    if (like == nullptr) return add_point(point, *fields);
    work_ += like->size() * fields->others.size();
    if (work_ > kMaxElements) too_many_elements(work_, point.at);
    for (const std::uint32_t p : *like)
      for (const auto& [variable, number] : fields->others) points_[p * width_ + variable] = number;
  }

  void add_point(const MatrixPoint& point, const Fields& fields) {
    points_.insert(points_.end(), fields.listed.begin(), fields.listed.end());
    points_.resize(points_.size() + width_ - num_listed_, kNoValue);
    for (const auto& [variable, number] : fields.others) points_[points_.size() - width_ + variable] = number;
    added_at_.push_back(point.at);
  }

  /// Those of the product differ, since no variable has a value twice.
  bool has_point_twice() {
    if (added_at_.empty()) return false;
    std::unordered_set<std::string> seen;
    for (std::size_t p = 0; p < num_points(); ++p) {
      std::string values = joined_id_parts(variables_, num_listed_, &points_[p * width_]);
      const auto [known, is_new] = seen.insert(std::move(values));
      if (is_new) continue;
      diagnostics_.error("E207", added_at_[p - num_original_],
                         fmt::format("element '{}[{}]' appears twice", task_.name, *known));
      return true;
    }
    return false;
  }

  const TaskNode& task_;
  VariableCompiler& compiler_;
  std::vector<CompiledVariable>& variables_;
  Diagnostics& diagnostics_;
  std::size_t width_;
  std::size_t num_listed_ = 0;                                           ///< variables that have lists; they come first
  std::vector<std::unordered_map<std::string, std::uint32_t>> numbers_;  ///< [variable] values by their text
  Digits points_;
  std::size_t num_original_ = 0;  ///< of the product
  std::vector<bool> excluded_;
  std::map<Digits, std::map<Digits, std::vector<std::uint32_t>>> indices_;
  std::vector<Position> added_at_;
  std::uint64_t work_ = 0;
  bool is_good_ = true;
  bool is_doubtful_ = false;
};

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

CompiledVariable compiled_variable(List values, bool is_doubtful) {
  CompiledVariable variable;
  variable.values = std::move(values);
  variable.is_doubtful = is_doubtful;
  variable.texts.reserve(variable.values.size());
  variable.id_parts.reserve(variable.values.size());
  for (const Value& value : variable.values) {
    variable.texts.push_back(to_text(value));
    variable.id_parts.push_back(id_part(variable.texts.back()));
  }
  return variable;
}

std::optional<CompiledMatrix> compile_matrix(const TaskNode& task, const Symbols& symbols, const Names& names,
                                             Diagnostics& diagnostics) {
  VariableCompiler compiler(task, symbols, names, diagnostics);
  CompiledMatrix matrix;
  bool is_good = true;
  const auto attempt = [&](const auto& compile) {
    try {
      is_good = compile() && is_good;
    } catch (const ExpressionError& error) {
      report(error, diagnostics);
      is_good = false;
    }
  };
  for (const MatrixVar& variable : task.matrix) {
    attempt([&] {
      auto compiled = variable.is_field ? std::optional(CompiledVariable{}) : compiler.compile(variable);
      if (compiled) matrix.variables.push_back(std::move(*compiled));
      return compiled.has_value();
    });
  }
  if (!is_good || has_element_twice(task, matrix.variables, diagnostics)) return std::nullopt;
  if (task.matrix_include.empty() && task.matrix_exclude.empty()) return matrix;
  attempt([&] {
    auto points = PointMaker(task, compiler, matrix.variables, diagnostics).make();
    if (points) matrix.points = std::move(*points);
    return points.has_value();
  });
  if (!is_good) return std::nullopt;
  return matrix;
}

}  // namespace fugle::workflow
