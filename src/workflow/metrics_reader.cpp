#include "workflow/metrics_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/pattern.hpp"

namespace fugle::workflow {
namespace {

constexpr double kAny = std::numeric_limits<double>::infinity();

class MetricReader {
 public:
  MetricReader(const Reading& reading, const Entry& named, const Where& where, std::string_view owner)
      : reading_(reading), named_(named), where_(where), owner_(owner) {
    node_.name = named.key;
    metric_.name = named.key;
    metric_.lowest = -kAny;
    metric_.highest = kAny;
  }

  MetricNode read() {
    const Where here{"metric", named_.key, &where_};
    for (const Entry& entry : named_.value->entries)
      if (accept_key(reading_, Scope::metric, entry, here) != nullptr)
        read_key(entry);
      else
        is_refused_ = true;  // it may have been meant as the regex
    if (metric_.regex.empty() && metric_.dataset.empty() && !is_refused_)
      error("E105", named_.at,
            fmt::format("metric {} of {} has neither regex nor hdf5", in_quotes(named_.key), in_quotes(owner_)));
    if (!metric_.regex.empty() && !metric_.dataset.empty())
      error("E113", node_.output_at,
            fmt::format("'regex' and 'hdf5' exclude each other in metric {}", in_quotes(named_.key)));
    if (tolerance_at_.line > 0 && !metric_.has_reference)
      error("E105", tolerance_at_,
            fmt::format("metric {} of {} has a tolerance, but no reference", in_quotes(named_.key), in_quotes(owner_)));
    node_.metric = std::move(metric_);
    return std::move(node_);
  }

 private:
  void error(std::string_view code, Position at, std::string text) {
    reading_.diagnostics.error(code, at, std::move(text));
  }

  void read_key(const Entry& entry) {
    if (entry.key == "tolerance") return read_tolerance(entry);
    if (entry.key == "hdf5") return read_hdf5(entry);
    if (entry.key == "reference" && entry.value->is_scalar() && has_marker(entry.value->text)) {
      node_.reference = reading_.document.text_of(*entry.value);
      metric_.has_reference = metric_.reference_varies = true;
      return;
    }
    const YamlNode* scalar = scalar_of(reading_, entry, entry.key == "reference" ? KeyType::number : KeyType::text);
    if (scalar == nullptr || refuse_marker(reading_, entry.key, *scalar)) {
      is_refused_ = is_refused_ || !entry.value->is_null();
    } else if (entry.key == "regex") {
      read_regex(*scalar);
    } else if (entry.key == "unit") {
      metric_.unit = scalar->text;
    } else if (const auto value =
                   parse_number({"reference", -kAny, kAny}, scalar->text, scalar->at, reading_.diagnostics)) {
      metric_.has_reference = true;
      metric_.reference = *value;
    }
  }

  /// A dataset, or `{dataset, output}`.
  void read_hdf5(const Entry& entry) {
    node_.output_at = entry.value->at;
    if (entry.value->is_scalar()) return read_word(entry, metric_.dataset);
    if (!is_map_or_refuse(reading_, entry.key, *entry.value)) return;
    const Where metric{"metric", named_.key, &where_};
    const Where here{"hdf5", {}, &metric};
    for (const Entry& inner : entry.value->entries) {
      if (accept_key(reading_, Scope::metric_hdf5, inner, here) == nullptr)
        is_refused_ = true;
      else if (inner.key == "dataset")
        read_word(inner, metric_.dataset);
      else
        read_word(inner, node_.output);
    }
  }

  void read_word(const Entry& entry, std::string& into) {
    const YamlNode* scalar = scalar_of(reading_, entry, KeyType::text);
    if (scalar != nullptr && !refuse_marker(reading_, entry.key, *scalar))
      into = scalar->text;
    else
      is_refused_ = is_refused_ || !entry.value->is_null();
  }

  void read_regex(const YamlNode& node) {
    metric_.regex = node.text;
    if (node.text.empty()) return;
    const auto parsed = Pattern::parse(node.text);
    const std::string what = fmt::format("'regex' of metric {}", in_quotes(named_.key));
    if (const auto* problem = std::get_if<Pattern::Problem>(&parsed))
      return error(
          "E112", node.at,
          fmt::format("{} is {}: {} (at byte {})", what, in_quotes(node.text), problem->text, problem->at + 1));
    const std::uint32_t groups = std::get<Pattern>(parsed).num_groups();
    if (groups == 0) error("E112", node.at, fmt::format("{} has no group; put the number in ( )", what));
    if (groups > 1)
      error("E112", node.at,
            fmt::format("{} has {} groups; put the number in ( ), and all else in (?: )", what, groups));
  }

  void read_tolerance(const Entry& entry) {
    if (entry.value->is_null()) return;
    if (!is_list_or_refuse(reading_, entry.key, *entry.value)) return;
    tolerance_at_ = entry.value->at;
    std::vector<double> ends;
    for_each_scalar(reading_, entry.key, "two numbers like [-0.1, 0.25]", *entry.value, [&](const YamlNode& item) {
      if (refuse_marker(reading_, entry.key, item)) return;
      if (const auto end = parse_number({"tolerance", -kAny, kAny}, item.text, item.at, reading_.diagnostics))
        ends.push_back(*end);
    });
    if (entry.value->items.size() != 2)
      return error("E112", tolerance_at_,
                   fmt::format("'tolerance' takes two values, [lowest, highest] as fractions of the reference, got {}",
                               entry.value->items.size()));
    if (ends.size() != 2) return;
    if (ends[0] > ends[1]) return error("E112", tolerance_at_, "'tolerance' ends before it starts");
    metric_.lowest = ends[0];
    metric_.highest = ends[1];
  }

  const Reading& reading_;
  const Entry& named_;
  const Where& where_;
  std::string_view owner_;
  MetricNode node_;
  graph::Metric metric_;
  Position tolerance_at_;
  bool is_refused_ = false;
};

}  // namespace

void read_metrics(const Reading& reading, const Entry& entry, const Where& where, std::string_view owner,
                  std::vector<MetricNode>& into) {
  if (entry.value->is_null()) into.clear();
  if (!is_map_or_refuse(reading, entry.key, *entry.value)) return;
  for (const Entry& named : entry.value->entries) {
    if (!check_name(named.key, named.at, reading.diagnostics)) continue;
    if (named.value->is_null()) std::erase_if(into, [&](const MetricNode& known) { return known.name == named.key; });
    if (is_map_or_refuse(reading, named.key, *named.value))
      merge_named(into, MetricReader(reading, named, where, owner).read());
  }
}

void check_metrics(const Reading& reading, TaskNode& task) {
  std::vector<std::string_view> names;
  for (const Output& output : task.outputs) names.emplace_back(output.name);
  const std::string has = names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
  for (MetricNode& node : task.metrics) {
    if (node.metric.dataset.empty()) continue;
    const auto refuse = [&](std::string_view code, std::string text) {
      reading.diagnostics.error(code, node.output_at, std::move(text));
    };
    if (node.output.empty() && names.size() != 1) {
      refuse("E105", fmt::format("metric {} of {} does not say which output its dataset is in; write hdf5: {{dataset: "
                                 "{}, output: NAME}} (outputs: {})",
                                 in_quotes(node.name), in_quotes(task.name), node.metric.dataset, has));
      continue;
    }
    const auto at = node.output.empty() ? names.begin() : std::ranges::find(names, node.output);
    if (at == names.end())
      refuse("E402", fmt::format("task {} has no output '{}'; has: {}", task.name, node.output, has));
    else
      node.metric.output = static_cast<std::uint32_t>(at - names.begin());
  }
}

}  // namespace fugle::workflow
