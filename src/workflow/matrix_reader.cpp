#include "workflow/matrix_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "workflow/matrix.hpp"

namespace fugle::workflow {
namespace {

class MatrixReader {
 public:
  MatrixReader(const Reading& reading, std::string_view owner, std::vector<MatrixVar>& matrix)
      : reading_(reading), owner_(owner), matrix_(matrix) {}

  /// `include` or `exclude`: a list replaces, null resets.
  void read_points(const Entry& entry, std::vector<MatrixPoint>& into) {
    const YamlNode& node = *entry.value;
    if (node.is_null()) into.clear();
    if (!is_list_or_refuse(reading_, entry.key, node)) return;
    into.clear();
    for (const YamlNode* item : node.items) {
      if (item->is_map() && !item->entries.empty())
        into.push_back(point_of(*item));
      else if (item->kind != YamlNode::Kind::broken)
        refuse_shape(reading_, entry.key, "maps like {x: 1} in its list", *item);
    }
  }

  void read_variable(const Entry& entry) {
    const YamlNode& node = *entry.value;
    std::erase_if(matrix_, [&](const MatrixVar& v) { return node.is_null() && v.name == entry.key; });
    if (node.is_map()) return refuse_shape(reading_, entry.key, "a list or a range like 1..8", node);
    if (!node.is_list() && !node.is_scalar()) return;

    MatrixVar variable;
    variable.name = entry.key;
    variable.at = entry.at;
    if (node.is_list())
      take_list(node, variable);
    else if (has_marker(node.text))
      variable.expression = reading_.document.text_of(node);
    else if (!take_range(node, variable))
      return;
    merge_named(matrix_, std::move(variable));
  }

 private:
  MatrixPoint point_of(const YamlNode& map) {
    MatrixPoint point{map.at, {}};
    check_environment_names(reading_, map);
    for (const Entry& field : map.entries) {
      if (!check_name(field.key, field.at, reading_.diagnostics)) continue;
      if (field.value->is_scalar())
        point.fields.push_back({field.key, field.at, untyped_scalar(field.value->text, field.value->is_quoted)});
      else if (field.value->kind != YamlNode::Kind::broken)
        refuse_shape(reading_, field.key, "a single value", *field.value);
    }
    return point;
  }

  void take_list(const YamlNode& node, MatrixVar& variable) {
    for_each_scalar(reading_, variable.name, "single values in its list", node, [&](const YamlNode& item) {
      variable.values.push_back(untyped_scalar(item.text, item.is_quoted));
      variable.value_at.push_back(item.at);
    });
  }

  bool take_range(const YamlNode& node, MatrixVar& variable) {
    const auto range = parse_range(variable.name, node.text, node.at, reading_.diagnostics);
    if (!range || !is_small_enough(variable.name, range->count(), node.at)) return false;
    variable.values = range->items();
    variable.value_at.assign(variable.values.size(), node.at);
    return true;
  }

  /// Ranges are the short way to a size that no memory holds, so they are counted before they are written out.
  bool is_small_enough(std::string_view variable, std::uint64_t count, Position at) {
    std::uint64_t elements = count;
    for (const MatrixVar& other : matrix_)
      if (other.name != variable && !other.values.empty() &&
          __builtin_mul_overflow(elements, other.values.size(), &elements))
        elements = ~std::uint64_t{0};
    if (elements <= kMaxElements) return true;
    reading_.diagnostics.error(
        "E206", at,
        fmt::format("{} expands to {} elements, this version takes {}", in_quotes(owner_), elements, kMaxElements));
    return false;
  }

  const Reading& reading_;
  std::string_view owner_;
  std::vector<MatrixVar>& matrix_;
};

}  // namespace

void read_matrix(const Reading& reading, const Entry& entry, const Where& where, TaskNode& into) {
  const YamlNode& node = *entry.value;
  if (node.is_null()) {
    into.matrix.clear();
    into.matrix_include.clear();
    into.matrix_exclude.clear();
  }
  if (!is_map_or_refuse(reading, entry.key, node)) return;
  check_environment_names(reading, node);
  const std::string_view owner = where.name.empty() ? where.kind : where.name;
  std::erase_if(into.matrix, [](const MatrixVar& variable) { return variable.is_field; });
  MatrixReader reader(reading, owner, into.matrix);
  for (const Entry& variable : node.entries) {
    if (find_key(Scope::matrix, variable.key) != nullptr) {
      if (accept_key(reading, Scope::matrix, variable, where) != nullptr)
        reader.read_points(variable, variable.key == "include" ? into.matrix_include : into.matrix_exclude);
    } else if (check_name(variable.key, variable.at, reading.diagnostics)) {
      reader.read_variable(variable);
    }
  }
  if (into.matrix.empty() && into.matrix_include.empty() && node.entries.empty())
    reading.diagnostics.error("E205", node.at,
                              fmt::format("matrix of {} has no elements (it has no variables)", in_quotes(owner)));
}

namespace {

/// As check_environment_names(), for a field beside the variables.
void refuse_same_variable(const Reading& reading, const std::vector<MatrixVar>& matrix,
                          const MatrixPoint::Field& field) {
  const auto variable_of = [](std::string name) {
    std::ranges::replace(name, '-', '_');
    return name;
  };
  for (const MatrixVar& other : matrix)
    if (variable_of(other.name) == variable_of(field.name))
      reading.diagnostics.error("E102", field.at,
                                fmt::format("duplicate key {} (first at line {}, as {}: the same environment variable)",
                                            in_quotes(field.name), other.at.line, in_quotes(other.name)));
}

}  // namespace

void finish_matrix(const Reading& reading, TaskNode& task) {
  const auto is_known = [&](const std::string& name) {
    return std::ranges::find(task.matrix, name, &MatrixVar::name) != task.matrix.end();
  };
  std::vector<std::string_view> names;
  for (const MatrixVar& variable : task.matrix) names.emplace_back(variable.name);
  for (const MatrixPoint& point : task.matrix_exclude) {
    for (const MatrixPoint::Field& field : point.fields) {
      if (is_known(field.name)) continue;
      const auto nearest = nearest_word(field.name, names);
      reading.diagnostics.error(
          "E103", field.at,
          fmt::format("unknown key {} in exclude of task {}; the matrix has {}", in_quotes(field.name),
                      in_quotes(task.name), names.empty() ? "no variables" : fmt::format("{}", fmt::join(names, ", "))),
          std::string(nearest.value_or("")));
    }
  }
  for (const MatrixPoint& point : task.matrix_include) {
    for (const MatrixPoint::Field& field : point.fields) {
      if (is_known(field.name)) continue;
      refuse_same_variable(reading, task.matrix, field);
      MatrixVar& variable = task.matrix.emplace_back();
      variable.name = field.name;
      variable.at = field.at;
      variable.is_field = true;
    }
  }
}

}  // namespace fugle::workflow
