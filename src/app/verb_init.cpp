// fugle init NAME: a small workflow to begin with, that runs anywhere.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "app/arguments.hpp"
#include "app/command_table.hpp"
#include "app/init_templates.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "workflow/scalar.hpp"

namespace fugle::app {
namespace {

namespace po = boost::program_options;

std::string list_of_templates() {
  std::string text;
  for (const InitTemplate& one : init_templates()) text += fmt::format("  {:<9} {}\n", one.name, one.summary);
  return text;
}

/// Throws UsageError.
const InitTemplate& template_from(const Arguments& arguments) {
  const auto known = init_templates();
  if (!arguments.has("template")) return known.front();
  const std::string wanted = arguments.get<std::string>("template");
  const auto found = std::ranges::find(known, wanted, &InitTemplate::name);
  if (found != known.end()) return *found;
  throw UsageError(fmt::format("there is no template '{}'; there are\n{}", wanted, list_of_templates()));
}

std::string example_named(std::string_view example, const std::string& name) {
  std::string text(example);
  for (std::size_t at = text.find("NAME"); at != std::string::npos; at = text.find("NAME", at + name.size()))
    text.replace(at, 4, name);
  return text;
}

/// The name of the workflow in "dir/demo", "demo.yaml" or "demo".
std::string workflow_name(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return path.substr(slash == std::string::npos ? 0 : slash + 1);
}

void write_file(const std::string& path, const std::string& text, bool may_replace) {
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (may_replace ? O_TRUNC : O_EXCL);
  const int fd = ::open(path.c_str(), flags, 0666);
  if (fd < 0 && errno == EEXIST)
    throw UsageError(fmt::format("{} is there already (nothing was changed); choose another name, or --force", path));
  const bool is_written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const bool is_closed = fd >= 0 && ::close(fd) == 0;
  if (!is_written || !is_closed)
    throw EnvironmentError(fmt::format("cannot write {} ({}); check the directory", path, std::strerror(errno)));
}

}  // namespace

int init_verb(const Args& args) {
  Usage usage("init", "NAME", "Writes NAME.yaml, a small workflow to begin with: it needs a shell only.", 0, 1);
  usage.options.add_options()("template", po::value<std::string>()->value_name("SHAPE"),
                              "what it looks like: ensemble (default), chain, fanout, sweep, mpi, service; list: say "
                              "what they are");
  usage.options.add_options()("force", "replace a file of that name");
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  if (arguments->has("template") && arguments->get<std::string>("template") == "list") {
    fmt::print("{}", list_of_templates());
    return 0;
  }
  if (arguments->words.empty()) throw UsageError("'fugle init' needs NAME; try 'fugle init demo', or --template list");
  const InitTemplate& example = template_from(*arguments);
  std::string path = arguments->words.front();
  if (path.ends_with(".yaml")) path.resize(path.size() - 5);
  const std::string name = workflow_name(path);
  if (!workflow::is_name(name))
    throw UsageError(
        fmt::format("'{}' can not be the name of a workflow (letters, digits, _ and -, a letter first); "
                    "try 'fugle init demo'",
                    name));
  path += ".yaml";
  write_file(path, example_named(example.text, name), arguments->has("force"));
  const std::string file = quote_for_shell(path);
  fmt::print("{0} written; next:\n  fugle plan {0}\n  fugle test {0}\n  fugle run {0}\n  fugle submit {0}\n", file);
  return 0;
}

}  // namespace fugle::app
