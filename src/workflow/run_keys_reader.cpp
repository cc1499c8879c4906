#include "workflow/run_keys_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "workflow/choices.hpp"

namespace fugle::workflow {
namespace {

constexpr std::size_t kLongestName = 64;
constexpr std::string_view kAt = "at ";

bool is_variable_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && name.size() <= kLongestName && is_letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || is_digit(c); });
}

/// Of one of the words; nullopt after E112.
template <class T>
std::optional<T> word_of(const Reading& reading, Scope scope, std::string_view key, const YamlNode& scalar) {
  const auto words = choices_of(scope, key);
  const auto found = std::ranges::find(words, scalar.text);
  if (found != words.end()) return static_cast<T>(found - words.begin());
  reading.diagnostics.error("E112", scalar.at,
                            fmt::format("'{}' is {}; one of {}", key, in_quotes(scalar.text), fmt::join(words, ", ")),
                            std::string(nearest_word(scalar.text, words).value_or("")));
  return std::nullopt;
}

std::optional<int> two_digits(std::string_view text, int most) {
  const bool is_number = text.size() == 2 && text[0] >= '0' && text[0] <= '9' && text[1] >= '0' && text[1] <= '9';
  const int number = is_number ? (text[0] - '0') * 10 + (text[1] - '0') : most + 1;
  return number <= most ? std::optional(number) : std::nullopt;
}

/// "at 18:30", "at 18:30 local"; nullopt: it is none.
std::optional<ClockTime> clock_time(std::string_view text) {
  if (!text.starts_with(kAt)) return std::nullopt;
  text.remove_prefix(kAt.size());
  constexpr std::string_view kLocal = " local";
  const bool is_local = text.ends_with(kLocal);
  if (is_local) text.remove_suffix(kLocal.size());
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = two_digits(text.substr(0, 2), 23);
  const auto minute = two_digits(text.substr(3), 59);
  if (!hour || !minute) return std::nullopt;
  return ClockTime{*hour, *minute, is_local};
}

/// As far as that is known before any expression.
bool is_called_in_ranks(const TaskNode& task) {
  if (!task.is_function()) return false;
  if (task.plugin.value.starts_with(':')) return true;
  if (task.isolate.at.line > 0) return !task.isolate.expression && !task.isolate.value;
  return !task.ranks.expression && task.ranks.value > 1;
}

class NotifyReader {
 public:
  NotifyReader(const Reading& reading, const YamlNode& node) : reading_(reading), node_(node) { key_.at = node.at; }

  void read(std::vector<NotifyKey>& into) {
    bool is_known = true;
    for (const Entry& entry : node_.entries) {
      const Key* key = accept_key(reading_, Scope::notify, entry, {"notify", {}, nullptr});
      is_known = is_known && key != nullptr;
      if (key != nullptr) read_key(*key, entry);
    }
    if (!is_known) return;  // what was meant is not known
    if (!has_events_) error("E105", node_.at, "'notify' has no events; one or more of failed, late, done, stalled, resumed");
    const int ways = key_.run.has_value() + key_.mail.has_value() + key_.file.has_value();
    if (ways == 0) error("E105", node_.at, "'notify' says nobody; write run, mail or file");
    if (ways > 1) error("E113", node_.at, "'run', 'mail' and 'file' exclude each other in 'notify'; write one entry for each");
    into.push_back(key_);
  }

 private:
  void error(std::string_view code, Position at, std::string text) {
    reading_.diagnostics.error(code, at, std::move(text));
  }

  void read_key(const Key& key, const Entry& entry) {
    if (key.name == "events") return read_events(entry);
    Boxed<Text>& into = key.name == "run" ? key_.run : key.name == "mail" ? key_.mail : key_.file;
    read_text(reading_, entry, into);
    if (into && into->raw.find_first_not_of(" \t\r\n") == std::string::npos)
      error("E105", entry.value->at, fmt::format("'{}' of 'notify' is empty", entry.key));
  }

  void read_events(const Entry& entry) {
    has_events_ = !entry.value->is_null();
    if (!is_list_or_refuse(reading_, entry.key, *entry.value)) return;
    has_events_ = !entry.value->items.empty();
    for_each_scalar(reading_, entry.key, "words in its list", *entry.value, [&](const YamlNode& item) {
      if (refuse_marker(reading_, entry.key, item)) return;
      if (const auto event = word_of<RunEvent>(reading_, Scope::notify, "events", item)) key_.events |= bit_of(*event);
    });
  }

  const Reading& reading_;
  const YamlNode& node_;
  NotifyKey key_;
  bool has_events_ = false;
};

}  // namespace

void read_secrets(const Reading& reading, const Entry& entry, std::vector<SecretKey>& into) {
  into.clear();
  if (!is_list_or_refuse(reading, entry.key, *entry.value)) return;
  for_each_scalar(reading, entry.key, "names in its list", *entry.value, [&](const YamlNode& item) {
    if (refuse_marker(reading, entry.key, item)) return;
    if (!is_variable_name(item.text))
      return reading.diagnostics.error(
          "E107", item.at,
          fmt::format("secret {} is no name of an environment variable; letters, digits and _", in_quotes(item.text)));
    if (std::ranges::find(into, item.text, &SecretKey::name) != into.end())
      return reading.diagnostics.error("E102", item.at, fmt::format("secret '{}' stands there twice", item.text));
    into.push_back({item.text, item.at});
  });
}

void check_secrets(const Reading& reading, const Workflow& workflow) {
  for (const TaskNode& task : workflow.tasks)
    if (!task.secrets.empty() && is_called_in_ranks(task))
      reading.diagnostics.error("E113", task.secrets.front().at,
                                fmt::format("'secrets' is not allowed here: functions in worker ranks have no "
                                            "environment of their own; write isolate: true in task '{}'",
                                            task.name));
  std::vector<std::string_view> known;
  for (const SecretKey& secret : workflow.secrets) known.emplace_back(secret.name);
  const auto is_known = [&](std::string_view name) { return std::ranges::find(known, name) != known.end(); };
  const auto refuse_variables = [&](const std::vector<EnvVar>& env, const std::string& where) {
    for (const EnvVar& variable : env)
      if (is_known(variable.name))
        reading.diagnostics.error(
            "E113", variable.at,
            fmt::format("'{}' is a secret and stands in 'env'{} too; leave it out there", variable.name, where));
  };
  if (!known.empty()) refuse_variables(workflow.env, "");
  for (const TaskNode& task : workflow.tasks) {
    if (!known.empty()) refuse_variables(task.env, fmt::format(" of task '{}'", task.name));
    for (const SecretKey& secret : task.secrets) {
      if (is_known(secret.name)) continue;
      const auto nearest = nearest_word(secret.name, known);
      reading.diagnostics.error(
          "E103", secret.at,
          nearest ? fmt::format("unknown secret '{}' in task '{}'; did you mean '{}'?", secret.name, task.name, *nearest)
                  : fmt::format("unknown secret '{}' in task '{}'; list it in 'secrets' at top level too", secret.name,
                                task.name),
          std::string(nearest.value_or("")));
    }
  }
}

void read_deadline(const Reading& reading, const Entry& entry, DeadlineKey& into) {
  into = {};
  const YamlNode& node = *entry.value;
  if (!node.is_scalar() || !node.text.starts_with("at"))
    return read_duration(reading, entry, {}, into.after);
  into.clock = clock_time(node.text);
  into.after.at = node.at;
  if (!into.clock)
    reading.diagnostics.error("E109", node.at,
                              fmt::format("{} is no time of day; write at 18:30 or at 18:30 local", in_quotes(node.text)));
}

void read_notify(const Reading& reading, const Entry& entry, std::vector<NotifyKey>& into) {
  into.clear();
  if (!is_list_or_refuse(reading, entry.key, *entry.value)) return;
  for (const YamlNode* item : entry.value->items)
    if (is_map_or_refuse(reading, entry.key, *item)) NotifyReader(reading, *item).read(into);
}

void read_concurrency(const Reading& reading, const Entry& entry, std::optional<ConcurrencyKey>& into) {
  into.reset();
  if (!is_map_or_refuse(reading, entry.key, *entry.value)) return;
  ConcurrencyKey key;
  key.at = entry.at;
  for (const Entry& inner : entry.value->entries) {
    const Key* known = accept_key(reading, Scope::concurrency, inner, {"concurrency", {}, nullptr});
    if (known == nullptr) continue;
    if (known->name == "group") {
      read_text(reading, inner, key.group);
    } else if (known->name == "max") {
      read_int(reading, inner, kMaxRuns, ConcurrencyKey{}.max, key.max);
    } else if (const YamlNode* scalar = scalar_of(reading, inner, KeyType::word);
               scalar != nullptr && !refuse_marker(reading, inner.key, *scalar)) {
      key.when_busy = word_of<WhenBusy>(reading, Scope::concurrency, "when_busy", *scalar).value_or(key.when_busy);
    }
  }
  if (!key.group)
    reading.diagnostics.error("E105", entry.at, "'concurrency' has no group; write the text that such runs share");
  into = std::move(key);
}

}  // namespace fugle::workflow
