#include "workflow/sbatch_words.hpp"

#include <fmt/format.h>

#include <optional>

#include "workflow/scalar.hpp"

namespace fugle::workflow {
namespace {

using Takes = SbatchOption::Takes;

constexpr std::string_view kDirective = "#SBATCH";

struct Word {
  std::string text;
  Position at;
};

std::string malformed(std::string_view problem) {
  return fmt::format("import: cannot read this line as slurm: {}", problem);
}

/// getopt_long(3) over words that have places.
class OptionReader {
 public:
  OptionReader(const std::vector<Word>& words, Diagnostics& diagnostics) : words_(words), diagnostics_(diagnostics) {}

  /// Returns the number of the first word that is no option.
  std::size_t read(std::vector<SbatchSetting>& into) {
    while (next_ < words_.size()) {
      const Word& word = words_[next_];
      if (word.text == "--") return next_ + 1;
      if (word.text.size() < 2 || word.text[0] != '-') return next_;
      ++next_;
      const bool is_good = word.text[1] == '-' ? read_long(word, into) : read_letters(word, into);
      if (!is_good) return words_.size();
    }
    return next_;
  }

 private:
  bool read_long(const Word& word, std::vector<SbatchSetting>& into) {
    const std::size_t equals = word.text.find('=');
    const std::string name = word.text.substr(2, equals == std::string::npos ? equals : equals - 2);
    const SbatchOption* option = find_sbatch_option(name);
    if (option == nullptr) return refuse(word, describe_unknown_option(name));
    if (equals != std::string::npos) {
      if (option->takes == Takes::nothing) return refuse(word, fmt::format("--{} takes no value", option->name));
      into.push_back({option, word.text.substr(equals + 1), word.at});
      return true;
    }
    return add(word, *option, {}, into);
  }

  bool read_letters(const Word& word, std::vector<SbatchSetting>& into) {
    for (std::size_t i = 1; i < word.text.size(); ++i) {
      const SbatchOption* option = find_sbatch_option(word.text[i]);
      if (option == nullptr)
        return refuse(word, fmt::format("sbatch has no option {}; see sbatch(1)", in_quotes({&word.text[i], 1})));
      if (option->takes == Takes::nothing) {
        into.push_back({option, {}, word.at});
        continue;
      }
      return add(word, *option, word.text.substr(i + 1), into);
    }
    return true;
  }

  bool add(const Word& word, const SbatchOption& option, std::string rest, std::vector<SbatchSetting>& into) {
    if (rest.empty() && option.takes == Takes::value) {
      if (next_ == words_.size()) return refuse(word, fmt::format("--{} needs a value", option.name));
      rest = words_[next_++].text;
    }
    into.push_back({&option, std::move(rest), word.at});
    return true;
  }

  bool refuse(const Word& word, std::string_view problem) {
    diagnostics_.error("E502", word.at, malformed(problem));
    return false;
  }

  const std::vector<Word>& words_;
  Diagnostics& diagnostics_;
  std::size_t next_ = 0;
};

void refuse_heterogeneous(Position at, Diagnostics& diagnostics) {
  diagnostics.error("E501", at,
                    "import: a heterogeneous job has no equivalent; a task of this version runs on one node: leave the "
                    "job to sbatch");
}

/// The words of one directive. nullopt after E502.
std::optional<std::vector<Word>> split_directive(std::string_view line, std::uint32_t number,
                                                 Diagnostics& diagnostics) {
  std::vector<Word> words;
  std::size_t i = kDirective.size();
  while (i < line.size()) {
    if (line[i] == ' ' || line[i] == '\t' || line[i] == '\r' || line[i] == '\v' || line[i] == '\f') {
      ++i;
      continue;
    }
    if (line[i] == '#') break;
    Word word{{}, {number, static_cast<std::uint32_t>(i) + 1}};
    char quote = 0;
    for (; i < line.size(); ++i) {
      const char c = line[i];
      if (c == '\\') {
        if (++i < line.size()) word.text += line[i];
      } else if (quote != 0 && c == quote) {
        quote = 0;
      } else if (quote == 0 && (c == '"' || c == '\'')) {
        quote = c;
      } else if (quote == 0 && (c == ' ' || c == '\t' || c == '#' || c == '\r' || c == '\v' || c == '\f')) {
        break;
      } else {
        word.text += c;
      }
    }
    if (quote != 0) {
      diagnostics.error("E502", word.at, malformed(fmt::format("the quote {} is never closed", quote)));
      return std::nullopt;
    }
    words.push_back(std::move(word));
  }
  return words;
}

bool is_command(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t\r\v\f");
  return first != std::string_view::npos && line[first] != '#';
}

void read_directive(std::string_view line, std::uint32_t number, std::vector<SbatchSetting>& into,
                    Diagnostics& diagnostics) {
  const auto words = split_directive(line, number, diagnostics);
  if (!words || words->empty()) return;
  const Word& first = words->front();
  if (first.text == "hetjob" || first.text == "packjob" || first.text == ":")
    return refuse_heterogeneous(first.at, diagnostics);
  const std::size_t end = OptionReader(*words, diagnostics).read(into);
  if (end < words->size())
    diagnostics.error("E502", (*words)[end].at,
                      malformed(fmt::format("{} is no option", in_quotes((*words)[end].text))));
}

}  // namespace

SbatchWords read_sbatch_words(const std::vector<std::string>& given, Diagnostics& diagnostics) {
  std::vector<Word> words;
  for (const std::string& word : given) words.push_back({word, {}});
  SbatchWords result;
  const std::size_t end = OptionReader(words, diagnostics).read(result.settings);
  for (std::size_t i = end; i < words.size(); ++i) {
    if (words[i].text == ":") {
      refuse_heterogeneous({}, diagnostics);
      return result;
    }
    result.operands.push_back(words[i].text);
  }
  return result;
}

std::vector<SbatchSetting> read_directives(std::string_view script, Diagnostics& diagnostics) {
  std::vector<SbatchSetting> settings;
  for (std::uint32_t number = 1; !script.empty(); ++number) {
    const std::size_t end = std::min(script.find('\n'), script.size());
    const std::string_view line = script.substr(0, end);
    script.remove_prefix(std::min(end + 1, script.size()));
    if (line.starts_with(kDirective))
      read_directive(line, number, settings, diagnostics);
    else if (is_command(line))
      break;
  }
  return settings;
}

std::vector<SbatchSetting> read_sbatch_variables(const std::vector<std::pair<std::string, std::string>>& environment) {
  std::vector<SbatchSetting> settings;
  for (const SbatchOption& option : sbatch_options())
    for (const auto& [name, value] : environment)
      if (!option.variable.empty() && name == option.variable)
        settings.push_back({&option, option.takes == Takes::nothing ? std::string() : value, {}});
  return settings;
}

}  // namespace fugle::workflow
