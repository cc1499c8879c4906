#include "app/plan_view.hpp"

#include <gmock/gmock.h>

#include "report/json_text.hpp"
#include "support/graphs.hpp"

namespace fugle::app {
namespace {

using std::chrono::seconds;
using ::testing::ContainsRegex;

graph::Graph diamond() {
  fugle::testing::GraphStory story;
  auto a = story.task("a").takes(seconds(2));
  auto b = story.task("b").takes(seconds(10)).after(a).retries(2, seconds(5));
  auto c = story.task("c").takes(seconds(4)).cores(2).after(a);
  story.task("d").takes(seconds(1)).after(b).after(c);
  return story.graph();
}

const std::vector<plan::Slot> kOneWorker{{2, 0}};

Forecast forecast_of(const graph::Graph& graph, const std::vector<plan::Slot>& workers,
                     plan::Policy policy = plan::Policy::heft) {
  plan::PlanOptions options;
  options.policy = policy;
  plan::Machine machine;
  machine.workers = workers;
  return make_forecast(graph, machine, plan::known_durations(graph, {}, {}), options);
}

TEST(PlanView, shows_tasks_order_critical_path_and_bounds) {
  const graph::Graph graph = diamond();
  EXPECT_EQ(plan_text(graph, "demo", kOneWorker, forecast_of(graph, kOneWorker)),
            "demo: 4 elements, on 1 worker with 2 cores\n"
            "  elements  cores  memory  expected  task  retries\n"
            "         1      1   share      2.0s  a     none\n"
            "         1      1   share     10.0s  b     2 more on error, signal; after 5.0s, then x2 up to 10m00s\n"
            "         1      2   share      4.0s  c     none\n"
            "         1      1   share      1.0s  d     none\n"
            "first of 4 elements\n"
            "  start    end  worker  element\n"
            "    0ms   2.0s       0  a\n"
            "   2.0s  12.0s       0  b\n"
            "  12.0s  16.0s       0  c\n"
            "  16.0s  17.0s       0  d\n"
            "critical path, 13.0s\n"
            "  a -> b -> d\n"
            "estimates: 4 from the file\n"
            "makespan 17.0s by heft, lower bound 13.0s (critical path): 1.31x of the bound\n"
            "  policy     makespan\n"
            "  fifo          17.0s\n"
            "  heft          17.0s\n"
            "  partition     17.0s\n"
            "  this plan     17.0s\n");
}

TEST(PlanView, shows_policies_limits_and_what_runs_finally) {
  fugle::testing::GraphStory story;
  auto sims = story.task("sims").takes(seconds(2)).times(20);
  sims.task().tolerate.fraction = 0.1;
  sims.task().on_failure = graph::OnFailure::drain;
  sims.task().has_scratch = true;
  sims.task().scratch_bytes = std::uint64_t{2} << 30;
  auto summary = story.task("summary").takes(seconds(30));
  summary.task().runs_finally = true;
  summary.task().has_cleanup = true;
  graph::GraphData data = story.graph().data();
  data.limits = {5, 1};
  const graph::Graph graph(std::move(data));
  const Forecast forecast = forecast_of(graph, kOneWorker);
  const std::string text = plan_text(graph, "demo", kOneWorker, forecast);
  EXPECT_EQ(
      text.substr(0, text.find("  start")),
      "demo: 20 elements and 1 in finally, on 1 worker with 2 cores\n"
      "  elements  cores  memory  expected  task  retries  besides\n"
      "        20      1   share      2.0s  sims  none     on_failure drain, tolerate 10% (2 of 20), scratch 2.0G\n"
      "limits: the run stops after 5 failed elements; an element is tried 1 time more after lost nodes and failed "
      "launches\n"
      "finally, when all these have ended, however\n"
      "  elements  cores  memory  expected  task     retries  besides\n"
      "         1      1   share     30.0s  summary  none     cleanup\n"
      "first of 20 elements\n");
  EXPECT_EQ(text.find("  summary\n"), std::string::npos) << "no place in the order";
  EXPECT_NE(text.find("makespan 20.0s"), std::string::npos);
  const auto sim = report::Json::parse(plan_element_json(graph, forecast, graph.find("sims[3]")));
  EXPECT_EQ(sim["on_failure"], "drain");
  EXPECT_EQ(sim["tolerate"], "10%");
  EXPECT_FALSE(sim.contains("finally"));
  const auto last = report::Json::parse(plan_element_json(graph, forecast, graph.find("summary")));
  EXPECT_EQ(last["finally"], true);
  EXPECT_TRUE(last["start_s"].is_null());
}

TEST(PlanView, has_one_json_object_per_element) {
  const graph::Graph graph = diamond();
  const Forecast forecast = forecast_of(graph, kOneWorker);
  const auto element = report::Json::parse(plan_element_json(graph, forecast, graph.find("d")));
  EXPECT_EQ(element["id"], "d");
  EXPECT_EQ(element["needs"], report::Json::array({"b", "c"}));
  EXPECT_EQ(element["resources"]["cores"], 1);
  EXPECT_EQ(element["estimate_s"], 1.0);
  EXPECT_EQ(element["worker"], 0);
  const auto totals = report::Json::parse("{" + plan_totals_json(graph, forecast) + "}");
  EXPECT_EQ(totals["makespan_s"], 17.0);
  EXPECT_EQ(totals["lower_bound_s"], 13.0);
  EXPECT_EQ(totals["critical_path"], report::Json::array({"a", "b", "d"}));
}

TEST(PlanView, says_what_fits_nowhere) {
  const graph::Graph graph = diamond();
  const std::vector<plan::Slot> small{{1, 0}};
  const Forecast forecast = forecast_of(graph, small);
  EXPECT_NE(plan_text(graph, "demo", small, forecast).find("2 elements cannot run here"), std::string::npos);
  EXPECT_TRUE(report::Json::parse(plan_element_json(graph, forecast, graph.find("c")))["worker"].is_null());
}

TEST(PlanView, tells_the_effective_retry_policy) {
  graph::RetryPolicy policy;
  EXPECT_EQ(retry_text(policy), "none");
  policy.max = 3;
  policy.classes = 1u << static_cast<unsigned>(graph::FailureClass::timeout);
  policy.exit_codes = {{75, 75}, {100, 110}};
  EXPECT_EQ(retry_text(policy), "3 more on timeout, exit 75, exit 100..110; after 5.0s, then x2 up to 10m00s, +-10%");
}

TEST(PlanView, says_of_open_tasks_and_handlers_what_is_known_of_them) {
  fugle::testing::GraphStory story;
  story.task("split").takes(seconds(1));
  auto open = story.task("work");
  open.task().kind = graph::TaskKind::expansion;
  open.task().request.cores = 0;
  story.task("rescue").takes(seconds(1));
  const graph::Graph graph = story.graph();

  workflow::Outlook outlook;
  graph::Task known;
  known.request = {8, std::uint64_t{2} << 30};
  known.shape.ranks = 4;
  known.shape.cores_per_rank = 2;
  known.retries.max = 1;
  known.retries.scale_mem = 1.5;
  known.tolerate.fraction = 0.1;
  outlook.open.push_back({"work", {"split"}, known});
  outlook.handlers.push_back({"rescue", {"work"}});
  const Forecast forecast = forecast_of(graph, kOneWorker);
  const auto text = [&] { return plan_text(graph, "demo", kOneWorker, forecast, outlook); };
  EXPECT_THAT(text(), ContainsRegex(" n +8 +2.0G .* work .*1 more on error, signal.*; mem x1.5 +known after split, "
                                    "tolerate 10%, 4 ranks\n"));
  EXPECT_THAT(text(), ContainsRegex(" 1 +1 +share .* rescue .* only on failure of work\n"));

  outlook.max_elements = 16;
  EXPECT_THAT(text(), ContainsRegex(" n <= 16 +8 "));
  const auto json = report::Json::parse(plan_element_json(graph, forecast, graph.find("work"), outlook));
  EXPECT_EQ(json["known_after"], report::Json({"split"}));
  EXPECT_EQ(json["max_elements"], 16);
  EXPECT_EQ(json["resources"]["cores"], 8);
  EXPECT_EQ(json["retries"], 1);

  outlook.open.front().known.reset();  // it differs from item to item
  EXPECT_THAT(text(), ContainsRegex(" n <= 16 +[?] +[?] .* work +[?] +known after split\n"));
}

}  // namespace
}  // namespace fugle::app
