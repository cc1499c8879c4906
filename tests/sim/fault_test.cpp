// Whole runs in a hostile world. Each seed draws a graph, a cluster, a plan and
// a FaultPlan for each life of the run; after every event the invariants hold,
// a naive model agrees with the head, and in the end the run is complete.
//
// FUGLE_SIM_FIRST=1000 FUGLE_SIM_SEEDS=100000 runs others than those of the
// suite; FUGLE_SIM_TALK=1 tells what each life is like.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "found_seeds.hpp"
#include "guests.hpp"
#include "random_graph.hpp"
#include "run_model.hpp"
#include "sim/faults.hpp"
#include "tokens.hpp"

namespace fugle::sim {
namespace {

using namespace std::chrono_literals;
using scheduler::Event;
using scheduler::FailureClass;
using scheduler::State;

constexpr int kMostLives = 8;
/// Once nothing goes wrong any more a run ends within this; its attempts
/// together take some seconds.
constexpr Duration kLongest = 1h;
constexpr std::uint64_t kMostEvents = 300'000;
/// From here on the invariants that are linear in the graph are checked at
/// every so many events.
constexpr std::uint32_t kLargeGraph = 64;
constexpr std::uint64_t kNowAndThen = 16;

Time last_time(const std::vector<Event>& events) {
  Time last{};
  for (const Event& event : events) last = std::max({last, event.start, event.end});
  return last;
}

bool is_talkative() { return std::getenv("FUGLE_SIM_TALK") != nullptr; }

class FaultyRun {
 public:
  enum class Company : std::uint8_t { alone, with_guests };

  explicit FaultyRun(std::uint64_t seed, Company company = Company::alone, Shapes shapes = Shapes::one_node,
                     Tokens tokens = Tokens::none)
      : random_(seed),
        shapes_(shapes),
        graph_(with_tokens(random_graph(random_, shapes), tokens, random_)),
        model_(graph_),
        tokens_(graph_) {
    if (company == Company::with_guests) guests_.emplace(random_.next());
  }

  /// Throws BrokenRule.
  void run() {
    for (int life = 0; life < kMostLives && !is_over_; ++life) live(life == kMostLives - 1);
    if (!is_over_) throw BrokenRule("the run is not complete after a life in which nothing went wrong");
    if (model_.num_repeated() > 0) throw BrokenRule("what had ended OK was done again");
  }

  [[nodiscard]] const std::vector<Event>& events() const { return model_.events(); }

  /// The latest life's, for people.
  void tell_events() const {
    tell_faults();
    for (const Event& event : model_.events())
      fmt::print("{:12.6f} {:16} {:10} {:2} {:10} worker {:2} {} {}\n",
                 to_seconds(std::max(event.start, event.end) - Time{}), name_of(event.kind),
                 event.element.is_valid() ? graph_.id(event.element) : "", event.attempt, name_of(event.cls),
                 static_cast<std::int32_t>(event.worker.value()), event.exit, event.text);
  }

  void tell_faults() const {
    if (!is_talkative() || injector_ == nullptr) return;
    for (const Injected& fault : injector_->injected())
      fmt::print("{:12.6f} {} {}\n", to_seconds(fault.at - Time{}), name_of(fault.fault), fault.subject);
  }

 private:
  void live(bool is_last) {
    faults_ = no_faults();
    WorldOptions options = random_cluster(random_, is_last, shapes_);
    const auto num_ranks = static_cast<std::uint32_t>(options.workers.size());
    if (!is_last) faults_ = draw_faults(random_, num_ranks);
    choose_options(options, is_last);
    if (guests_) guests_->add_to(options, is_last);
    Pace pace = random_pace(options.end_of_allocation != kNever, random_);
    if (is_last) pace.failing_part = 0;
    if (random_.chance(0.3)) options.expected_s.assign(graph_.num_elements(), pace.is_quick ? 0.0005F : 0.01F);
    Random outcomes(random_.next());
    options.model_of_attempt = [&](const SimAttempt& attempt) {
      model_.on_start(attempt);
      tokens_.on_start(attempt.element);
      return on_node(faults_, attempt, random_outcome(attempt.element, pace, outcomes), outcomes);
    };
    options.model_of_checkpoint = [&](ElementId) { return random_checkpoint(outcomes); };
    options.model_of_part = [&](const SimAttempt&) { return random_part(pace, outcomes); };
    options.on_part_end = [&](const SimAttempt& part, FailureClass cls) {
      if (cls == FailureClass::error) model_.on_failed_part(part.element, part.attempt);
    };
    options.on_end = [&](const SimAttempt& attempt, const graph::Request&) {
      model_.on_end(attempt);
      tokens_.on_end(attempt.element);
    };
    leaving_since_ = kNever;
    options.on_message = [&](WorkerId, WorkerId to, const scheduler::Message& message) {
      if (std::holds_alternative<scheduler::Shutdown>(message)) leaving_since_ = std::min(leaving_since_, now_);
      model_.on_message(to, message);
    };
    options.observers = {&model_};
    if (is_talkative())
      fmt::print("life on {} ranks after {} events: {}\n", num_ranks, history_.size(), faults_.describe());
    model_.begin_life(history_, options.seed);
    tokens_.begin_life();
    World world(graph_, random_plan(graph_, num_ranks, random_), options, history_);
    model_.look_after(world.store());
    if (is_last) release_everything(world);
    FaultInjector injector(world, faults_, graph_, random_.next());
    injector_ = &injector;
    try {
      run_to_the_end(world, injector, is_last);
      if (is_last && world.exit_code() != 0)
        throw BrokenRule("a person resumed, nothing failed, and yet it is not well");
    } catch (const BrokenRule&) {
      tell_faults();
      injector_ = nullptr;
      throw;
    }
    tell_faults();
    injector_ = nullptr;
  }

  void choose_options(WorldOptions& options, bool is_last) {
    options.seed = random_.next();
    options.costs.latency = faults_.latency;
    options.commit_interval = faults_.commit_interval;
    options.slow_commits = faults_.slow_commits;
    if (random_.chance(0.3)) options.known_s.assign(graph_.num_elements(), 0);
    if (is_last) {
      options.retry_failed = true;
      return;
    }
    options.retry_failed = random_.chance(0.3);
    options.fail_fast = random_.chance(0.1);
    options.skip_finally = random_.chance(0.1);
    if (!random_.chance(0.2)) return;
    options.end_of_allocation = last_time(history_) + std::chrono::milliseconds(random_.below(1000));
    if (random_.chance(0.5)) options.reserve = std::chrono::milliseconds(random_.below(100));
  }

  void release_everything(World& world) {
    for (std::uint32_t e = 0; e < graph_.num_elements(); ++e) world.release_element(ElementId(e));
  }

  void run_to_the_end(World& world, FaultInjector& injector, bool is_last) {
    HeadEnd head_end = faults_.head_end;
    std::optional<std::vector<Event>> taken_over;
    Time quiet_since = world.now();
    for (std::uint64_t num_events = 0; world.advance(); ++num_events) {
      now_ = world.now();
      if (graph_.num_elements() < kLargeGraph || num_events % kNowAndThen == 0) world.check_invariants();
      if (!injector.is_over()) quiet_since = world.now();
      injector.after_event();
      if (guests_ && (is_last || !injector.is_over())) guests_->after_event(world);
      if (injector.is_over() && head_end == HeadEnd::crash) return crash(world);
      if (injector.is_over() && head_end == HeadEnd::superseded && !world.has_ended()) {
        head_end = HeadEnd::by_itself;
        taken_over = world.store().survivors(random_);
        world.fail_store(MemoryStore::Fault::superseded);
      }
      if (world.now() > quiet_since + kLongest || num_events > kMostEvents)
        throw BrokenRule("the run does not end:" + model_.describe_what_is_left());
    }
    if (!world.has_ended()) throw BrokenRule("the run stands still");
    model_.check_end(world.exit_code(), world.store());
    check_wishes(injector);
    const bool has_fault = world.store().fault().has_value();
    if (taken_over && !has_fault) throw BrokenRule("a superseded head did not notice");
    history_ = taken_over ? *taken_over : world.store().survivors(random_);
    is_over_ = !has_fault && model_.is_complete() && (is_last || !random_.chance(0.2));
  }

  /// What came while the ranks were told to leave came too late.
  void check_wishes(const FaultInjector& injector) const {
    for (const Injected& fault : injector.injected())
      if (fault.fault == Fault::cancel && fault.at < leaving_since_) model_.check_cancelled(ElementId(fault.subject));
  }

  /// The head's rank dies; the others notice, end what they run, and leave.
  void crash(World& world) {
    history_ = world.store().survivors(random_);
    world.lose_worker(WorkerId(0));
    const Time crashed = world.now();
    while (world.advance())
      if (world.now() > crashed + kLongest) throw BrokenRule("a worker does not leave after the head has died");
    model_.check_nothing_runs();
  }

  Random random_;
  Shapes shapes_;
  const graph::Graph graph_;
  RunModel model_;
  TokenModel tokens_;
  std::optional<Guests> guests_;
  FaultPlan faults_;
  std::vector<Event> history_;
  Time now_{};            ///< after the latest event
  Time leaving_since_{};  ///< the head has told the others to leave
  bool is_over_ = false;
  const FaultInjector* injector_ = nullptr;
};

std::uint64_t seed_now = 0;
const FaultyRun* run_now = nullptr;

/// A broken invariant inside the program aborts.
void tell_seed(int) {
  char text[40];
  const auto end = fmt::format_to_n(text, sizeof text, "seed {}\n", seed_now).out;
  std::fwrite(text, 1, static_cast<std::size_t>(end - text), stderr);
  if (is_talkative() && run_now != nullptr) run_now->tell_events();
  std::fflush(stdout);
}

class FaultySeeds : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  static void SetUpTestSuite() { std::signal(SIGABRT, tell_seed); }
  static void TearDownTestSuite() { std::signal(SIGABRT, SIG_DFL); }

  static void break_no_rule(FaultyRun::Company company, Shapes shapes = Shapes::one_node,
                            Tokens tokens = Tokens::none) {
    seed_now = GetParam();
    SCOPED_TRACE(fmt::format("seed {}", seed_now));
    FaultyRun run(seed_now, company, shapes, tokens);
    run_now = &run;
    try {
      run.run();
    } catch (const BrokenRule& rule) {
      ADD_FAILURE() << rule.what();
      if (is_talkative()) run.tell_events();
    }
    run_now = nullptr;
  }
};

TEST_P(FaultySeeds, break_no_rule) { break_no_rule(FaultyRun::Company::alone); }

class FaultySeedsWithGuests : public FaultySeeds {};

TEST_P(FaultySeedsWithGuests, break_no_rule) { break_no_rule(FaultyRun::Company::with_guests); }

/// Elements with several nodes, and such as want whole ones.
class FaultySeedsWithParties : public FaultySeeds {};

TEST_P(FaultySeedsWithParties, break_no_rule) {
  break_no_rule(GetParam() % 3 == 0 ? FaultyRun::Company::with_guests : FaultyRun::Company::alone, Shapes::all);
}

/// Pools, `max_parallel` and `fail_fast`, with all of that.
class FaultySeedsWithTokens : public FaultySeeds {};

TEST_P(FaultySeedsWithTokens, break_no_rule) {
  break_no_rule(GetParam() % 3 == 0 ? FaultyRun::Company::with_guests : FaultyRun::Company::alone,
                GetParam() % 2 == 0 ? Shapes::all : Shapes::one_node, Tokens::some);
}

TEST(FaultySeed, is_the_same_run_twice) {
  FaultyRun one(7), two(7);
  one.run();
  two.run();
  EXPECT_FALSE(one.events().empty());
  EXPECT_EQ(one.events(), two.events());
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

INSTANTIATE_TEST_SUITE_P(Found, FaultySeeds, ::testing::ValuesIn(kFoundSeeds));

const std::uint64_t kFirstSeed = number_from("FUGLE_SIM_FIRST", 1);
INSTANTIATE_TEST_SUITE_P(Seeds, FaultySeeds,
                         ::testing::Range(kFirstSeed, kFirstSeed + number_from("FUGLE_SIM_SEEDS", 300)));
INSTANTIATE_TEST_SUITE_P(Seeds, FaultySeedsWithGuests,
                         ::testing::Range(kFirstSeed, kFirstSeed + number_from("FUGLE_SIM_SEEDS", 300)));
INSTANTIATE_TEST_SUITE_P(Found, FaultySeedsWithParties, ::testing::ValuesIn(kFoundSeedsWithParties));
INSTANTIATE_TEST_SUITE_P(Seeds, FaultySeedsWithParties,
                         ::testing::Range(kFirstSeed, kFirstSeed + number_from("FUGLE_SIM_SEEDS", 300)));

INSTANTIATE_TEST_SUITE_P(Seeds, FaultySeedsWithTokens,
                         ::testing::Range(kFirstSeed, kFirstSeed + number_from("FUGLE_SIM_SEEDS", 300)));

}  // namespace
}  // namespace fugle::sim
