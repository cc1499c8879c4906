#include "app/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <typeinfo>

#include "base/error.hpp"
#include "base/text.hpp"

namespace fugle::app {
namespace po = boost::program_options;
namespace {

constexpr const char* kWords = "words";

void print_help(const Usage& usage) {
  fmt::print("usage: fugle {} {}{}[options]\n{}\n\n", usage.verb, usage.words, usage.words.empty() ? "" : " ",
             usage.summary);
  std::cout << usage.options << std::flush;
}

std::string unknown_option(const Usage& usage, std::string_view given) {
  const std::string name(given.substr(std::min(given.find_first_not_of('-'), given.size())));
  std::vector<std::string_view> known;
  for (const auto& option : usage.options.options()) known.push_back(option->long_name());
  const auto nearest = nearest_word(name.substr(0, name.find('=')), known);
  const std::string advice =
      nearest ? fmt::format("did you mean '--{}'?", *nearest) : fmt::format("see 'fugle {} --help'", usage.verb);
  return fmt::format("'fugle {}' has no option '{}'; {}", usage.verb, given, advice);
}

/// Boost reads -1 into an unsigned number as its complement: four thousand million ranks.
void refuse_negative_counts(const Usage& usage, const po::parsed_options& parsed) {
  for (const auto& given : parsed.options) {
    const po::option_description* option = parsed.description->find_nothrow(given.string_key, false);
    const auto* value = option == nullptr ? nullptr : dynamic_cast<const po::typed_value_base*>(&*option->semantic());
    const bool is_count = value != nullptr && (value->value_type() == typeid(std::uint32_t) ||
                                               value->value_type() == typeid(std::uint16_t));
    if (is_count && !given.value.empty() && given.value.front().starts_with('-'))
      throw UsageError(fmt::format("--{} {} is negative (it is a count); see 'fugle {} --help'", given.string_key,
                                   given.value.front(), usage.verb));
  }
}

po::variables_map parse_options(const Usage& usage, const Args& args) {
  po::options_description all;
  all.add(usage.options).add(usage.hidden).add_options()(kWords, po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add(kWords, -1);
  po::variables_map options;
  namespace style = po::command_line_style;
  const int no_guessing = style::default_style & ~style::allow_guessing;
  try {
    const auto parsed = po::command_line_parser(args).options(all).positional(positional).style(no_guessing).run();
    refuse_negative_counts(usage, parsed);
    po::store(parsed, options);
    po::notify(options);
  } catch (const po::unknown_option& error) {
    throw UsageError(unknown_option(usage, error.get_option_name()));
  } catch (const po::error& error) {
    throw UsageError(fmt::format("{}; see 'fugle {} --help'", error.what(), usage.verb));
  }
  return options;
}

void check_number_of_words(const Usage& usage, const std::vector<std::string>& words) {
  if (words.size() < usage.min_words)
    throw UsageError(fmt::format("'fugle {}' needs {}; see 'fugle {} --help'", usage.verb, usage.words, usage.verb));
  if (words.size() > usage.max_words)
    throw UsageError(fmt::format("'{}' is one word too many for 'fugle {} {}'; see 'fugle {} --help'",
                                 words[usage.max_words], usage.verb, usage.words, usage.verb));
}

}  // namespace

Usage::Usage(std::string verb_, std::string words_, std::string summary_, std::size_t min, std::size_t max)
    : verb(std::move(verb_)), words(std::move(words_)), summary(std::move(summary_)), min_words(min), max_words(max) {
  options.add_options()("help,h", "print this");
}

std::optional<Arguments> parse_arguments(const Usage& usage, const Args& args) {
  Arguments arguments;
  const auto dashes = usage.takes_rest ? std::find(args.begin(), args.end(), "--") : args.end();
  if (dashes != args.end()) arguments.rest.assign(dashes + 1, args.end());
  arguments.options = parse_options(usage, Args(args.begin(), dashes));
  if (arguments.has("help")) {
    print_help(usage);
    return std::nullopt;
  }
  if (arguments.has(kWords)) arguments.words = arguments.get<std::vector<std::string>>(kWords);
  check_number_of_words(usage, arguments.words);
  return arguments;
}

}  // namespace fugle::app
