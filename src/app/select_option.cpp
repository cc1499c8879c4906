#include "app/select_option.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "base/error.hpp"
#include "base/printable.hpp"
#include "base/text.hpp"

namespace fugle::app {
namespace po = boost::program_options;

void add_select_option(po::options_description& options) {
  options.add_options()("select", po::value<std::vector<std::string>>()->value_name("ELEMENTS")->composing(),
                        "only these and what they need: ids with * for any text, as 'mdrun[8,*]', names of tasks, "
                        "tag:WORD; with + at its end also what needs those. Several: with commas, or several times");
}

std::vector<std::string> select_patterns_from(const Arguments& arguments) {
  std::vector<std::string> patterns;
  if (!arguments.has("select")) return patterns;
  for (const std::string& text : arguments.get<std::vector<std::string>>("select")) {
    const std::vector<std::string> some = graph::split_patterns(text);
    if (some.empty()) throw UsageError("--select wants elements, e.g. --select 'mdrun[8,*]' or --select tag:slow");
    patterns.insert(patterns.end(), some.begin(), some.end());
  }
  return patterns;
}

graph::Selection select_and_say(const graph::Graph& graph, const std::vector<std::string>& patterns) {
  if (patterns.empty()) return {};
  graph::Selection selection = graph::select_elements(graph, patterns);
  const std::string needed =
      selection.num_needed == 0 ? "" : fmt::format(", and {} that they need", selection.num_needed);
  fmt::print(stderr, "fugle: selected {} of {}{} ({})\n", selection.num_meant,
             counted(graph.num_real_elements(), "element", "elements"), needed, printable(join(patterns, " ")));
  return selection;
}

}  // namespace fugle::app
