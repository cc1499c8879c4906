#include "workflow/triggers_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.hpp"

namespace fugle::workflow {
namespace {

constexpr std::array<std::string_view, 3> kRunEnds{"ok", "failed", "done"};
constexpr std::array<std::string_view, 3> kCatchUps{"none", "latest", "all"};

/// The place of the text itself: quotes are not part of it.
Position start_of_text(const YamlNode& scalar) {
  return {scalar.at.line, scalar.at.column + (scalar.is_quoted ? 1U : 0U), scalar.at.file};
}

/// nullptr after E104, also for a text that is an expression: triggers are known before any run.
const YamlNode* plain_scalar(const Reading& reading, const Entry& entry, KeyType type) {
  const YamlNode* scalar = scalar_of(reading, entry, type);
  return scalar == nullptr || refuse_marker(reading, entry.key, *scalar) ? nullptr : scalar;
}

/// As in the tz database: "Europe/Berlin", "Etc/GMT+5". Whether there is such a zone is not known here.
bool is_zone_name(std::string_view name) {
  const auto is_letter = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '+' || c == '-'; };
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(split(name, '/'), [&](std::string_view part) {
    return !part.empty() && std::ranges::all_of(part, is_letter);
  });
}

template <class T, std::size_t N>
std::optional<T> word_of(std::string_view key, const std::array<std::string_view, N>& words, std::string_view text,
                         Position at, Diagnostics& diagnostics) {
  const auto found = std::ranges::find(words, text);
  if (found != words.end()) return static_cast<T>(found - words.begin());
  diagnostics.error("E112", at, fmt::format("'{}' is {}; one of {}", key, in_quotes(text), fmt::join(words, ", ")),
                    std::string(nearest_word(text, words).value_or("")));
  return std::nullopt;
}

class TriggerReader {
 public:
  TriggerReader(const Reading& reading, const YamlNode& node) : reading_(reading), node_(node) {}

  void read(Triggers& into) {
    std::size_t num_refused = 0;
    for (const Entry& entry : node_.entries) {
      const Key* key = accept_key(reading_, Scope::trigger, entry, {"triggers", {}, nullptr});
      if (key == nullptr)
        ++num_refused;
      else
        read_key(*key, entry);
    }
    if (num_refused > 0) return;  // what was meant is not known
    check_combination();
    if (schedule_ != nullptr && is_good_) into.schedules.push_back(timed_);
    if (run_ != nullptr && is_good_) into.runs.push_back(after_);
  }

 private:
  void error(std::string_view code, Position at, std::string text) {
    reading_.diagnostics.error(code, at, std::move(text));
    is_good_ = false;
  }

  void read_key(const Key& key, const Entry& entry) {
    const YamlNode* scalar = plain_scalar(reading_, entry, key.type);
    if (scalar == nullptr) {
      is_good_ = false;
      if (entry.value->is_null()) error("E105", entry.at, fmt::format("'{}' of a trigger has no value", entry.key));
    } else if (key.name == "schedule") {
      schedule_ = &entry;
      read_schedule(*scalar);
    } else if (key.name == "timezone") {
      timezone_ = &entry;
      read_timezone(*scalar);
    } else if (key.name == "catch_up") {
      catch_up_ = &entry;
      set(parse_catch_up(scalar->text, scalar->at, reading_.diagnostics), timed_.catch_up);
    } else if (key.name == "run") {
      run_ = &entry;
      read_run(*scalar);
    } else {
      state_ = &entry;
      set(parse_run_end(scalar->text, scalar->at, reading_.diagnostics), after_.state);
    }
  }

  template <class T>
  void set(std::optional<T> value, T& into) {
    if (value)
      into = *std::move(value);
    else
      is_good_ = false;
  }

  void read_schedule(const YamlNode& scalar) {
    timed_.at = node_.at;
    timed_.text = scalar.text;
    set(parse_cron(scalar.text, start_of_text(scalar), reading_.diagnostics), timed_.cron);
  }

  void read_timezone(const YamlNode& scalar) {
    timed_.timezone = scalar.text;
    timed_.timezone_at = scalar.at;
    if (!is_zone_name(scalar.text))
      error("E112", scalar.at,
            fmt::format("'timezone' is {}; a name like UTC or Europe/Berlin", in_quotes(scalar.text)));
  }

  void read_run(const YamlNode& scalar) {
    after_.at = node_.at;
    after_.run = scalar.text;
    if (scalar.text.empty() || scalar.text.find('/') != std::string::npos)
      error(
          "E112", scalar.at,
          fmt::format("'run' of a trigger is {}; the name of a workflow, or the id of a run", in_quotes(scalar.text)));
  }

  void check_combination() {
    if (schedule_ != nullptr && run_ != nullptr)
      return error("E113", run_->at, "'schedule' and 'run' exclude each other in one trigger; write two");
    if (schedule_ == nullptr && run_ == nullptr && is_good_)
      return error("E105", node_.at, "a trigger needs 'schedule' or 'run'");
    for (const Entry* of_schedule : {timezone_, catch_up_})
      if (of_schedule != nullptr && schedule_ == nullptr)
        error("E113", of_schedule->at, fmt::format("'{}' goes with 'schedule' only", of_schedule->key));
    if (state_ != nullptr && run_ == nullptr) error("E113", state_->at, "'state' goes with 'run' only");
  }

  const Reading& reading_;
  const YamlNode& node_;
  bool is_good_ = true;
  const Entry* schedule_ = nullptr;
  const Entry* timezone_ = nullptr;
  const Entry* catch_up_ = nullptr;
  const Entry* run_ = nullptr;
  const Entry* state_ = nullptr;
  ScheduleTrigger timed_;
  RunTrigger after_;
};

}  // namespace

void read_triggers(const Reading& reading, const Entry& entry, Triggers& into) {
  if (!is_list_or_refuse(reading, entry.key, *entry.value)) return;
  for (const YamlNode* item : entry.value->items) {
    if (item->is_map())
      TriggerReader(reading, *item).read(into);
    else if (item->kind != YamlNode::Kind::broken)
      refuse_shape(reading, entry.key, "maps in its list", *item);
  }
}

std::optional<RunEnd> parse_run_end(std::string_view text, Position at, Diagnostics& diagnostics) {
  return word_of<RunEnd>("state", kRunEnds, text, at, diagnostics);
}

const char* name_of(RunEnd end) { return kRunEnds[static_cast<std::size_t>(end)].data(); }

std::optional<CatchUp> parse_catch_up(std::string_view text, Position at, Diagnostics& diagnostics) {
  return word_of<CatchUp>("catch_up", kCatchUps, text, at, diagnostics);
}

const char* name_of(CatchUp catch_up) { return kCatchUps[static_cast<std::size_t>(catch_up)].data(); }

}  // namespace fugle::workflow
