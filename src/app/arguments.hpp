// How every verb reads its command line: long options with Boost.Program_options, named positional words, --help, and
// mistakes answered with the nearest option. Throws UsageError only; prints nothing but the help that was asked for.
#pragma once

#include <boost/program_options.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/command_table.hpp"

namespace fugle::app {

/// What a verb accepts besides --help, which all have.
struct Usage {
  std::string verb;     ///< "status"
  std::string words;    ///< positional words as shown: "[RUN]"
  std::string summary;  ///< one sentence
  std::size_t min_words = 0;
  std::size_t max_words = 0;
  bool takes_rest = false;  ///< words after "--" are of another program: Arguments::rest
  boost::program_options::options_description options{"Options"};
  boost::program_options::options_description hidden;  ///< accepted too, and not for people

  Usage(std::string verb, std::string words, std::string summary, std::size_t min_words, std::size_t max_words);
};

struct Arguments {
  std::vector<std::string> words;
  std::vector<std::string> rest;  ///< after "--"
  boost::program_options::variables_map options;

  [[nodiscard]] bool has(const char* option) const { return options.count(option) != 0; }
  template <class T>
  [[nodiscard]] const T& get(const char* option) const {
    return options[option].as<T>();
  }
};

/// nullopt after printing the help. Throws UsageError on unknown options, bad values and wrong numbers of words.
[[nodiscard]] std::optional<Arguments> parse_arguments(const Usage& usage, const Args& args);

}  // namespace fugle::app
