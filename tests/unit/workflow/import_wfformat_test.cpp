#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <sstream>

#include "graph/algorithms.hpp"
#include "workflow/expand.hpp"
#include "workflow/foreign_names.hpp"
#include "workflow/import.hpp"

namespace fugle::workflow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr Replay kCommands{Replay::Kind::commands, 1.0};
constexpr Replay kSleep{Replay::Kind::sleep, 1.0};

struct Imported {
  std::optional<graph::Graph> graph;
  std::string messages;

  [[nodiscard]] ElementId find(std::string_view id) const { return graph->find(id); }
  [[nodiscard]] const graph::Task& task(std::string_view id) const { return graph->task_of(find(id)); }
  [[nodiscard]] std::vector<std::string> command(std::string_view id) const { return graph->text(find(id)).command; }
  [[nodiscard]] std::string needs(std::string_view id) const {
    std::string all;
    for (const ElementId need : graph->real_needs(find(id)))
      all += fmt::format("{}{}", all.empty() ? "" : " ", graph->id(need));
    return all;
  }
};

Imported import_bytes(std::string_view bytes, const Replay& replay) {
  Diagnostics diagnostics("t.json");
  Imported result;
  if (const auto workflow = import_wfformat(bytes, replay, diagnostics)) {
    ExpandOptions options;
    options.directory = "/work";
    result.graph = expand(*workflow, options, diagnostics);
  }
  diagnostics.sort();
  result.messages = diagnostics.to_text();
  return result;
}

/// Compressed as one gzip member.
std::string gzipped(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(text.size() + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

const std::string kNew = R"({"name": "my run", "schemaVersion": "1.5", "author": {"name": "x"}, "workflow": {
  "specification": {
    "tasks": [
      {"name": "a", "id": "A.1", "parents": [], "children": ["2b"], "inputFiles": ["in"], "outputFiles": ["f", "g"]},
      {"name": "b", "id": "2b", "parents": ["A.1"], "children": [], "inputFiles": ["f", "g", "in"], "outputFiles": []}
    ],
    "files": [{"id": "f", "sizeInBytes": 100}, {"id": "g", "sizeInBytes": 23}, {"id": "in", "sizeInBytes": 7}]},
  "execution": {"makespanInSeconds": 3, "executedAt": "?", "tasks": [
      {"id": "2b", "runtimeInSeconds": 0.25, "coreCount": 1.5, "memoryInBytes": 4096, "priority": 7,
       "command": {"program": "prog", "arguments": ["-x", "${{ y }}"]}, "avgCPU": 3},
      {"id": "A.1", "runtimeInSeconds": 1.5, "command": {"program": "one\ntwo", "arguments": []}}]}}})";

TEST(ImportWfFormat, a_replay_sleeps_for_the_recorded_times) {
  const Imported trace = import_bytes(kNew, {Replay::Kind::sleep, 0.1});
  ASSERT_TRUE(trace.graph) << trace.messages;
  EXPECT_THAT(trace.command("A_1"), ElementsAre("sleep", "0.15"));
  EXPECT_THAT(trace.command("t2b"), ElementsAre("sleep", "0.025"));
  EXPECT_EQ(trace.graph->estimate(trace.find("t2b")), std::chrono::milliseconds(25));
  EXPECT_EQ(trace.task("t2b").request, (graph::Request{2, 0})) << "cores are kept, memory was of another machine";
  EXPECT_EQ(trace.task("t2b").priority, 0);
  EXPECT_TRUE(trace.task("t2b").input_names.empty());
  EXPECT_EQ(trace.needs("t2b"), "A_1");
  EXPECT_THAT(trace.graph->data().need_bytes, ElementsAre(123.0F));
}

TEST(ImportWfFormat, names_are_made_fit_and_the_ids_stay_as_tags) {
  const Imported trace = import_bytes(kNew, kSleep);
  EXPECT_THAT(trace.task("A_1").tags, ElementsAre("id:A.1"));
  EXPECT_EQ(trace.find("2b"), trace.find("t2b"));
}

TEST(ImportWfFormat, commands_keep_their_words_files_and_resources) {
  const Imported trace = import_bytes(kNew, kCommands);
  ASSERT_TRUE(trace.graph) << trace.messages;
  EXPECT_THAT(trace.command("A_1"), ElementsAre("bash", "-c", "one\ntwo"));
  EXPECT_THAT(trace.command("t2b"), ElementsAre("prog", "-x", "${{ y }}"));
  EXPECT_EQ(trace.task("t2b").request, (graph::Request{2, 4096}));
  EXPECT_EQ(trace.task("t2b").priority, 7);
  EXPECT_THAT(trace.graph->text(trace.find("A_1")).outputs, ElementsAre("/work/f", "/work/g"));
  EXPECT_THAT(trace.task("t2b").input_names, ElementsAre("f", "g", "in"));
  EXPECT_EQ(trace.graph->num_edges(), 1U);
}

TEST(ImportWfFormat, replaying_nothing_runs_true) {
  EXPECT_THAT(import_bytes(kNew, {Replay::Kind::none, 1}).command("t2b"), ElementsAre("true"));
}

TEST(ImportWfFormat, fields_without_meaning_here_are_named_once) {
  EXPECT_THAT(import_bytes(kNew, kSleep).messages, HasSubstr("warning W50: import: avgCPU, author ignored"));
}

TEST(ImportWfFormat, gzip_is_known_by_its_bytes) {
  EXPECT_EQ(import_bytes(gzipped(kNew), kSleep).graph->num_elements(), 2U);
  const std::string packed = gzipped(kNew);
  EXPECT_THAT(import_bytes(packed.substr(0, packed.size() / 2), kSleep).messages,
              HasSubstr("E502: import: the gzip data is damaged"));
}

/// A 1.4 trace of the tasks given.
std::string old_trace(const std::string& tasks, const std::string& version = "1.4") {
  return R"({"name": "o", "schemaVersion": ")" + version + R"(", "workflow": {"tasks": [)" + tasks + "]}}";
}

TEST(ImportWfFormat, parents_are_found_by_id_and_else_by_name) {
  const Imported trace = import_bytes(old_trace(R"({"name": "x", "id": "y", "type": "compute", "runtimeInSeconds": 1},
                   {"name": "y", "id": "z", "type": "compute", "parents": ["x"]},
                   {"name": "w", "type": "compute", "parents": ["y"], "files": null})"),
                                      kSleep);
  ASSERT_TRUE(trace.graph) << trace.messages;
  EXPECT_EQ(trace.needs("z"), "y") << "by name";
  EXPECT_EQ(trace.needs("w"), "y") << "the id wins over the name";
  EXPECT_EQ(trace.messages, "");
}

TEST(ImportWfFormat, sizes_of_old_versions_are_kilobytes) {
  const std::string tasks = R"({"name": "a", "files": [{"link": "output", "name": "f", "size": 6}], "memory": 10},
                               {"name": "b", "parents": ["a"], "files": [{"link": "input", "name": "f", "size": 6}],
                                "command": {"program": "p"}, "runtime": 2})";
  const Imported trace = import_bytes(old_trace(tasks, "1.3"), kSleep);
  ASSERT_TRUE(trace.graph) << trace.messages;
  EXPECT_THAT(trace.graph->data().need_bytes, ElementsAre(6000.0F));
}

TEST(ImportWfFormat, whatever_is_absent_is_unknown) {
  const Imported trace =
      import_bytes(old_trace(R"({"name": "a"}, {"id": 17, "runtime": -3}, {"name": "a", "id": "x"})"), kSleep);
  ASSERT_TRUE(trace.graph) << trace.messages;
  EXPECT_THAT(trace.command("a"), ElementsAre("sleep", "0"));
  EXPECT_EQ(trace.graph->estimate(trace.find("a")), Duration{0}) << "unknown";
  EXPECT_EQ(trace.graph->estimate(trace.find("t17")), Duration{1}) << "known to be nothing";
  EXPECT_EQ(trace.task("a").request.cores, 1U);
  EXPECT_TRUE(trace.find("x").is_valid());
}

TEST(ImportWfFormat, ids_of_any_characters_become_different_names) {
  const Imported trace = import_bytes(old_trace("{\"id\": \"a b\"}, {\"id\": \"a#b\"}, {\"id\": \"\xC3\xA9\"}, "
                                                "{\"id\": \"a_b_2\", \"parents\": [\"a#b\", \"\xC3\xA9\"]}"),
                                      kSleep);
  ASSERT_TRUE(trace.graph) << trace.messages;
  EXPECT_EQ(trace.graph->num_elements(), 4U);
  EXPECT_EQ(trace.find("a#b"), trace.find("a_b_2"));
  EXPECT_EQ(trace.needs("a_b_2_2"), "a_b_2 __");
}

TEST(ImportWfFormat, parents_and_children_are_united_and_differences_are_said) {
  const Imported trace = import_bytes(old_trace(R"({"id": "a", "parents": [], "children": ["b"]},
      {"id": "b", "parents": [], "children": []}, {"id": "c", "parents": ["a"], "children": []})"),
                                      kSleep);
  EXPECT_EQ(trace.needs("b"), "a");
  EXPECT_EQ(trace.needs("c"), "a");
  EXPECT_THAT(trace.messages, HasSubstr("W51: import: parents and children differ in 2 edges"));
}

TEST(ImportWfFormat, priorities_out_of_range_keep_their_order) {
  const Imported trace = import_bytes(
      old_trace(
          R"({"id": "a", "priority": 99999, "command": {"program": "p"}}, {"id": "b", "priority": 0.5, "command": {"program": "p"}},
                   {"id": "c", "command": {"program": "p"}})"),
      kCommands);
  EXPECT_GT(trace.task("a").priority, trace.task("b").priority);
  EXPECT_EQ(trace.task("c").priority, 0);
  EXPECT_THAT(trace.messages, HasSubstr("W51: import: priorities mapped to -1000..1000 keeping their order"));
}

TEST(ImportWfFormat, mistakes_have_the_place_of_the_word_they_are_about) {
  EXPECT_THAT(
      import_bytes(old_trace("{\"id\": \"alpha\"},\n{\"id\": \"b\", \"parents\": [\"alpho\"]}"), kSleep).messages,
      HasSubstr("t.json:2:25: error E202: unknown task 'alpho'; did you mean 'alpha'?"));
  EXPECT_THAT(import_bytes(old_trace("{\"id\": \"a\"}"), kCommands).messages,
              HasSubstr("error E503: import: task 'a' has no command; choose --replay sleep, burn or none"));
  EXPECT_THAT(import_bytes(old_trace("{\"id\": \"a\"}, {\"id\": \"a\"}"), kSleep).messages,
              HasSubstr("E502: import: cannot read this line as wfformat: two tasks are called 'a'"));
  EXPECT_THAT(import_bytes("{\"name\":\n oops}", kSleep).messages,
              HasSubstr("t.json:2:2: error E502: import: cannot read this line as wfformat: this is not JSON"));
  EXPECT_THAT(import_bytes("[]", kSleep).messages, HasSubstr("E502"));
  EXPECT_THAT(import_bytes(old_trace(""), kSleep).messages, HasSubstr("E105: the file has no tasks"));
  EXPECT_THAT(import_bytes(old_trace("", "2.0"), kSleep).messages,
              HasSubstr("schemaVersion '2.0' is none of 1.0 to 1.6"));
  EXPECT_THAT(import_bytes(old_trace("{\"id\": \"a\", \"runtime\": 1e999}"), kSleep).messages, HasSubstr("E502"));
  EXPECT_THAT(
      import_bytes(old_trace("{\"id\": \"a\", \"parents\": [\"b\"]}, {\"id\": \"b\", \"parents\": [\"a\"]}"), kSleep)
          .messages,
      HasSubstr("E201: cycle a -> b -> a"));
}

TEST(ForeignNames, a_name_is_never_given_out_twice) {
  ForeignNames names;
  EXPECT_EQ(names.name_for("a"), "a");
  EXPECT_EQ(names.name_for("a_2"), "a_2");
  EXPECT_EQ(names.name_for("a"), "a_3");
  EXPECT_EQ(names.name_for("9-x"), "t9-x");
  EXPECT_EQ(names.name_for("-x"), "t-x");
  EXPECT_EQ(names.name_for(std::string(80, 'y')), std::string(64, 'y'));
  EXPECT_EQ(names.name_for(std::string(90, 'y')), std::string(62, 'y') + "_2");
}

/// The collection of traces beside the repository; absent in a plain checkout.
fs::path data_folder() { return fs::path(__FILE__).parent_path() / "../../../../shared/data"; }

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

/// What the README of a folder says about each of its files: its table from "| file |" on.
struct Recorded {
  std::string file;
  std::uint32_t tasks = 0;
  std::size_t edges = 0;
  double total_s = 0;
  double critical_path_s = 0;
};

std::vector<Recorded> table_of(const fs::path& readme, std::size_t first_number) {
  std::vector<Recorded> rows;
  std::istringstream lines(bytes_of(readme));
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, '|');) {
      std::erase(cell, ' ');
      cells.push_back(cell);
    }
    if (cells.size() < first_number + 4 || cells[1].find(".json") == std::string::npos) continue;
    rows.push_back({cells[1], static_cast<std::uint32_t>(std::stoul(cells[first_number])),
                    std::stoul(cells[first_number + 1]), std::stod(cells[first_number + 2]),
                    std::stod(cells[first_number + 3])});
  }
  return rows;
}

void expect_as_recorded(const fs::path& folder, std::size_t first_number) {
  const std::vector<Recorded> rows = table_of(folder / "README.md", first_number);
  EXPECT_GE(rows.size(), 4U);
  for (const Recorded& row : rows) {
    SCOPED_TRACE(row.file);
    const Imported trace = import_bytes(bytes_of(folder / row.file), kSleep);
    ASSERT_TRUE(trace.graph) << trace.messages;
    EXPECT_THAT(trace.messages, ::testing::Not(HasSubstr("W51")));
    EXPECT_EQ(trace.graph->num_elements(), row.tasks);
    EXPECT_EQ(trace.graph->num_edges(), row.edges);
    std::vector<double> seconds;
    for (std::uint32_t e = 0; e < row.tasks; ++e) seconds.push_back(to_seconds(trace.graph->estimate(ElementId(e))));
    EXPECT_NEAR(std::accumulate(seconds.begin(), seconds.end(), 0.0), row.total_s, 0.06);
    const std::vector<double> ranks = graph::upward_ranks(*trace.graph, seconds);
    EXPECT_NEAR(*std::max_element(ranks.begin(), ranks.end()), row.critical_path_s, 0.06);
  }
}

TEST(ImportWfFormat, recorded_traces_have_the_graphs_their_collection_says) {
  const fs::path folder = data_folder() / "wfinstances";
  if (!fs::exists(folder)) GTEST_SKIP() << "no traces at " << folder;
  expect_as_recorded(folder, 2);
}

TEST(ImportWfFormat, all_versions_of_one_trace_have_one_graph) {
  const fs::path folder = data_folder() / "wfversions";
  if (!fs::exists(folder)) GTEST_SKIP() << "no traces at " << folder;
  expect_as_recorded(folder, 4);
}

TEST(ImportWfFormat, recorded_commands_are_taken_too) {
  const fs::path folder = data_folder() / "wfinstances";
  if (!fs::exists(folder)) GTEST_SKIP() << "no traces at " << folder;
  for (const char* file : {"helloworld-forkjoin-10-chameleon.json", "blast-chameleon-small-001.json",
                           "montage-chameleon-2mass-05d-001.json.gz"}) {
    const Imported trace = import_bytes(bytes_of(folder / file), kCommands);
    EXPECT_TRUE(trace.graph.has_value()) << file << ": " << trace.messages;
  }
}

}  // namespace
}  // namespace fugle::workflow
