#include "app/secrets.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>

#include "app/kept_workflow.hpp"
#include "base/error.hpp"
#include "base/regular_file.hpp"

namespace fugle::app {
namespace {

namespace po = boost::program_options;

constexpr std::size_t kLargestFile = 16 << 20;
constexpr mode_t kOfOthers = 077;
/// A shorter one may stand in a text by chance.
constexpr std::size_t kShortestToken = 8;

std::string_view next_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// The lines up to one that is `word`; nothing: there is none.
std::optional<std::string> lines_up_to(std::string_view word, std::string_view& rest) {
  std::string value;
  while (!rest.empty()) {
    const std::string_view line = next_line(rest);
    if (line == word) {
      if (!value.empty()) value.pop_back();
      return value;
    }
    value.append(line).push_back('\n');
  }
  return std::nullopt;
}

/// What it says of a line names its number only.
std::string read_lines(std::string_view rest, const std::string& file, Secrets& into) {
  const std::string_view all = rest;
  while (!rest.empty()) {
    const auto number = 1 + std::count(all.begin(), all.end() - static_cast<std::ptrdiff_t>(rest.size()), '\n');
    const std::string_view line = next_line(rest);
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t equals = line.find('='), heredoc = line.find("<<");
    std::optional<std::string> value;
    if (heredoc < equals && heredoc > 0 && line.size() > heredoc + 2)
      value = lines_up_to(line.substr(heredoc + 2), rest);
    else if (equals != std::string_view::npos && equals > 0 && equals < heredoc)
      value = line.substr(equals + 1);
    if (!value)
      return fmt::format("secrets file '{}': line {} is neither NAME=VALUE nor NAME<<WORD with a line WORD after it",
                         file, number);
    into.emplace_back(line.substr(0, std::min(equals, heredoc)), *std::move(value));
  }
  return {};
}

std::string read_secrets_file(const std::string& path, Secrets& into) {
  const RegularFile file = open_regular(path);
  struct stat status {};
  if (!file.is_open() || ::fstat(file.fd(), &status) != 0)
    return fmt::format("secrets file '{}' cannot be read ({})", path, file.problem());
  if ((status.st_mode & kOfOthers) != 0)
    return fmt::format("secrets file '{}' is open to others (mode {:04o}); chmod 600 it", path, status.st_mode & 07777);
  const auto text = read_all(file, kLargestFile);
  if (!text) return fmt::format("secrets file '{}' cannot be read, or is larger than 16M", path);
  return read_lines(*text, path, into);
}

/// Where it stands in a text; line 0: nowhere.
workflow::Position place_in(std::string_view text, std::string_view secret) {
  const std::size_t at = text.find(secret);
  if (at == std::string_view::npos) return {};
  const std::string_view before = text.substr(0, at);
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return {static_cast<std::uint32_t>(1 + std::ranges::count(before, '\n')),
          static_cast<std::uint32_t>(1 + at - line_start)};
}

/// What is kept with a run is kept as it stands.
void refuse_in_kept_texts(const std::string& name, const std::string& value, workflow::Position at,
                          const KeptWorkflow& kept, workflow::Diagnostics& diagnostics) {
  const auto stands_in = [&](const std::string& what) {
    diagnostics.error("E110", at,
                      fmt::format("the value of secret '{0}' stands in {1}, which is kept with the run; write ${0} in "
                                  "the command of a task that lists it",
                                  name, what));
  };
  if (value.size() < kShortestToken) return;
  if (const workflow::Position place = place_in(kept.text, value); place.line > 0)
    stands_in(fmt::format("line {} of the file", place.line));
  for (const auto& [path, text] : kept.others)
    if (text.find(value) != std::string::npos) stands_in(fmt::format("'{}'", path));
  for (const auto& [param, text] : kept.params)
    if (text.find(value) != std::string::npos) stands_in(fmt::format("param '{}'", param));
  for (const auto& [variable, text] : kept.environment)
    if (text.find(value) != std::string::npos) stands_in(fmt::format("env.{}", variable));
  if (kept.params_text.find(value) != std::string::npos) stands_in(fmt::format("'{}'", kept.params_file));
}

}  // namespace

FoundSecrets find_secrets(const std::vector<std::string>& names, const std::string& file) {
  FoundSecrets found;
  Secrets in_file;
  if (!file.empty() && !names.empty()) found.problem = read_secrets_file(file, in_file);
  for (const std::string& name : names) {
    const auto given = std::ranges::find(in_file, name, &Secrets::value_type::first);
    const char* const variable = std::getenv(name.c_str());
    std::string value = given != in_file.end() ? given->second : variable == nullptr ? "" : variable;
    if (value.empty())
      found.missing.push_back(name);
    else
      found.secrets.emplace_back(name, std::move(value));
  }
  return found;
}

Secrets secrets_of_run(const std::vector<std::string>& names, const std::string& file) {
  FoundSecrets found = find_secrets(names, file);
  if (!found.problem.empty()) throw UsageError(found.problem);
  if (!found.missing.empty())
    throw UsageError(fmt::format("secret '{}' is not set (the run needs it and keeps no values); export it, or name a "
                                 "file with --secrets-file",
                                 found.missing.front()));
  return std::move(found.secrets);
}

Mask mask_of(const Secrets& secrets) {
  std::vector<std::string> words;
  for (const auto& [name, value] : secrets) words.push_back(value);
  return Mask(words);
}

void check_secrets(const workflow::Workflow& workflow, const std::string& file, const KeptWorkflow& kept,
                   workflow::Diagnostics& diagnostics) {
  std::vector<std::string> names;
  for (const workflow::SecretKey& secret : workflow.secrets) names.push_back(secret.name);
  const FoundSecrets found = find_secrets(names, file);
  if (!found.problem.empty()) return diagnostics.error("E305", {}, found.problem);
  for (const workflow::SecretKey& secret : workflow.secrets) {
    const auto known = std::ranges::find(found.secrets, secret.name, &Secrets::value_type::first);
    if (known == found.secrets.end())
      diagnostics.error("E110", secret.at, fmt::format("secret '{}' is not set", secret.name));
    else
      refuse_in_kept_texts(secret.name, known->second, secret.at, kept, diagnostics);
  }
}

std::vector<std::string> masked(std::vector<std::string> words, const Secrets& secrets) {
  const Mask mask = mask_of(secrets);
  for (std::string& word : words) mask.apply(word);
  return words;
}

void forget_in_environment(const Secrets& secrets) {
  for (const auto& [name, value] : secrets) ::unsetenv(name.c_str());
}

void add_secrets_option(po::options_description& options) {
  options.add_options()("secrets-file", po::value<std::string>()->value_name("FILE"),
                        "secrets of the workflow, lines NAME=VALUE; for you alone (mode 0600)");
}

std::string secrets_file_from(const Arguments& arguments) {
  if (!arguments.has("secrets-file")) return {};
  return std::filesystem::absolute(arguments.get<std::string>("secrets-file")).lexically_normal().string();
}

}  // namespace fugle::app
