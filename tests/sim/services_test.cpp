// Services in a hostile world: no user starts beside a service that is not ready, every service ends, and ends well
// when nobody uses it any more.
//
// FUGLE_SIM_FIRST=1000 FUGLE_SIM_SEEDS=20000 runs others than those of the suite.
#include "services.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "sim/faults.hpp"
#include "tokens.hpp"

namespace fugle::sim {
namespace {

using namespace std::chrono_literals;
using scheduler::Event;
using scheduler::EventKind;
using scheduler::FailureClass;
using scheduler::State;

constexpr int kMostLives = 6;
constexpr Duration kLongest = 1h;

class ServiceRun {
 public:
  ServiceRun(std::uint64_t seed, Shapes shapes, Tokens tokens = Tokens::none)
      : shapes_(shapes),
        random_(seed),
        graph_(with_tokens(random_graph_with_services(random_, shapes), tokens, random_)),
        model_(graph_),
        tokens_(graph_) {}

  void run() {
    for (int life = 0; life < kMostLives; ++life) live(life == kMostLives - 1);
  }

  /// For people who look at a seed.
  void tell_events() const {
    for (const Event& event : model_.events())
      fmt::print(stderr, "{:12.6f} {:16} {:10} {:2} {:10} worker {:2} {} {}\n",
                 to_seconds(std::max(event.start, event.end) - Time{}), name_of(event.kind),
                 event.element.is_valid() ? graph_.id(event.element) : "", event.attempt, name_of(event.cls),
                 static_cast<std::int32_t>(event.worker.value()), event.exit, event.text);
  }

 private:
  WorldOptions draw_world(bool is_last) {
    WorldOptions options = random_cluster(random_, is_last, shapes_);
    // In the end there are as many nodes as anything needs that no service has to be on.
    const std::uint32_t num_users_nodes = shapes_ == Shapes::all ? kMostNodes : 1;
    const std::uint32_t num_nodes = is_last ? count_nodes_of_services(graph_) + num_users_nodes : 0;
    for (std::uint32_t n = 0; n < num_nodes; ++n) {
      const auto r = static_cast<std::uint32_t>(options.workers.size());
      options.workers.push_back({"m" + std::to_string(r), r, kMostCores, kWorkerMemory, 1, {}});
    }
    options.places = {};
    options.seed = random_.next();
    if (random_.chance(0.3)) options.expected_s.assign(graph_.num_elements(), 0.0005F);
    options.retry_failed = is_last || random_.chance(0.3);
    if (!is_last && random_.chance(0.2)) options.end_of_allocation = last_time() + 300ms;
    return options;
  }

  [[nodiscard]] Time last_time() const {
    Time last{};
    for (const Event& event : history_) last = std::max({last, event.start, event.end});
    return last;
  }

  void live(bool is_last) {
    WorldOptions options = draw_world(is_last);
    const auto num_ranks = static_cast<std::uint32_t>(options.workers.size());
    const FaultPlan faults = is_last ? no_faults() : draw_faults(random_, num_ranks);
    options.costs.latency = faults.latency;
    options.commit_interval = faults.commit_interval;
    Pace pace{random_.chance(0.4), false, is_last ? 0 : 0.1};
    Random outcomes(random_.next());
    options.model_of_attempt = [&](const SimAttempt& attempt) {
      model_.on_start(attempt);
      tokens_.on_start(attempt.element);
      Outcome outcome = on_node(faults, attempt, random_outcome(attempt.element, pace, outcomes), outcomes);
      // A few services are never ready, or end by themselves.
      if (is_last || !graph_.task_of(attempt.element).service.is_given) return outcome;
      if (outcomes.chance(0.1)) outcome = {200ms, FailureClass::timeout, -15, 1h};
      if (outcomes.chance(0.1)) outcome.ready_after = outcome.length / 2;
      return outcome;
    };
    options.model_of_part = [&](const SimAttempt&) {
      return is_last ? std::optional<Outcome>() : random_part(pace, outcomes);
    };
    options.on_end = [&](const SimAttempt& attempt, const graph::Request&) {
      model_.on_end(attempt);
      tokens_.on_end(attempt.element);
    };
    options.observers = {&model_};
    model_.begin_life(history_, options.seed);
    tokens_.begin_life();
    World world(graph_, random_plan(graph_, num_ranks, random_), options, history_);
    for (std::uint32_t e = 0; is_last && e < graph_.num_elements(); ++e) world.release_element(ElementId(e));
    FaultInjector injector(world, faults, graph_, random_.next());
    while (world.advance()) {
      world.check_invariants();
      injector.after_event();
      if (injector.is_over() && faults.head_end == HeadEnd::crash) return crash(world);
      if (world.now() > last_time() + kLongest) throw BrokenRule("the run does not end");
    }
    if (!world.has_ended()) throw BrokenRule("the run stands still");
    model_.check_end(world.exit_code() == 0);
    if (is_last && world.exit_code() != 0)
      throw BrokenRule(fmt::format("nothing failed, and the exit code is {}", world.exit_code()));
    history_ = world.store().survivors(random_);
  }

  void crash(World& world) {
    history_ = world.store().survivors(random_);
    world.lose_worker(WorkerId(0));
    while (world.advance()) {
    }
  }

  Shapes shapes_;
  Random random_;
  const graph::Graph graph_;
  ServiceModel model_;
  TokenModel tokens_;
  std::vector<Event> history_;
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

const ServiceRun* run_now = nullptr;
std::uint64_t seed_now = 0;

/// A broken invariant inside the program aborts.
void tell_seed(int) {
  std::fprintf(stderr, "seed %llu\n", static_cast<unsigned long long>(seed_now));
  if (std::getenv("FUGLE_SIM_TALK") != nullptr && run_now != nullptr) run_now->tell_events();
}

void run_seeds(Shapes shapes, std::uint64_t count, Tokens tokens = Tokens::none) {
  std::signal(SIGABRT, tell_seed);
  const std::uint64_t first = number_from("FUGLE_SIM_FIRST", 1);
  for (std::uint64_t seed = first; seed < first + number_from("FUGLE_SIM_SEEDS", count); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    ServiceRun run(seed, shapes, tokens);
    run_now = &run;
    seed_now = seed;
    try {
      run.run();
    } catch (const BrokenRule& rule) {
      ADD_FAILURE() << rule.what();
      if (std::getenv("FUGLE_SIM_TALK") != nullptr) run.tell_events();
    }
  }
  run_now = nullptr;
  std::signal(SIGABRT, SIG_DFL);
}

TEST(ServicesInAHostileWorld, are_ready_for_their_users_and_end_after_them) { run_seeds(Shapes::one_node, 300); }

TEST(ServicesInAHostileWorld, are_so_on_several_nodes_too) { run_seeds(Shapes::all, 400); }

TEST(ServicesInAHostileWorld, hold_tokens_beside_their_users) { run_seeds(Shapes::all, 300, Tokens::some); }

/// A run of one worker and as many cores, in which each attempt takes 10 ms and services are ready after as long.
struct SmallRun {
  explicit SmallRun(const testing::GraphStory& story, std::uint32_t num_workers = 1, std::uint32_t cores = 4)
      : graph(story.graph()), world(graph, plan_of(graph), cluster(num_workers, cores)) {
    code = world.run(Time{} + kLongest);
  }
  [[nodiscard]] const SimAttempt& attempt_of(const std::string& id) const {
    const auto& all = world.attempts();
    return *std::find_if(all.begin(), all.end(),
                         [&](const SimAttempt& attempt) { return attempt.element == graph.find(id); });
  }
  [[nodiscard]] State state(const std::string& id) const { return world.state().state(graph.find(id)); }

  graph::Graph graph;
  World world;
  std::optional<int> code;
};

testing::GraphStory::TaskStory service(testing::GraphStory& story, const std::string& name) {
  auto task = story.task(name);
  task.task().service.is_given = true;
  return task;
}

TEST(Service, is_there_from_before_its_first_user_until_after_its_last) {
  testing::GraphStory story;
  auto db = service(story, "db");
  auto a = story.task("a").after(db);
  story.task("b").after(db).after(a);
  story.task("c").after(a);
  SmallRun run(story);
  EXPECT_EQ(run.code, 0);
  EXPECT_GE(run.attempt_of("a").start, run.attempt_of("db").start + 10ms);
  EXPECT_GE(run.attempt_of("db").end, run.attempt_of("b").end);
  EXPECT_EQ(run.state("db"), State::ok);
}

TEST(Service, is_never_started_when_nobody_is_left_to_use_it) {
  testing::GraphStory story;
  auto broken = story.task("broken");
  auto db = service(story, "db").after(broken);
  story.task("a").after(db);
  WorldOptions options = cluster(1, 4);
  options.model = [&](ElementId, std::uint16_t, Random&) { return Outcome{10ms, FailureClass::error, 1}; };
  const graph::Graph graph = story.graph();
  World world(graph, plan_of(graph), options);
  EXPECT_EQ(world.run(Time{} + kLongest), 1);
  EXPECT_EQ(world.state().state(graph.find("db")), State::blocked);
  EXPECT_EQ(world.attempts().size(), 1u);
}

TEST(Service, that_leaves_no_room_for_its_user_ends_the_run_and_not_the_patience_of_people) {
  testing::GraphStory story;
  auto db = service(story, "db");
  story.task("large").after(db).cores(2);
  SmallRun run(story, 1, 2);
  EXPECT_EQ(run.code, 4);
  EXPECT_EQ(run.state("db"), State::ready) << "it is for the next allocation";
  EXPECT_NE(run.world.store().events().back().text.find("1 element fits nowhere beside the services that run"),
            std::string::npos)
      << run.world.store().events().back().text;
}

TEST(Service, that_leaves_no_room_on_one_node_leaves_some_on_another) {
  testing::GraphStory story;
  auto db = service(story, "db");
  story.task("large").after(db).cores(2).times(3);
  SmallRun run(story, 2, 2);
  EXPECT_EQ(run.code, 0);
}

TEST(Service, ends_in_a_drain_once_nothing_runs_that_uses_it) {
  testing::GraphStory story;
  auto db = service(story, "db");
  auto a = story.task("a").after(db);
  story.task("b").after(db).after(a);
  const graph::Graph graph = story.graph();
  World world(graph, plan_of(graph), cluster(1, 4));
  (void)world.run(Time{} + 15ms);
  world.request_stop(scheduler::Engine::StopKind::drain, 4);
  EXPECT_EQ(world.run(Time{} + kLongest), 4);
  EXPECT_EQ(world.state().state(graph.find("a")), State::ok);
  EXPECT_EQ(world.state().state(graph.find("b")), State::waiting);
  EXPECT_EQ(world.state().state(graph.find("db")), State::ready);
}

TEST(Service, without_users_runs_beside_all_the_others) {
  testing::GraphStory story;
  service(story, "monitor");
  auto a = story.task("a");
  story.task("b").after(a);
  SmallRun run(story);
  EXPECT_EQ(run.code, 0);
  EXPECT_GE(run.attempt_of("monitor").end, run.attempt_of("b").end);
}

TEST(Service, of_which_the_worker_dies_gets_ready_again_for_those_that_have_not_started) {
  testing::GraphStory story;
  auto db = service(story, "db").cores(2);
  story.task("a").after(db).cores(2).times(4);
  WorldOptions options = cluster(4, 2);
  options.workers[0].cores = 1;
  const graph::Graph graph = story.graph();
  World world(graph, plan_of(graph), options);
  while (world.state().state(graph.find("a[0]")) != State::running && world.advance()) {
  }
  const auto& attempts = world.attempts();
  const auto db_attempt = std::find_if(attempts.begin(), attempts.end(),
                                       [&](const SimAttempt& attempt) { return attempt.element == graph.find("db"); });
  ASSERT_NE(db_attempt, attempts.end());
  ASSERT_NE(db_attempt->worker, WorkerId(0)) << "it is too small there";
  world.lose_worker(db_attempt->worker);
  EXPECT_EQ(world.run(Time{} + kLongest), 0);
  EXPECT_EQ(world.state().attempt(graph.find("db")), 2);
}

}  // namespace
}  // namespace fugle::sim
