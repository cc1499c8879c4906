#include "app/linked_inputs.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"

namespace fugle::app {
namespace fs = std::filesystem;
namespace {

std::set<std::string> outputs_of(const graph::Graph& graph) {
  std::set<std::string> made;
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e)
    if (!graph.task_of(ElementId(e)).output_names.empty())
      for (std::string& path : graph.text(ElementId(e)).outputs) made.insert(std::move(path));
  return made;
}

class Linker {
 public:
  Linker(fs::path from, fs::path to, AbsentInput absent)
      : from_(std::move(from)), to_(std::move(to)), absent_(absent) {}

  void link(const fs::path& wanted) {
    const fs::path inside = wanted.lexically_relative(to_);
    if (inside.empty() || *inside.begin() == "..") return;
    std::error_code problem;
    if (fs::exists(fs::symlink_status(wanted, problem))) return;
    const fs::path source = from_ / inside;
    const bool is_there = fs::exists(source, problem);
    if (!is_there && absent_ == AbsentInput::left) return;
    fs::create_directories(wanted.parent_path(), problem);
    if (is_there)
      fs::create_symlink(source, wanted, problem);
    else if (!problem && !std::ofstream(wanted))
      problem = std::make_error_code(std::errc::permission_denied);
    if (problem)
      throw EnvironmentError(fmt::format("cannot put the input '{}' there ({}); is '{}' writable?", wanted.string(),
                                         problem.message(), to_.string()));
    count_ += is_there ? 1 : 0;
  }
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  fs::path from_, to_;
  AbsentInput absent_;
  std::size_t count_ = 0;
};

}  // namespace

std::size_t link_inputs(const graph::Graph& graph, const std::string& from, const std::string& to, AbsentInput absent) {
  const std::set<std::string> made = outputs_of(graph);
  Linker linker(from, to, absent);
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    if (graph.task_of(ElementId(e)).input_names.empty()) continue;
    for (const std::string& paths : graph.text(ElementId(e)).inputs)
      for (const std::string_view path : split(paths, '\n')) {
        const fs::path wanted = (fs::path(to) / path).lexically_normal();
        if (!path.empty() && !made.contains(wanted.string())) linker.link(wanted);
      }
  }
  return linker.count();
}

void expect_outputs_in(const graph::Graph& graph, const std::string& directory, const std::string& why) {
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    if (graph.task_of(ElementId(e)).output_names.empty()) continue;
    for (const std::string& path : graph.text(ElementId(e)).outputs)
      if (!path.empty() && !path.starts_with(directory + "/"))
        throw UsageError(
            fmt::format("{} has the output '{}', which is not below the directory of the run ({}); make "
                        "its path relative",
                        graph.id(ElementId(e)), path, why));
  }
}

}  // namespace fugle::app
