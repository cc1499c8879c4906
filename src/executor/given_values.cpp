#include "executor/given_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/printable.hpp"
#include "base/regular_file.hpp"
#include "base/text.hpp"

namespace fugle::executor {
namespace {

using graph::OutputKind;

constexpr std::size_t kMaxShown = 60;

std::string_view next_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

std::string shown(std::string_view line) {
  return printable(line.substr(0, kMaxShown)) + (line.size() > kMaxShown ? "..." : "");
}

/// The lines up to one that is `word`; nullopt: there is none.
std::optional<std::string> lines_up_to(std::string_view word, std::string_view& rest, std::size_t& number) {
  std::string value;
  while (!rest.empty()) {
    const std::string_view line = next_line(rest);
    ++number;
    if (line == word) {
      if (!value.empty()) value.pop_back();
      return value;
    }
    value.append(line).push_back('\n');
  }
  return std::nullopt;
}

static_assert(graph::kMaxValue == 64 << 10 && graph::kMaxValueFile == 16 << 20, "messages name these limits");

std::string too_large(std::string_view what, const std::string& name, std::size_t size) {
  return fmt::format("{} '{}' is {}, limit 64K; declare a file output", what, name, format_bytes(size));
}

/// Reads the values of one task's attempt.
class Reader {
 public:
  Reader(const graph::Task& task, const std::vector<std::string>& paths) : task_(task), paths_(paths) {}

  GivenValues read(const std::string& file) {
    read_file(file);
    for (std::size_t i = 0; i < task_.output_names.size() && given_.problem.empty(); ++i)
      if (task_.output_kind(i) != OutputKind::file) take(i);
    remark_unknown();
    return std::move(given_);
  }

 private:
  void read_file(const std::string& path) {
    const RegularFile file = open_regular(path);
    if (!file.is_open()) return;  // nothing was written, or what is missing will be said
    const auto text = read_all(file, graph::kMaxValueFile);
    if (!text) {
      given_.problem = "$FUGLE_OUTPUT can not be read or is larger than 16M; declare file outputs for large data";
      return;
    }
    ParsedValues parsed = parse_values(*text);
    given_.problem = std::move(parsed.problem);
    for (auto& [name, value] : parsed.values) said_[name] = std::move(value);
  }

  void take(std::size_t output) {
    const std::string& name = task_.output_names[output];
    std::optional<std::string> text = paths_[output].empty() ? from_variable(name) : from_file(name, paths_[output]);
    if (!text) return;
    check(name, task_.output_kind(output), *text);
    given_.values.push_back({static_cast<std::uint32_t>(output), std::move(*text)});
  }

  std::optional<std::string> from_variable(const std::string& name) {
    const auto said = said_.find(name);
    if (said == said_.end()) {
      given_.problem = fmt::format("output '{0}' was not given; write the line {0}=VALUE to $FUGLE_OUTPUT", name);
      return std::nullopt;
    }
    if (said->second.size() > graph::kMaxValue) {
      given_.problem = too_large("value", name, said->second.size());
      return std::nullopt;
    }
    return said->second;
  }

  std::optional<std::string> from_file(const std::string& name, const std::string& path) {
    const RegularFile file = open_regular(path);
    auto text = file.is_open() ? read_all(file, graph::kMaxValueFile) : std::nullopt;
    if (!text)
      given_.problem = fmt::format("output '{}' ({}) {}", name, path,
                                   file.is_open() ? "is larger than 16M; declare a file output"
                                                  : fmt::format("cannot be read ({})", file.problem()));
    return text;
  }

  void check(const std::string& name, OutputKind kind, const std::string& text) {
    if (printable(text) != text)
      given_.problem = fmt::format("output '{}' has control characters or bytes that are not UTF-8", name);
    else if (kind == OutputKind::json && !nlohmann::json::accept(text))
      given_.problem = fmt::format("output '{}' is not a JSON document: {}", name, shown(text));
    else if (kind == OutputKind::list)
      check_items(name, text);
  }

  void check_items(const std::string& name, std::string_view rest) {
    for (std::size_t number = 1; !rest.empty(); ++number)
      if (const std::size_t size = next_line(rest).size(); size > graph::kMaxValue)
        given_.problem = too_large(fmt::format("item {} of list", number), name, size);
  }

  void remark_unknown() {
    for (const auto& [name, value] : said_) {
      const auto known = std::ranges::find(task_.output_names, name);
      const auto output = static_cast<std::size_t>(known - task_.output_names.begin());
      if (known != task_.output_names.end() && task_.output_kind(output) != OutputKind::file) continue;
      given_.remark = fmt::format(
          "'{}' was written to $FUGLE_OUTPUT and is no value of this task; write outputs: {{{}: {{type: value}}}}",
          name, name);
      return;
    }
  }

  const graph::Task& task_;
  const std::vector<std::string>& paths_;
  std::map<std::string, std::string> said_;
  GivenValues given_;
};

}  // namespace

ParsedValues parse_values(std::string_view rest) {
  ParsedValues parsed;
  std::size_t number = 0;
  while (!rest.empty()) {
    const std::string_view line = next_line(rest);
    ++number;
    if (line.empty()) continue;
    const std::size_t equals = line.find('='), heredoc = line.find("<<");
    if (heredoc < equals) {
      const std::size_t first = number;
      const std::string_view word = line.substr(heredoc + 2);
      auto value = word.empty() ? std::nullopt : lines_up_to(word, rest, number);
      if (!value) {
        parsed.problem =
            word.empty() ? fmt::format("line {} of $FUGLE_OUTPUT needs a word after <<: '{}'", first, shown(line))
                         : fmt::format("'{}' in line {} of $FUGLE_OUTPUT has no end; write a line '{}' after its value",
                                       shown(line), first, shown(word));
        return parsed;
      }
      parsed.values.emplace_back(line.substr(0, heredoc), std::move(*value));
    } else if (equals != std::string_view::npos && equals > 0) {
      parsed.values.emplace_back(line.substr(0, equals), line.substr(equals + 1));
    } else {
      parsed.problem =
          fmt::format("line {} of $FUGLE_OUTPUT is neither NAME=VALUE nor NAME<<WORD: '{}'", number, shown(line));
      return parsed;
    }
  }
  return parsed;
}

GivenValues read_given_values(const graph::Task& task, const std::vector<std::string>& paths, const std::string& file) {
  return Reader(task, paths).read(file);
}

}  // namespace fugle::executor
