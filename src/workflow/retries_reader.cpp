#include "workflow/retries_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace fugle::workflow {
namespace {

using graph::FailureClass;

constexpr std::array kClasses{FailureClass::error, FailureClass::signal,     FailureClass::timeout,
                              FailureClass::oom,   FailureClass::check,      FailureClass::output,
                              FailureClass::setup, FailureClass::performance};

constexpr std::uint32_t bit(FailureClass cls) { return 1u << static_cast<unsigned>(cls); }

const Retries& builtin() {
  static const Retries retries;
  return retries;
}

/// "1" or "130..145".
bool add_exit_codes(const Reading& reading, const YamlNode& item, graph::RetryPolicy& policy) {
  std::optional<Range> codes;
  if (const auto code = to_int(item.text))
    codes = Range{*code, *code, 1, 0};
  else if (!looks_like_range(item.text))
    return false;
  else
    codes = parse_range("when", item.text, item.at, reading.diagnostics);
  if (!codes) return true;
  if (codes->first < 1 || codes->last > 255 || codes->step != 1)
    reading.diagnostics.error("E112", item.at,
                              fmt::format("'when' has {}; exit codes are 1..255", in_quotes(item.text)));
  else
    policy.exit_codes.emplace_back(static_cast<int>(codes->first), static_cast<int>(codes->last));
  return true;
}

void add_condition(const Reading& reading, const YamlNode& item, graph::RetryPolicy& policy, Position& oom_at) {
  if (refuse_marker(reading, "when", item) || add_exit_codes(reading, item, policy)) return;
  const auto cls = std::ranges::find_if(kClasses, [&](FailureClass c) { return item.text == graph::name_of(c); });
  if (cls == kClasses.end()) {
    std::vector<std::string> words;
    for (const FailureClass known : kClasses) words.emplace_back(graph::name_of(known));
    const std::vector<std::string_view> views(words.begin(), words.end());
    reading.diagnostics.error(
        "E112", item.at,
        fmt::format("'when' has {}; one of {}, or exit codes", in_quotes(item.text), join(words, ", ")),
        std::string(nearest_word(item.text, views).value_or("")));
    return;
  }
  policy.classes |= bit(*cls);
  if (*cls == FailureClass::oom) oom_at = item.at;
}

void read_when(const Reading& reading, const Entry& entry, Retries& into) {
  const YamlNode& node = *entry.value;
  into.oom_at = {};
  if (node.is_null()) into.when = builtin().when;
  if (!is_list_or_refuse(reading, entry.key, node)) return;
  graph::RetryPolicy policy = builtin().when;
  policy.classes = 0;
  for_each_scalar(reading, entry.key, "failure classes or exit codes in its list", node,
                  [&](const YamlNode& item) { add_condition(reading, item, policy, into.oom_at); });
  into.when = std::move(policy);
}

void read_scale(const Reading& reading, const Entry& entry, const Where& where, Retries& into) {
  const YamlNode& node = *entry.value;
  if (node.is_null()) into.scale_mem = into.scale_timeout = into.scale_cores = builtin().scale_mem;
  if (!is_map_or_refuse(reading, entry.key, node)) return;
  const Where here{"scale", {}, &where};
  for (const Entry& inner : node.entries) {
    const Key* key = accept_key(reading, Scope::scale, inner, here);
    if (key == nullptr) continue;
    Field<double>& field = key->name == "mem"       ? into.scale_mem
                           : key->name == "timeout" ? into.scale_timeout
                                                    : into.scale_cores;
    read_number(reading, inner, {inner.key, kScale.min, kScale.max}, builtin().scale_mem, field);
  }
}

}  // namespace

void read_retries(const Reading& reading, const Entry& entry, const Where& where, Retries& into) {
  const YamlNode& node = *entry.value;
  if (node.is_null()) into = builtin();
  if (node.is_list()) return refuse_shape(reading, entry.key, expectation(KeyType::retry), node);
  if (node.is_scalar()) {
    return read_int(reading, entry, {entry.key, kRetriesMax.min, kRetriesMax.max}, builtin().max, into.max);
  }
  const Where here{"retries", {}, &where};
  for (const Entry& inner : node.entries) {
    const Key* key = accept_key(reading, Scope::retries, inner, here);
    if (key == nullptr) continue;
    if (key->name == "max")
      read_int(reading, inner, kRetriesMax, builtin().max, into.max);
    else if (key->name == "delay")
      read_duration(reading, inner, builtin().delay, into.delay);
    else if (key->name == "backoff")
      read_number(reading, inner, kBackoff, builtin().backoff, into.backoff);
    else if (key->name == "max_delay")
      read_duration(reading, inner, builtin().max_delay, into.max_delay);
    else if (key->name == "jitter")
      read_number(reading, inner, kJitter, builtin().jitter, into.jitter);
    else if (key->name == "when")
      read_when(reading, inner, into);
    else
      read_scale(reading, inner, here, into);
  }
}

void check_retries(const Reading& reading, const TaskNode& task) {
  const Retries& retries = task.retries;
  const bool has_more = retries.scale_mem.expression || retries.scale_mem.value > 1;
  if (retries.oom_at.line == 0 || has_more) return;
  // What several tasks have from one place is said once.
  const auto is_said = [&](const Diagnostic& one) {
    return one.code == std::string_view("W07") && one.at == retries.oom_at;
  };
  if (std::ranges::none_of(reading.diagnostics.all(), is_said))
    reading.diagnostics.warning("W07", retries.oom_at,
                                "retrying oom with the same memory will fail again; add scale.mem");
}

}  // namespace fugle::workflow
