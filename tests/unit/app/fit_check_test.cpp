#include "app/fit_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/graphs.hpp"
#include "workflow/expand.hpp"
#include "workflow/reader.hpp"

namespace fugle::app {
namespace {

constexpr std::uint64_t kGib = std::uint64_t{1} << 30;

Workers nodes(std::uint32_t count, std::uint32_t cores, std::uint64_t mem_bytes, std::uint32_t gpus) {
  return described_workers({{count}, topology::uniform("n", cores, mem_bytes, gpus)}, count);
}

/// What is said about a file, line by line.
std::string messages(const std::string& tasks, const Workers& workers, Misfit misfit = Misfit::refused) {
  workflow::Diagnostics diagnostics("w.yaml");
  const auto file = workflow::read_workflow("version: 1\nname: w\ntasks:\n" + tasks, diagnostics);
  const auto graph = workflow::expand(*file, {}, diagnostics);
  check_fit({*graph, &*file, workers, misfit}, elements_per_task(*graph), diagnostics);
  diagnostics.sort();
  return diagnostics.to_text();
}

TEST(FitCheck, is_silent_about_what_fits) {
  EXPECT_EQ(messages("  a: {run: x, resources: {cores: 4, mem: 8G, gpus: 2}}\n", nodes(2, 4, 8 * kGib, 2)), "");
}

TEST(FitCheck, names_each_request_that_fits_on_no_node_at_its_place) {
  EXPECT_EQ(messages("  wrf: {run: x, resources: {cores: 256, mem: 300G, gpus: 9}}\n"
                     "  one: {run: x, resources: {gpus: 1}}\n",
                     nodes(64, 128, 256 * kGib, 0)),
            "w.yaml:4:36: error E302: task wrf needs 256 cores, largest node has 128\n"
            "w.yaml:4:46: error E302: task wrf needs 300.0G, largest node has 256.0G\n"
            "w.yaml:4:58: error E302: task wrf needs 9 gpus, largest node has 0\n"
            "w.yaml:5:35: error E302: task one needs 1 gpu, largest node has 0\n"
            "w.yaml: 4 errors, 0 warnings\n");
}

TEST(FitCheck, the_machine_there_is_only_gets_a_warning_unless_it_has_no_gpu_at_all) {
  const std::string tasks =
      "  big: {run: x, matrix: {i: [1, 2, 3]}, resources: {cores: 8}}\n"
      "  gpu: {run: x, resources: {gpus: 2}}\n";
  EXPECT_EQ(messages(tasks, nodes(1, 4, 0, 1), Misfit::reported),
            "w.yaml:4:60: warning W09: task big needs 8 cores, largest node has 4; 3 elements cannot run here\n"
            "w.yaml:5:35: warning W09: task gpu needs 2 gpus, largest node has 1; 1 element cannot run here\n"
            "w.yaml: 0 errors, 2 warnings\n");
  EXPECT_THAT(messages(tasks, nodes(1, 8, 0, 0), Misfit::reported), ::testing::HasSubstr("error E302: task gpu"));
  EXPECT_THAT(messages(tasks, nodes(1, 8, 0, 0), Misfit::left_out), ::testing::HasSubstr("warning W09: task gpu"));
}

TEST(FitCheck, tells_what_finds_no_room_beside_the_services_it_needs) {
  const std::string services =
      "  cache: {run: x, service: {ready: x}}\n"
      "  db: {needs: [cache], run: x, service: {ready: x}, resources: {nodes: 2, cores: 2}}\n";
  const std::string large = services + "  large: {needs: [db], run: x, resources: {cores: 3}}\n";
  EXPECT_EQ(messages(large, nodes(2, 4, 0, 0)),
            "w.yaml:6:3: error E302: task large does not fit beside the services it needs, cache, db: together 8 "
            "cores, and nodes as these have no room for it at once\n"
            "w.yaml: 1 error, 0 warnings\n");
  EXPECT_EQ(messages(large, nodes(3, 4, 0, 0)), "");
  EXPECT_EQ(messages(services + "  fits: {needs: [db], run: x, resources: {cores: 2}}\n", nodes(2, 4, 0, 0)), "");
  EXPECT_EQ(messages("  db: {run: x, service: {ready: x}, matrix: {i: [1, 2, 3]}}\n"
                     "  user: {needs: [db], run: x, matrix: {i: [1, 2]}}\n",
                     nodes(1, 3, 0, 0), Misfit::reported),
            "w.yaml:5:3: warning W09: task user does not fit beside the service it needs, db: together 4 cores, there "
            "are 3; 2 elements cannot run here\n"
            "w.yaml: 0 errors, 1 warning\n");
}

TEST(FitCheck, takes_nodes_that_are_alike_for_one_choice_beside_services) {
  const std::string tasks =
      "  db: {run: x, service: {ready: x}, matrix: {i: \"1..40\"}, resources: {cores: 3}}\n"
      "  user: {needs: [db], run: x, resources: {cores: 4}}\n";
  EXPECT_EQ(messages(tasks, nodes(41, 4, 0, 0)), "");
  EXPECT_THAT(messages(tasks, nodes(40, 4, 0, 0)), ::testing::HasSubstr("task user does not fit beside"));
}

TEST(FitCheck, wants_scratch_to_be_free_where_all_workers_share_a_disk) {
  workflow::Diagnostics diagnostics("w.yaml");
  const auto file = workflow::read_workflow(
      "version: 1\nname: w\nscratch: /local\ntasks:\n"
      "  a: {run: x, resources: {scratch: 2G}}\n  b: {run: x, resources: {scratch: 4G}}\n",
      diagnostics);
  const auto graph = workflow::expand(*file, {}, diagnostics);
  const auto check = [&](const Workers& workers) {
    FitQuestion question{*graph, &*file, workers, Misfit::reported};
    question.free_scratch = [](const std::string& root) { return root == "/local" ? 3 * kGib : 0; };
    workflow::Diagnostics said("w.yaml");
    check_fit(question, elements_per_task(*graph), said);
    return said.to_text();
  };
  EXPECT_EQ(check(nodes(1, 4, 0, 0)),
            "w.yaml:6:36: error E302: task b needs 4.0G of scratch, /local has 3.0G free\n"
            "w.yaml: 1 error, 0 warnings\n");
  EXPECT_EQ(check(nodes(2, 4, 0, 0)), "") << "another node may have more";
}

TEST(FitCheck, needs_one_worker_that_has_all_at_once) {
  Workers workers = nodes(2, 8, 4 * kGib, 0);
  workers.machine.workers[1] = {2, 64 * kGib, 0};
  EXPECT_EQ(messages("  a: {run: x, resources: {cores: 4, mem: 32G}}\n", workers),
            "w.yaml:4:34: error E302: task a fits on no node: none has all it needs at once\n"
            "w.yaml: 1 error, 0 warnings\n");
  workers.machine.node_of = {0, 0};
  EXPECT_THAT(messages("  a: {run: x, resources: {cores: 9}}\n", workers),
              ::testing::HasSubstr("needs 9 cores, largest worker has 8"));
}

TEST(FitCheck, says_once_per_task_that_a_level_is_absent) {
  Workers workers = nodes(3, 4, 0, 0);
  const std::string tasks = "  a: {run: x, resources: {cores: 2, bind: l3}}\n  b: {run: x, resources: {bind: core}}\n";
  EXPECT_EQ(messages(tasks, workers),
            "w.yaml:4:43: warning W04: no l3 level on node n1; binding to socket\nw.yaml: 0 errors, 1 warning\n");
  for (topology::Node& part : workers.parts) part.has_numa = true;
  EXPECT_THAT(messages(tasks, workers), ::testing::HasSubstr("no l3 level on node n1; binding to numa"));
  for (topology::Node& part : workers.parts) part.has_l3 = true;
  EXPECT_EQ(messages(tasks, workers), "");
}

constexpr const char* kSweep =
    "  mdrun: {run: [x], matrix: {nodes: [1, 2, 4, 8], r: [1, 2, 3]}, "
    "resources: {nodes: '${{ matrix.nodes }}', ranks_per_node: 2, cores: 2}}\n";

TEST(FitCheck, counts_the_nodes_of_an_element) {
  const std::string tasks = "  wrf: {run: [x], resources: {nodes: 12}}\n  ok: {run: [x], resources: {nodes: 9}}\n";
  EXPECT_EQ(messages(tasks, nodes(9, 4, 0, 0)),
            "w.yaml:4:38: error E302: task wrf needs 12 nodes, allocation has 9\nw.yaml: 1 error, 0 warnings\n");
  EXPECT_EQ(messages(kSweep, nodes(4, 4, 0, 0), Misfit::reported),
            "w.yaml:4:85: warning W09: allocation has 4 nodes, task mdrun needs 8; 3 elements cannot run here\n"
            "w.yaml: 0 errors, 1 warning\n");
  EXPECT_EQ(messages(kSweep, nodes(8, 4, 0, 0)), "");
  Workers on_one_node = nodes(8, 4, 0, 0);
  on_one_node.machine.node_of.assign(8, 0);
  EXPECT_THAT(messages(kSweep, on_one_node), ::testing::HasSubstr("task mdrun needs 2 nodes, allocation has 1"));
}

TEST(FitCheck, says_once_that_the_allocation_is_smaller_than_the_file_asks_for) {
  workflow::Diagnostics diagnostics("w.yaml");
  const auto file = workflow::read_workflow(std::string("version: 1\nname: w\nslurm: {nodes: 8}\ntasks:\n") + kSweep +
                                                "  two: {run: [x], resources: {nodes: 5}}\n",
                                            diagnostics);
  const auto graph = workflow::expand(*file, {}, diagnostics);
  const Workers workers = nodes(4, 4, 0, 0);
  FitQuestion question{*graph, &*file, workers, Misfit::reported};
  question.asked_nodes = 8;
  check_fit(question, elements_per_task(*graph), diagnostics);
  EXPECT_EQ(diagnostics.to_text(),
            "w.yaml:3:16: warning W09: allocation has 4 nodes, slurm.nodes is 8; 4 elements cannot run here\n"
            "w.yaml: 0 errors, 1 warning\n");
}

TEST(FitCheck, wants_as_many_nodes_that_can_hold_their_part) {
  Workers workers = nodes(4, 8, 0, 0);
  workers.machine.workers[3].cores = 2;
  EXPECT_EQ(messages("  a: {run: [x], resources: {nodes: 4, ranks: 16}}\n", workers),
            "w.yaml:4:36: error E302: task a needs 4 nodes of 4 cores, allocation has 3 that can hold it\n"
            "w.yaml: 1 error, 0 warnings\n");
  EXPECT_EQ(messages("  a: {run: [x], resources: {nodes: 3, ranks: 12}}\n", workers), "");
  EXPECT_THAT(messages("  a: {run: [x], resources: {ranks: 3, cores: 3}}\n", workers),
              ::testing::HasSubstr("w.yaml:4:36: error E302: task a needs 9 cores, largest node has 8"));
  EXPECT_THAT(messages("  a: {run: [x], resources: {ranks: 2, gpus_per_rank: 1}}\n", workers),
              ::testing::HasSubstr("w.yaml:4:54: error E302: task a needs 2 gpus, largest node has 0"));
}

TEST(FitCheck, a_whole_node_is_one_that_no_workers_share) {
  const std::string tasks = "  a: {run: [x], resources: {exclusive: true}}\n";
  Workers workers = nodes(3, 8, 0, 0);
  EXPECT_EQ(messages(tasks, workers), "");
  workers.machine.node_of = {0, 0, 1};
  EXPECT_EQ(messages(tasks, workers), "");
  workers.machine.node_of = {0, 0, 0};
  EXPECT_THAT(messages(tasks, workers), ::testing::HasSubstr("E302: task a needs whole nodes, and several workers"));
  workers.machine.workers[0].cores = 0;
  workers.machine.workers[1].cores = 0;
  EXPECT_EQ(messages(tasks, workers), "") << "a head that runs no tasks shares nothing";
}

TEST(FitCheck, looks_only_at_what_is_still_to_run) {
  fugle::testing::GraphStory story;
  story.task("big").cores(9).times(2);
  story.task("huge").cores(90);
  const graph::Graph graph = story.graph();
  const Workers workers = nodes(1, 4, 0, 0);
  workflow::Diagnostics diagnostics("w.yaml");
  check_fit({graph, nullptr, workers, Misfit::left_out}, {1, 0}, diagnostics);
  EXPECT_EQ(diagnostics.to_text(),
            "command line: warning W09: task big needs 9 cores, largest node has 4; 1 element cannot run here\n"
            "w.yaml: 0 errors, 1 warning\n");
}

}  // namespace
}  // namespace fugle::app
