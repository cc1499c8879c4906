#include "workflow/report_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/text.hpp"
#include "workflow/matrix.hpp"

namespace fugle::workflow {
namespace {

constexpr std::string_view kMatrix = "matrix.";
constexpr double kAny = std::numeric_limits<double>::infinity();

/// What the tasks with metrics have.
struct Known {
  std::vector<std::string_view> metrics;
  std::vector<std::string_view> variables;
};

void add_new(std::vector<std::string_view>& names, std::string_view name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

Known known_of(const Workflow& workflow) {
  Known known;
  for (const TaskNode& task : workflow.tasks) {
    for (const MetricNode& metric : task.metrics) add_new(known.metrics, metric.name);
    if (!task.metrics.empty())
      for (const MatrixVar& variable : task.matrix) add_new(known.variables, variable.name);
  }
  return known;
}

class ReportReader {
 public:
  ReportReader(const Reading& reading, const Workflow& workflow)
      : reading_(reading), workflow_(workflow), known_(known_of(workflow)) {}

  graph::TableSpec read(const Entry& report) {
    const Where where{"report", {}, nullptr};
    // The rows first: baseline and reference speak of them.
    for (const bool is_rows : {true, false})
      for (const Entry& entry : report.value->entries)
        if ((entry.key == "rows") == is_rows && accept_key(reading_, Scope::report, entry, where) != nullptr)
          read_key(entry);
    if (spec_.rows.empty() && !has_written_rows_)
      error("E105", report.at, "report has no rows; name a matrix variable, e.g. rows: matrix.nodes");
    if (spec_.columns.empty() && !has_written_columns_)
      error("E105", report.at, "report has no columns; write e.g. columns: [median(METRIC)]");
    return std::move(spec_);
  }

 private:
  void error(std::string_view code, Position at, std::string text, std::string_view suggestion = {}) {
    reading_.diagnostics.error(code, at, std::move(text), std::string(suggestion));
  }

  void read_key(const Entry& entry) {
    if (entry.key == "rows")
      for_each_word(entry, "matrix variables like matrix.nodes in its list", has_written_rows_,
                    [&](const YamlNode& node) { add_row(node); });
    else if (entry.key == "columns")
      for_each_word(entry, "columns like median(METRIC) in its list", has_written_columns_, [&](const YamlNode& node) {
        if (auto column = column_of("columns", node.text, node.at)) spec_.columns.push_back(std::move(*column));
      });
    else if (entry.key == "baseline")
      read_baseline(entry);
    else
      read_references(entry);
  }

  /// One word, or a list of them.
  template <class Use>
  void for_each_word(const Entry& entry, std::string_view expected, bool& is_written, const Use& use) {
    const YamlNode& node = *entry.value;
    is_written = !node.is_null() && !(node.is_list() && node.items.empty());
    if (node.is_map()) return refuse_shape(reading_, entry.key, "a list", node);
    const auto use_literal = [&](const YamlNode& word) {
      if (!refuse_marker(reading_, entry.key, word)) use(word);
    };
    if (node.is_scalar()) use_literal(node);
    for_each_scalar(reading_, entry.key, expected, node, use_literal);
  }

  void add_row(const YamlNode& node) {
    std::string_view variable = node.text;
    if (!variable.starts_with(kMatrix))
      return error("E402", node.at,
                   fmt::format("'rows' has {}; a matrix variable is written matrix.NAME", in_quotes(node.text)),
                   is_known_variable(variable) ? fmt::format("matrix.{}", variable) : std::string());
    variable.remove_prefix(kMatrix.size());
    if (check_variable(variable, node.at)) spec_.rows.emplace_back(variable);
  }

  [[nodiscard]] bool is_known_variable(std::string_view name) const {
    return std::ranges::find(known_.variables, name) != known_.variables.end();
  }

  bool check_variable(std::string_view name, Position at) {
    if (is_known_variable(name)) return true;
    say_unknown(fmt::format("no task with metrics has a matrix variable '{}'", name), name, known_.variables, at);
    return false;
  }

  void say_unknown(std::string problem, std::string_view name, const std::vector<std::string_view>& names,
                   Position at) {
    const auto nearest = nearest_word(name, names);
    if (nearest)
      problem += fmt::format("; did you mean '{}'?", *nearest);
    else
      problem += fmt::format("; has: {}", names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")));
    error("E402", at, std::move(problem), nearest.value_or(""));
  }

  std::optional<graph::TableColumn> column_of(std::string_view key, const std::string& text, Position at) {
    auto column = graph::parse_column(text);
    if (!column) {
      error("E112", at,
            fmt::format("'{}' has {}; one of median, mean, min, max, spread, count, speedup, efficiency of a metric, "
                        "e.g. median(ns_day)",
                        key, in_quotes(text)));
      return std::nullopt;
    }
    if (std::ranges::find(known_.metrics, column->metric) != known_.metrics.end()) return column;
    say_unknown(fmt::format("no task has a metric '{}'", column->metric), column->metric, known_.metrics, at);
    return std::nullopt;
  }

  void read_baseline(const Entry& entry) {
    if (!is_map_or_refuse(reading_, entry.key, *entry.value)) return;
    for (const Entry& point : entry.value->entries) add_point(point, spec_.baseline);
  }

  /// `nodes: 8`.
  void add_point(const Entry& point, graph::TablePoint& into) {
    std::string_view variable = point.key;
    if (variable.starts_with(kMatrix)) variable.remove_prefix(kMatrix.size());
    const YamlNode* scalar = scalar_of(reading_, point, KeyType::text);
    if (scalar == nullptr || refuse_marker(reading_, point.key, *scalar) || !check_variable(variable, point.at)) return;
    if (std::ranges::find(spec_.rows, variable) == spec_.rows.end()) {
      if (!has_written_rows_ || !spec_.rows.empty())
        error("E113", point.at, fmt::format("'{}' is not allowed here: it is not among the rows", point.key));
      return;
    }
    const std::string value = to_text(untyped_scalar(scalar->text, scalar->is_quoted));
    check_value(variable, value, *scalar);
    into.emplace_back(variable, value);
  }

  /// Where all values are written out, the one that is meant must be among them.
  void check_value(std::string_view variable, const std::string& value, const YamlNode& node) {
    std::vector<std::string> values;
    for (const TaskNode& task : workflow_.tasks) {
      if (task.metrics.empty()) continue;
      for (const MatrixPoint& point : task.matrix_include) {
        for (const MatrixPoint::Field& field : point.fields) {
          if (field.name != variable) continue;
          if (has_marker(to_text(field.value))) return;
          values.push_back(to_text(field.value));
        }
      }
      for (const MatrixVar& var : task.matrix) {
        if (var.name != variable) continue;
        if (var.expression) return;
        for (const Value& one : var.values) {
          if (has_marker(to_text(one))) return;
          values.push_back(to_text(one));
        }
      }
    }
    if (std::ranges::find(values, value) != values.end()) return;
    constexpr std::size_t kMostShown = 20;
    const bool is_cut = values.size() > kMostShown;
    if (is_cut) values.resize(kMostShown);
    error("E402", node.at,
          fmt::format("matrix.{} has no value {}; has: {}{}", variable, in_quotes(node.text), fmt::join(values, ", "),
                      is_cut ? ", ..." : ""));
  }

  void read_references(const Entry& entry) {
    if (!is_map_or_refuse(reading_, entry.key, *entry.value)) return;
    for (const Entry& cell : entry.value->entries) {
      const auto column = column_of(entry.key, cell.key, cell.at);
      const YamlNode& node = *cell.value;
      if (node.is_scalar())
        refuse_shape(reading_, cell.key, "a map like {nodes: 8, min: 0.7}, or a list of them", node);
      if (!column) continue;
      if (node.is_map()) read_reference(*column, node);
      for (const YamlNode* item : node.items)
        if (is_map_or_refuse(reading_, cell.key, *item)) read_reference(*column, *item);
    }
  }

  void read_reference(const graph::TableColumn& column, const YamlNode& map) {
    graph::TableReference reference;
    reference.column = column;
    for (const Entry& entry : map.entries) {
      if (entry.key == "min")
        read_bound(entry, reference.min);
      else if (entry.key == "max")
        read_bound(entry, reference.max);
      else
        add_point(entry, reference.at);
    }
    if (!reference.min && !reference.max && !has_bound(map))
      error("E105", map.at, fmt::format("reference of {} has neither min nor max", graph::text_of(column)));
    spec_.references.push_back(std::move(reference));
  }

  static bool has_bound(const YamlNode& map) {
    return std::ranges::any_of(map.entries,
                               [](const Entry& entry) { return entry.key == "min" || entry.key == "max"; });
  }

  void read_bound(const Entry& entry, std::optional<double>& into) {
    const YamlNode* scalar = scalar_of(reading_, entry, KeyType::number);
    if (scalar == nullptr || refuse_marker(reading_, entry.key, *scalar)) return;
    into = parse_number({entry.key, -kAny, kAny}, scalar->text, scalar->at, reading_.diagnostics);
  }

  const Reading& reading_;
  const Workflow& workflow_;
  Known known_;
  graph::TableSpec spec_;
  bool has_written_rows_ = false;
  bool has_written_columns_ = false;
};

}  // namespace

void read_report(const Reading& reading, const Entry& entry, Workflow& into) {
  if (is_map_or_refuse(reading, entry.key, *entry.value)) into.report = ReportReader(reading, into).read(entry);
}

}  // namespace fugle::workflow
