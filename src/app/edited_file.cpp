#include "app/edited_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "app/load_workflow.hpp"
#include "app/run_directory.hpp"
#include "app/workflow_diff.hpp"
#include "base/error.hpp"
#include "base/printable.hpp"
#include "base/regular_file.hpp"
#include "base/text.hpp"

namespace fugle::app {
namespace {

constexpr std::size_t kMostLines = 20;
constexpr std::size_t kLongestFile = std::size_t{1} << 30;

bool differs(const std::string& path, const std::string& kept) {
  const RegularFile file = open_regular(path);
  if (!file.is_open()) return false;
  const auto now = read_all(file, kLongestFile);
  return now && *now != kept;
}

/// A file that was edited so that it can not be read any more has another shape, too.
std::optional<Loaded> load_now(const KeptWorkflow& kept, const RunFacts& facts) {
  LoadOptions options = load_options_of(kept, facts.source);
  options.stored.reset();
  options.file = (std::filesystem::path(facts.submit_dir) / kept.file).string();
  options.needs_inputs = false;
  options.keeps_resolved = true;
  if (!options.params_file.empty())
    options.params_file = (std::filesystem::path(facts.submit_dir) / options.params_file).string();
  try {
    return load_workflow(options);
  } catch (const UsageError& problem) {
    fmt::print(stderr, "fugle: {}\n", printable(problem.what()));
    return std::nullopt;
  }
}

void say(const RunFacts& facts, const std::string& text) {
  fmt::print(stderr, "fugle: {} has been edited; {} goes on with what it was:\n", printable(facts.file), facts.run);
  const std::vector<std::string_view> lines = split(text, '\n');
  for (std::size_t i = 0; i < std::min(lines.size(), kMostLines); ++i)
    if (!lines[i].empty()) fmt::print(stderr, "  {}\n", printable(std::string(lines[i])));
  if (lines.size() > kMostLines) fmt::print(stderr, "  ... 'fugle diff {} {}' says all\n", facts.run, facts.file);
}

}  // namespace

EditedFile warn_of_edits(const std::string& run_dir) {
  const RunFacts facts = read_run_facts(run_dir);
  if (facts.file == "-" || facts.source == Source::sbatch) return EditedFile::same;
  KeptWorkflow kept;
  try {
    kept = read_kept_workflow(run_dir);
  } catch (const EnvironmentError&) {
    return EditedFile::same;  // of an earlier version; what needs it says so
  }
  const std::filesystem::path directory = facts.submit_dir;
  bool is_edited = differs((directory / kept.file).string(), kept.text);
  for (const auto& [path, text] : kept.others) is_edited = is_edited || differs((directory / path).string(), text);
  if (!is_edited || kept.has_stubs) return EditedFile::same;
  LoadOptions options = load_options_of(kept, facts.source);
  options.needs_inputs = false;
  options.keeps_resolved = true;
  const auto before = load_workflow(options);
  if (!before) return EditedFile::same;
  const auto after = load_now(kept, facts);
  if (!after) {
    say(facts, "it can not be read as it is now");
    return EditedFile::other_shape;
  }
  const std::vector<Difference> differences = diff_workflows(*before, *after);
  if (differences.empty()) return EditedFile::same;  // comments, layout
  say(facts, text_of(differences));
  return have_other_shapes(before->graph, after->graph) ? EditedFile::other_shape : EditedFile::other_texts;
}

}  // namespace fugle::app
