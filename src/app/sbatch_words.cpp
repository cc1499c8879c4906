// Options of sbatch as words (sbatch(1)), sorted (declared in batch_script.hpp).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "app/batch_script.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace fugle::app {
namespace {

using workflow::Requeue;
using workflow::SlurmRequest;

struct Option {
  std::string name;   ///< "--nodes", "-x"
  std::string value;  ///< empty: none
};

struct Letter {
  char letter;
  std::string_view name;
};
/// Short forms of options that fugle has to know.
constexpr std::array kLetters{
    Letter{'N', "--nodes"},      Letter{'t', "--time"},   Letter{'p', "--partition"},  Letter{'A', "--account"},
    Letter{'q', "--qos"},        Letter{'a', "--array"},  Letter{'C', "--constraint"}, Letter{'W', "--wait"},
    Letter{'d', "--dependency"}, Letter{'b', "--begin"},  Letter{'H', "--hold"},       Letter{'Q', "--quiet"},
    Letter{'J', "--job-name"},   Letter{'o', "--output"}, Letter{'D', "--chdir"},      Letter{'k', "--no-kill"},
};
/// Of one submission: another job of the run is not to wait for the same again.
constexpr std::array<std::string_view, 7> kOnce{"--dependency", "--begin", "--hold",   "--test-only",
                                                "--deadline",   "--quiet", "--verbose"};
constexpr std::array<std::string_view, 5> kFlags{"--hold", "--no-kill", "--test-only", "--quiet", "--verbose"};

Option parse_option(const std::string& word) {
  if (word.starts_with("--")) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) return {word, {}};
    return {word.substr(0, equals), word.substr(equals + 1)};
  }
  const auto known = std::ranges::find(kLetters, word[1], &Letter::letter);
  std::string value = word.substr(2);
  if (value.starts_with('=')) value.erase(0, 1);
  return {known == kLetters.end() ? word.substr(0, 2) : std::string(known->name), std::move(value)};
}

/// One item per option; a word that is none is the value of the option before it.
std::vector<Option> parse_options(const std::vector<std::string>& words) {
  std::vector<Option> options;
  for (const std::string& word : words) {
    if (word.size() > 1 && word.front() == '-') {
      options.push_back(parse_option(word));
      continue;
    }
    const bool may_have_value = !options.empty() && options.back().value.empty() &&
                                std::ranges::find(kFlags, options.back().name) == kFlags.end();
    if (!may_have_value || word.empty())
      throw UsageError(
          fmt::format("'{}' is no option of sbatch (after '--' come options like --nice=5); leave it out", word));
    options.back().value = word;
  }
  return options;
}

std::string text_of(const Option& option) {
  if (option.value.empty()) return option.name;
  return option.name + (option.name.starts_with("--") ? "=" : "") + option.value;
}

std::optional<std::uint32_t> whole_number(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// "30" (minutes), "30:00", "4:00:00", "1-0", "1-0:30", "1-0:30:00" (sbatch(1), --time); nullopt: none of these.
std::optional<Duration> parse_slurm_time(std::string_view text) {
  std::uint64_t seconds = 0;
  const std::size_t dash = text.find('-');
  const bool has_days = dash != std::string_view::npos;
  if (has_days) {
    const auto days = whole_number(text.substr(0, dash));
    if (!days) return std::nullopt;
    seconds = std::uint64_t{*days} * 86400;
    text.remove_prefix(dash + 1);
  }
  const auto parts = split(text, ':');
  if (parts.empty() || parts.size() > 3) return std::nullopt;
  static constexpr std::array<std::array<std::uint64_t, 3>, 3> kWithout{{{60, 0, 0}, {60, 1, 0}, {3600, 60, 1}}};
  static constexpr std::array<std::uint64_t, 3> kWithDays{3600, 60, 1};
  const auto& units = has_days ? kWithDays : kWithout[parts.size() - 1];
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto number = whole_number(parts[i]);
    if (!number) return std::nullopt;
    seconds += *number * units[i];
  }
  return std::chrono::seconds(seconds);
}

/// "4000" (MiB), "4G" (sbatch(1), --mem); nullopt: neither.
std::optional<std::uint64_t> parse_slurm_memory(std::string_view text) {
  static constexpr std::string_view kUnits = "KMGT";
  unsigned shift = 20;
  if (text.ends_with('B') || text.ends_with('b')) text.remove_suffix(1);
  if (!text.empty()) {
    const std::size_t unit = kUnits.find(static_cast<char>(text.back() & ~0x20));
    if (unit != std::string_view::npos) {
      shift = 10 * (static_cast<unsigned>(unit) + 1);
      text.remove_suffix(1);
    }
  }
  const auto number = whole_number(text);
  return number ? std::optional(std::uint64_t{*number} << shift) : std::nullopt;
}

[[noreturn]] void refuse_value(const Option& option, const char* wanted) {
  throw UsageError(fmt::format("{} is not {} ('{}' of sbatch); correct it",
                               option.value.empty() ? "nothing" : option.value, wanted, option.name));
}

void refuse_if_senseless(const Option& option) {
  if (option.name == "--array")
    throw UsageError("--array is not for a workflow (its elements are tasks of one job); use 'matrix' in the file");
  if (option.name == "--wrap")
    throw UsageError("--wrap is not for a workflow (the script is fugle's own); write a task instead");
  if (option.name == "--wait")
    throw UsageError("--wait is not for fugle submit (it would wait through the queue); use 'fugle logs -f'");
}

/// True when the request says it now.
bool put_over(const Option& option, SlurmRequest& request) {
  const auto take_word = [&](std::string& into) {
    if (!workflow::is_slurm_word(option.value)) refuse_value(option, "a word without blanks");
    into = option.value;
    return true;
  };
  if (option.name == "--partition") return take_word(request.partition);
  if (option.name == "--account") return take_word(request.account);
  if (option.name == "--qos") return take_word(request.qos);
  if (option.name == "--reservation") return take_word(request.reservation);
  if (option.name == "--constraint") return take_word(request.constraint);
  if (option.name == "--mail-user") return take_word(request.mail_user);
  if (option.name == "--nodes") {
    const auto nodes = whole_number(option.value);
    request.nodes = nodes.value_or(whole_number(split(option.value, '-').front()).value_or(0));
    if (request.nodes == 0) refuse_value(option, "a number of nodes");
    return nodes.has_value();
  }
  if (option.name == "--time") {
    const auto time = parse_slurm_time(option.value);
    request.time = time.value_or(Duration{0});
    return time.has_value();
  }
  if (option.name == "--mem") {
    request.mem_bytes = parse_slurm_memory(option.value);
    if (!request.mem_bytes) refuse_value(option, "an amount of memory");
    return true;
  }
  if (option.name == "--gpus-per-node") {
    request.gpus_per_node = whole_number(option.value);
    return request.gpus_per_node.has_value();
  }
  if (option.name == "--requeue" || option.name == "--no-requeue") {
    request.requeue = option.name == "--requeue" ? Requeue::automatic : Requeue::never;
    return true;
  }
  return option.name == "--parsable";
}

}  // namespace

std::vector<std::string> take_sbatch_words(const std::vector<std::string>& words, SlurmRequest& request) {
  std::vector<std::string> once;
  for (const Option& option : parse_options(words)) {
    refuse_if_senseless(option);
    if (workflow::has_control_character(option.value)) refuse_value(option, "one line");
    if (std::ranges::find(kOnce, option.name) != kOnce.end())
      once.push_back(text_of(option));
    else if (!put_over(option, request))
      request.extra.push_back(text_of(option));
  }
  return once;
}

std::vector<std::string> sort_extra(SlurmRequest& request) {
  std::vector<std::string> words;
  for (const std::string& item : request.extra) {
    const std::size_t blank = item.find(' '), equals = item.find('=');
    if (blank == std::string::npos || equals < blank) {
      words.push_back(item);
    } else {
      words.push_back(item.substr(0, blank));
      words.push_back(item.substr(item.find_last_of(' ', item.find_first_not_of(' ', blank)) + 1));
    }
  }
  request.extra.clear();
  return take_sbatch_words(words, request);
}

}  // namespace fugle::app
