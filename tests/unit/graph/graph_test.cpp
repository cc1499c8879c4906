#include "graph/graph.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "graph/algorithms.hpp"

namespace fugle::graph {
namespace {

Task task_named(const std::string& name) {
  Task task;
  task.name = name;
  task.workdir = "/w";
  return task;
}

/// A graph of one-element tasks, written as "a", then the names it needs.
GraphData chain_of(const std::vector<std::pair<std::string, std::vector<int>>>& nodes) {
  GraphBuilder builder;
  for (const auto& [name, needs] : nodes) builder.add_element(builder.add_task(task_named(name)), name, {});
  for (std::uint32_t v = 0; v < nodes.size(); ++v)
    for (const int need : nodes[v].second) builder.add_edge(ElementId(static_cast<std::uint32_t>(need)), ElementId(v));
  return std::move(builder).build();
}

TEST(Graph, has_the_successors_that_mirror_its_needs) {
  const Graph graph(chain_of({{"a", {}}, {"b", {0}}, {"c", {0}}, {"d", {1, 2}}}));
  EXPECT_EQ(graph.num_edges(), 4u);
  EXPECT_EQ(std::vector(graph.successors(ElementId(0)).begin(), graph.successors(ElementId(0)).end()),
            (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(graph.needs(ElementId(3)).size(), 2u);
  EXPECT_EQ(graph.id(ElementId(2)), "c");
}

TEST(Graph, merges_double_edges) {
  const Graph graph(chain_of({{"a", {}}, {"b", {0, 0}}}));
  EXPECT_EQ(graph.num_edges(), 1u);
}

TEST(GraphBuilder, keeps_gates_and_end_gates_of_equal_sources_apart) {
  GraphBuilder builder;
  Task task;
  task.name = "t";
  const TaskId id = builder.add_task(task);
  std::vector<ElementId> from, to;
  for (int i = 0; i < 10; ++i) from.push_back(builder.add_element(id, "f" + std::to_string(i), {}));
  for (int i = 0; i < 10; ++i) to.push_back(builder.add_element(id, "t" + std::to_string(i), {}));
  builder.add_edges_all(from, to);
  builder.add_edges_after_end(from, to);
  const Graph graph(std::move(builder).build());
  ASSERT_EQ(graph.num_elements(), 22u);
  EXPECT_EQ(graph.num_real_elements(), 20u);
  EXPECT_FALSE(graph.is_end_gate(ElementId(20)));
  EXPECT_TRUE(graph.is_end_gate(ElementId(21)));
  EXPECT_EQ(graph.real_needs(to[0]), from);
}

TEST(GraphBuilder, puts_one_gate_between_many_and_many) {
  GraphBuilder builder;
  const TaskId first = builder.add_task(task_named("first"));
  const TaskId second = builder.add_task(task_named("second"));
  std::vector<ElementId> from, to;
  for (int i = 0; i < 100; ++i) from.push_back(builder.add_element(first, "first[" + std::to_string(i) + "]", {}));
  for (int i = 0; i < 100; ++i) to.push_back(builder.add_element(second, "second[" + std::to_string(i) + "]", {}));
  builder.add_edges_all(from, to);
  builder.add_edges_all(from, std::span(to).first(50));
  const Graph graph(std::move(builder).build());
  EXPECT_EQ(graph.num_real_elements(), 200u);
  EXPECT_EQ(graph.num_elements(), 201u) << "the gate of equal sources is used again";
  EXPECT_EQ(graph.num_edges(), 200u);
  EXPECT_EQ(graph.real_needs(to.front()), from);
}

TEST(GraphBuilder, keeps_estimates_of_single_elements) {
  GraphBuilder builder;
  const TaskId t = builder.add_task(task_named("t"));
  builder.add_element(t, "t[0]", {});
  builder.add_element(t, "t[1]", {}, std::chrono::seconds(2));
  builder.add_element(t, "t[2]", {});
  const Graph graph(std::move(builder).build());
  EXPECT_EQ(graph.estimate(ElementId(0)), Duration(0));
  EXPECT_EQ(graph.estimate(ElementId(1)), std::chrono::seconds(2));
}

TEST(Graph, finds_an_element_by_id_and_by_its_foreign_id) {
  GraphBuilder builder;
  Task task = task_named("t_1");
  task.tags = {"id:ID0001"};
  builder.add_element(builder.add_task(std::move(task)), "t_1", {});
  const Graph graph(std::move(builder).build());
  EXPECT_EQ(graph.find("t_1"), ElementId(0));
  EXPECT_EQ(graph.find("ID0001"), ElementId(0));
  EXPECT_FALSE(graph.find("t").is_valid());
}

TEST(FindCycle, gives_the_shortest_ring_through_the_smallest_vertex) {
  EXPECT_EQ(find_cycle(chain_of({{"a", {1}}, {"b", {2}}, {"c", {0}}}).needs), (std::vector<std::uint32_t>{0, 1, 2, 0}));
  EXPECT_EQ(find_cycle(chain_of({{"a", {0}}}).needs), (std::vector<std::uint32_t>{0, 0}));
  EXPECT_TRUE(find_cycle(chain_of({{"a", {}}, {"b", {0}}}).needs).empty());
}

TEST(TopologicalOrder, puts_each_element_after_its_needs) {
  const Graph graph(chain_of({{"d", {1, 2}}, {"b", {3}}, {"c", {3}}, {"a", {}}}));
  const auto order = topological_order(graph);
  std::vector<std::size_t> position(4);
  for (std::size_t i = 0; i < order.size(); ++i) position[order[i]] = i;
  for (std::uint32_t v = 0; v < 4; ++v)
    for (const std::uint32_t need : graph.needs(ElementId(v))) EXPECT_LT(position[need], position[v]);
}

TEST(UpwardRanks, are_the_longest_way_to_the_end) {
  const Graph graph(chain_of({{"a", {}}, {"b", {0}}, {"c", {0}}, {"d", {1, 2}}}));
  EXPECT_EQ(upward_ranks(graph, std::vector<double>{1, 5, 2, 1}), (std::vector<double>{7, 6, 3, 1}));
  EXPECT_EQ(critical_path(graph, std::vector<double>{1, 5, 2, 1}),
            (std::vector<ElementId>{ElementId(0), ElementId(1), ElementId(3)}));
}

TEST(ElementText, comes_back_from_its_packed_form) {
  Task task = task_named("t");
  task.workdir.clear();
  task.matrix_names = {"x"};
  task.output_names = {"o"};
  task.has_cleanup = true;
  task.restart.is_given = true;
  const ElementText text{{"1"},
                         {},
                         {},
                         {"/w/" + std::string(300, 'n')},
                         "/w/1",
                         {"prog", "", "arg with blank"},
                         "rm x",
                         {"c.*"},
                         {"prog", "-r", ""}};
  std::string packed;
  pack(task, text, packed);
  EXPECT_EQ(unpack(task, packed), text);
}

TEST(FillSlots, inserts_staged_paths_attempt_and_literal_bytes) {
  const std::vector<std::string> staged{"/w/my dir/.2-o.h5"};
  const std::string text =
      "a " + output_slot(0, false) + " " + output_slot(0, true) + escape_slots(std::string(1, kSlot));
  EXPECT_EQ(fill_slots(text, {staged, 2, {}, {}}), "a /w/my dir/.2-o.h5 '/w/my dir/.2-o.h5'" + std::string(1, kSlot));
  EXPECT_EQ(staged_path("out.h5", 3), ".3-out.h5");
  EXPECT_EQ(staged_path("/a/out.tar.gz", 1), "/a/.1-out.tar.gz");
}

TEST(TaskCodec, is_a_round_trip_and_refuses_damage) {
  Task task = task_named("wrf");
  task.request = {4, 1u << 30};
  task.retries = {3, std::chrono::seconds(1), 1.5, std::chrono::minutes(1), 0.2, 7, {{130, 145}, {1, 1}}};
  task.env = {{"A", "b"}};
  task.input_names = {"i", "j"};
  task.input_is_list = {true, false};
  task.on_failure = OnFailure::ignore;
  task.priority = -5;
  task.request.gpus = 2;
  task.bind = Bind::l3;
  task.place = Place::near;
  task.near = "geogrid";
  task.request.whole_node = true;
  task.shape = {2, 5, 3, 1, Part::rank};
  task.retries.scale_mem = 1.3;
  task.has_when = true;
  task.expands = 7;
  task.launcher = "srun";
  task.service = {true, std::chrono::seconds(7), 2};
  task.metrics = {{"rate", "r=([0-9]+)", "1/s", true, 3.5, -0.1, 0.2}};
  const std::string bytes = encode_task(task);
  const Task back = decode_task(bytes);
  EXPECT_EQ(encode_task(back), bytes);
  EXPECT_EQ(back.retries.exit_codes, task.retries.exit_codes);
  EXPECT_EQ(back.input_is_list, task.input_is_list);
  EXPECT_EQ(back.request, task.request);
  EXPECT_EQ(back.near, "geogrid");
  EXPECT_EQ(back.shape, task.shape);
  EXPECT_EQ(back.retries.scale_mem, 1.3);
  EXPECT_TRUE(back.has_when);
  EXPECT_EQ(back.expands, 7u);
  EXPECT_EQ(back.metrics, task.metrics);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    EXPECT_THROW((void)decode_task(std::string_view(bytes).substr(0, cut)), EnvironmentError);
}

TEST(TaskCodec, reads_runs_of_earlier_versions) {
  const Task task = task_named("a");
  std::string bytes = encode_task(task);
  // Version 1 had nothing between the priority and the words of the shell that is now gpus, bind, place and near.
  // Version 2 ended with the tags; tolerance, finally, cleanup, restart and scratch came after; version 3 with those, and
  // whole nodes, shape, launcher, function, service and metrics came after; version 4 with those, and kinds of outputs
  // and who takes part came after; version 5 with those, and what the language knows of a task came after.
  constexpr std::size_t kUpToPriority = 1 + 5 + 4 + 1 + 12 + 24 + 44 + 5, kAdded = 4 + 1 + 1 + 4;
  constexpr std::size_t kAddedLater = 4 + 8 + 1 + 1 + (1 + 4 + 8) + 1 + 4 + 8;
  constexpr std::size_t kAddedLast = 1 + 4 * 4 + (4 + 4) + 4 + 1 + (1 + 8 + 4) + 4;
  constexpr std::size_t kOfLanguage = 3 * 8 + 1 + 4 + (1 + 4 + 1) + 1 + 4 + 4 + 4 + 3 + 4;
  // Version 6 with that; names of secrets and when an element is late came after.
  bytes.resize(bytes.size() - (4 + 8));
  bytes[0] = 6;
  EXPECT_EQ(encode_task(decode_task(bytes)), encode_task(task));
  bytes.resize(bytes.size() - kOfLanguage);
  bytes[0] = 5;
  EXPECT_EQ(encode_task(decode_task(bytes)), encode_task(task));
  bytes.resize(bytes.size() - (4 + 1));
  bytes[0] = 4;
  EXPECT_EQ(encode_task(decode_task(bytes)), encode_task(task));
  bytes.resize(bytes.size() - kAddedLast);
  bytes[0] = 3;
  EXPECT_EQ(encode_task(decode_task(bytes)), encode_task(task));
  bytes.resize(bytes.size() - kAddedLater);
  bytes[0] = 2;
  EXPECT_EQ(encode_task(decode_task(bytes)), encode_task(task));
  bytes.erase(kUpToPriority, kAdded);
  bytes[0] = 1;
  EXPECT_EQ(encode_task(decode_task(bytes)), encode_task(task));
}

TEST(RetryPolicy, covers_its_classes_and_exit_codes) {
  RetryPolicy policy;
  EXPECT_TRUE(policy.covers(FailureClass::error, 3));
  EXPECT_FALSE(policy.covers(FailureClass::timeout, 0));
  policy.classes = 0;
  policy.exit_codes = {{130, 145}};
  EXPECT_TRUE(policy.covers(FailureClass::error, 139));
  EXPECT_FALSE(policy.covers(FailureClass::error, 1));
}

}  // namespace
}  // namespace fugle::graph
