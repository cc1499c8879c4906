#include "workflow/foreach_reader.hpp"

#include <fmt/format.h>

#include <unordered_set>

#include "workflow/argument_reader.hpp"

namespace fugle::workflow {
namespace {

constexpr std::string_view kExpected = "a list, a range like 1..8, a pattern like data/*.nc or an expression";

class ForeachReader {
 public:
  explicit ForeachReader(const Reading& reading) : reading_(reading) {}

  ForeachKeys read(const Entry& entry) {
    const YamlNode& node = *entry.value;
    foreach_.at = entry.at;
    if (node.is_scalar()) foreach_.text = reading_.document.text_of(node);
    for (const YamlNode* item : node.items) take(*item);
    return std::move(foreach_);
  }

 private:
  void take(const YamlNode& node) {
    if (node.kind == YamlNode::Kind::broken) return;
    const bool is_good = node.is_scalar() || (node.is_map() && is_map_of_values(node));
    if (!is_good) {
      if (!node.is_map()) refuse_shape(reading_, "foreach", "single values or maps of them in its list", node);
      return;
    }
    if (!foreach_.items.empty() && node.is_map() != is_map(foreach_.items.front()))
      return refuse_shape(reading_, "foreach", is_map(foreach_.items.front()) ? "maps only" : "single values only",
                          node);
    foreach_.items.push_back(argument_of(reading_, node));
    foreach_.item_at.push_back(node.at);
  }

  static bool is_map(const Argument& item) { return item.kind == Argument::Kind::map; }

  /// Notes its fields; E104 for what is neither a scalar nor a list of scalars, E107 for its name.
  bool is_map_of_values(const YamlNode& map) {
    bool is_good = true;
    for (const Entry& field : map.entries) {
      is_good = check_name(field.key, field.at, reading_.diagnostics) && is_good;
      is_good = is_value(field) && is_good;
      if (is_good && known_.insert(field.key).second) foreach_.fields.push_back(field.key);
    }
    if (map.entries.empty()) refuse_shape(reading_, "foreach", "maps that have something in its list", map);
    return is_good && !map.entries.empty();
  }

  bool is_value(const Entry& field) {
    const YamlNode& node = *field.value;
    bool is_good = !node.is_map();
    for (const YamlNode* item : node.items) is_good = is_good && item->is_scalar();
    if (!is_good) refuse_shape(reading_, field.key, "a single value, or a list of them", node);
    return is_good;
  }

  const Reading& reading_;
  ForeachKeys foreach_;
  std::unordered_set<std::string> known_;
};

}  // namespace

void read_foreach(const Reading& reading, const Entry& entry, Boxed<ForeachKeys>& into) {
  const YamlNode& node = *entry.value;
  if (node.is_null()) into.reset();
  if (node.is_map()) refuse_shape(reading, entry.key, kExpected, node);
  if (node.is_scalar() || node.is_list()) into = ForeachReader(reading).read(entry);
}

void check_foreach(const Reading& reading, const TaskNode& task) {
  const bool has_matrix = !task.matrix.empty() || !task.matrix_include.empty();
  if (!task.foreach || !has_matrix) return;
  reading.diagnostics.error("E113", task.foreach->at,
                            fmt::format("'matrix' and 'foreach' exclude each other in task {}", in_quotes(task.name)));
}

}  // namespace fugle::workflow
