#include "workflow/metrics_reader.hpp"

#include <fmt/format.h>

#include <limits>

#include "base/pattern.hpp"

namespace fugle::workflow {
namespace {

constexpr double kAny = std::numeric_limits<double>::infinity();

class MetricReader {
 public:
  MetricReader(const Reading& reading, const Entry& named, const Where& where, std::string_view owner)
      : reading_(reading), named_(named), where_(where), owner_(owner) {
    metric_.name = named.key;
    metric_.lowest = -kAny;
    metric_.highest = kAny;
  }

  graph::Metric read() {
    const Where here{"metric", named_.key, &where_};
    for (const Entry& entry : named_.value->entries)
      if (accept_key(reading_, Scope::metric, entry, here) != nullptr)
        read_key(entry);
      else
        is_refused_ = true;  // it may have been meant as the regex
    if (metric_.regex.empty() && !is_refused_)
      error("E105", named_.at, fmt::format("metric {} of {} has no regex", in_quotes(named_.key), in_quotes(owner_)));
    if (tolerance_at_.line > 0 && !metric_.has_reference)
      error("E105", tolerance_at_,
            fmt::format("metric {} of {} has a tolerance, but no reference", in_quotes(named_.key), in_quotes(owner_)));
    return std::move(metric_);
  }

 private:
  void error(std::string_view code, Position at, std::string text) {
    reading_.diagnostics.error(code, at, std::move(text));
  }

  void read_key(const Entry& entry) {
    if (entry.key == "tolerance") return read_tolerance(entry);
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
  graph::Metric metric_;
  Position tolerance_at_;
  bool is_refused_ = false;
};

}  // namespace

void read_metrics(const Reading& reading, const Entry& entry, const Where& where, std::string_view owner,
                  std::vector<graph::Metric>& into) {
  if (entry.value->is_null()) into.clear();
  if (!is_map_or_refuse(reading, entry.key, *entry.value)) return;
  for (const Entry& named : entry.value->entries) {
    if (!check_name(named.key, named.at, reading.diagnostics)) continue;
    if (named.value->is_null())
      std::erase_if(into, [&](const graph::Metric& known) { return known.name == named.key; });
    if (is_map_or_refuse(reading, named.key, *named.value))
      merge_named(into, MetricReader(reading, named, where, owner).read());
  }
}

}  // namespace fugle::workflow
