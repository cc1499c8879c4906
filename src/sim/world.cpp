#include "sim/world.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/assert.hpp"
#include "sim/parts.hpp"
#include "sim/rank_heap.hpp"
#include "sim/watch.hpp"

namespace fugle::sim {

using namespace scheduler;

namespace {

/// So that the delays of messages do not depend on what models draw.
constexpr std::uint64_t kNetwork = 0x6E6574776F726Bu;
constexpr std::uint64_t kStore = 0x73746F7265u;
/// A service runs until it is stopped.
constexpr Duration kEndless = std::chrono::hours(24 * 365);

}  // namespace

class World::Impl {
 public:
  /// The ports of one rank.
  class Ports final : public Transport, public Executor {
   public:
    Ports(Impl& world, std::uint32_t rank) : world_(world), rank_(rank) {}
    [[nodiscard]] WorkerId self() const override { return WorkerId(rank_); }
    [[nodiscard]] std::uint32_t num_ranks() const override { return world_.num_at_start(); }
    void send(WorkerId to, const Message& message) override { world_.post(rank_, to.value(), message); }
    void poll(Incoming& incoming) override { world_.network_.collect(rank_, world_.now_, incoming); }

    void start(const Launch& launch) override {
      if (!world_.processes_.is_broken(rank_)) world_.watch_.on_place(rank_, launch);
      if (!launch.party.empty()) world_.parts_.greet(rank_, launch);
      world_.processes_.start(rank_, launch, world_.now_);
    }
    void start_after(const Launch& launch, ElementId predecessor) override {
      world_.processes_.start_after(rank_, launch, predecessor, world_.now_);
    }
    void start_now(ElementId element) override { world_.processes_.start_now(element, world_.now_); }
    void stop(ElementId element, StopReason) override {
      world_.processes_.stop(rank_, element, world_.now_);
      world_.parts_.stop(rank_, element, world_.now_);
    }
    void signal(ElementId element, int) override { world_.signal(rank_, element); }
    void poll(std::vector<AttemptReport>& reports) override {
      world_.processes_.poll(rank_, world_.now_, reports);
      world_.parts_.poll(rank_, world_.now_, reports);
    }
    void host(const Launch& launch) override {
      world_.watch_.on_place(rank_, launch);
      world_.parts_.host(rank_, launch, world_.processes_.is_broken(rank_), world_.now_);
    }
    void dismiss(ElementId element) override { world_.parts_.dismiss(rank_, element, world_.now_); }
    void hear(const PartyWord& word) override { world_.parts_.hear(rank_, word); }
    void poll_words(std::vector<PartyWord>& words) override { world_.parts_.poll_words(rank_, words); }

   private:
    Impl& world_;
    std::uint32_t rank_;
  };

  struct Rank {
    std::unique_ptr<Ports> ports;
    std::unique_ptr<Engine> engine;
    bool is_alive = false;
    Time paused_until{};
  };

  /// Of one that grows, or of a const one.
  template <class Graph>
  Impl(Graph& graph, plan::Plan plan, WorldOptions options, std::vector<Event> history)
      : options_(std::move(options)),
        random_(options_.seed),
        store_random_(options_.seed ^ kStore),
        run_(graph, options_.seed),
        watch_(graph, run_, options_.is_watched),
        heap_(num_ranks()),
        network_(num_ranks(), graph.num_tasks(), options_.costs.latency, options_.places, options_.seed ^ kNetwork,
                 options_.is_watched ? Network::Carrying::bytes : Network::Carrying::values),
        processes_(num_ranks(), graph.num_elements(), options_.costs.launch,
                   {[this](const SimAttempt& attempt) { return begin(attempt); },
                    [this](const SimAttempt& attempt, const graph::Request& granted) { end(attempt, granted); }}),
        parts_(num_ranks(), {options_.model_of_part,
                             [this](const SimAttempt& part, FailureClass cls) {
                               watch_.on_place_left(part.worker.value(), part.element);
                               if (options_.on_part_end) options_.on_part_end(part, cls);
                             }}),
        load_(options_.costs.head) {
    Effects effects;
    for (const Event& event : history) {
      apply(run_, event, effects);
      watch_.remember(event);
      now_ = std::max({now_, event.start, event.end});
    }
    store_ = MemoryStore(std::move(history), options_.is_watched ? MemoryStore::Keeping::events  //
                                                                 : MemoryStore::Keeping::count);
    next_commit_ = now_ + options_.commit_interval;
    make_ranks(std::move(plan));
  }

  void make_ranks(plan::Plan plan) {
    HeadOptions head;
    head.run = &run_;
    head.store = &store_;
    head.plan = std::move(plan);
    head.expected_s = std::move(options_.expected_s);
    head.known_s = std::move(options_.known_s);
    head.end_of_allocation = options_.end_of_allocation;
    head.reserve = options_.reserve;
    head.observers = options_.observers;
    head.life_text = "sim";
    head.retry_failed = options_.retry_failed;
    head.fail_fast = options_.fail_fast;
    head.skip_finally = options_.skip_finally;
    head.left_out = options_.left_out;
    head.language = options_.language;
    ranks_.resize(num_ranks());
    for (std::uint32_t r = 0; r < num_ranks(); ++r) ranks_[r].ports = std::make_unique<Ports>(*this, r);
    for (std::uint32_t r = 0; r < num_at_start(); ++r) start_rank(r, r == 0 ? &head : nullptr);
  }

  void start_rank(std::uint32_t r, HeadOptions* head) {
    Ports& ports = *ranks_[r].ports;
    ranks_[r].engine = std::make_unique<Engine>(options_.workers[r], ports, ports, head);
    ranks_[r].is_alive = true;
    wake(r, now_);
  }

  void join(std::uint32_t r, Time end) {
    if (ranks_[r].engine != nullptr || !ranks_[0].is_alive || has_ended()) return;
    if (end != kNever) post(r, 0, Tenure{end});
    start_rank(r, nullptr);
  }

  void set_tenure(std::uint32_t r, Time end) {
    if (ranks_[r].is_alive && r >= num_at_start() && !ranks_[r].engine->is_done()) post(r, 0, Tenure{end});
  }

  bool advance() {
    if (heap_.is_empty() || has_ended()) return false;
    const std::uint32_t r = heap_.first();
    now_ = std::max(now_, heap_.when(r));
    heap_.remove(r);
    if (now_ >= next_commit_) commit();
    Engine& engine = *ranks_[r].engine;
    if (engine.is_done()) return true;
    last_stepped_ = r;
    const bool has_news = next_news(r) <= now_;
    ++num_steps_;
    num_idle_steps_ += has_news ? 0 : 1;
    const Time deadline = r == 0 ? step_head() : engine.step(now_);
    wake(r, next_news(r));
    if (deadline != kNever && !engine.is_done()) wake(r, std::max(deadline, now_ + Duration(1)));
    return true;
  }

  [[nodiscard]] Time next_news(std::uint32_t r) const {
    return std::min({network_.next_arrival(r), processes_.next_due(r), parts_.next_due(r, now_)});
  }

  void commit() {
    if (store_.commit()) wake(0, now_);
    next_commit_ = now_ + options_.commit_interval;
    if (options_.slow_commits.count() > 0)
      next_commit_ += Duration(
          static_cast<std::int64_t>(store_random_.below(static_cast<std::uint64_t>(options_.slow_commits.count()))));
  }

  /// The head is busy with it until load_.free_at().
  Time step_head() {
    events_seen_ = store_.appended();
    load_.begin(now_, network_.count_arrived(0, now_));
    const Time deadline = ranks_[0].engine->step(now_);
    charge_events();
    load_.end();
    return deadline;
  }

  void charge_events() { load_.add_events(store_.appended() - std::exchange(events_seen_, store_.appended())); }

  void lose_worker(std::uint32_t r, Loss loss) {
    Rank& rank = ranks_[r];
    if (!rank.is_alive) return;
    rank.is_alive = false;
    heap_.remove(r);
    network_.close(r);
    processes_.kill_all(r, now_);
    parts_.kill_all(r);
    for (std::uint32_t other = 0; other < num_ranks(); ++other) {
      if (other == r || (r != 0 && other != 0) || ranks_[other].engine == nullptr) continue;
      network_.lose_latest(r, other, loss.unsent);
      wake(other, network_.post_loss(r, other, now_ + loss.notice));
    }
  }

  void pause(std::uint32_t r, Duration length) {
    Rank& rank = ranks_[r];
    rank.paused_until = std::max(rank.paused_until, now_ + length);
    const Time due = heap_.when(r);
    heap_.remove(r);
    wake(r, due);
  }

  void break_spawner(std::uint32_t r, Repair repair) {
    if (!ranks_[r].is_alive || processes_.is_broken(r)) return;
    processes_.break_spawner(r, now_);
    parts_.break_spawner(r, now_);
    if (repair == Repair::mended)
      processes_.mend_spawner(r);
    else
      ranks_[r].engine->leave();
    wake(r, now_);
  }

  [[nodiscard]] bool has_ended() const { return ranks_[0].is_alive && ranks_[0].engine->is_done(); }

  void check_invariants() const {
    run_.check_invariants();
    for (std::uint32_t r = 0; r < num_ranks(); ++r) {
      graph::Request used = processes_.in_use(r);
      used.cores += parts_.in_use(r).cores;
      used.mem_bytes += parts_.in_use(r).mem_bytes;
      used.gpus += parts_.in_use(r).gpus;
      for (const auto& [element, attempt] : parts_.live_on(r))
        FUGLE_CHECK_THAT(
            run_.attempt(element) < attempt || (run_.attempt(element) == attempt && is_live(run_.state(element))),
            "a rank hosts a part of an attempt that has ended");
      const WorkerOffer& offer = options_.workers[r];
      FUGLE_CHECK_THAT(used.cores <= offer.cores, "a worker uses more cores than it has");
      FUGLE_CHECK_THAT(used.mem_bytes <= offer.mem_bytes || offer.mem_bytes == 0,
                       "a worker uses more memory than it has");
      FUGLE_CHECK_THAT(used.gpus <= offer.gpus, "a worker uses more GPUs than it has");
    }
  }

  // ---- used by the ports

  void post(std::uint32_t from, std::uint32_t to, const Message& message) {
    if (options_.on_message) options_.on_message(WorkerId(from), WorkerId(to), message);
    Time leaves = now_;
    if (from == 0) {
      charge_events();
      leaves = load_.send();
    }
    wake(to, network_.post(from, to, message, leaves));
  }

  void signal(std::uint32_t rank, ElementId element) {
    if (options_.model_of_checkpoint) processes_.signal(rank, element, options_.model_of_checkpoint(element), now_);
  }

  Outcome begin(const SimAttempt& attempt) {
    watch_.on_start(attempt);
    Outcome outcome = draw_outcome(attempt);
    if (!run_.services().is_service(attempt.element) || outcome.ready_after) return outcome;
    outcome.ready_after = outcome.length;
    outcome.length = outcome.cls == FailureClass::none ? kEndless : 2 * outcome.length;
    return outcome;
  }

  Outcome draw_outcome(const SimAttempt& attempt) {
    if (options_.model_of_attempt) return options_.model_of_attempt(attempt);
    return options_.model ? options_.model(attempt.element, attempt.attempt, random_) : Outcome{};
  }

  void end(const SimAttempt& attempt, const graph::Request& granted) {
    watch_.on_end(attempt);
    watch_.on_place_left(attempt.worker.value(), attempt.element);
    if (options_.on_end) options_.on_end(attempt, granted);
  }

  /// Not while it is busy.
  void wake(std::uint32_t rank, Time at) {
    if (at == kNever || !ranks_[rank].is_alive) return;
    at = std::max(at, ranks_[rank].paused_until);
    heap_.wake(rank, rank == 0 ? std::max(at, load_.free_at()) : at);
  }

  [[nodiscard]] std::uint32_t num_ranks() const { return static_cast<std::uint32_t>(options_.workers.size()); }
  [[nodiscard]] std::uint32_t num_at_start() const {
    return options_.num_at_start == 0 ? num_ranks() : options_.num_at_start;
  }

  WorldOptions options_;
  Random random_;
  Random store_random_;
  Time now_{};
  RunState run_;
  Watch watch_;
  MemoryStore store_;
  Time next_commit_{};
  std::vector<Rank> ranks_;
  RankHeap heap_;
  Network network_;
  Processes processes_;
  Parts parts_;
  HeadLoad load_;
  Sequence events_seen_ = 0;  ///< whose cost the head has paid
  std::uint32_t last_stepped_ = 0;
  std::uint64_t num_steps_ = 0;
  std::uint64_t num_idle_steps_ = 0;
};

World::World(const graph::Graph& graph, plan::Plan plan, WorldOptions options, std::vector<Event> history)
    : impl_(std::make_unique<Impl>(graph, std::move(plan), std::move(options), std::move(history))) {}
World::World(graph::Graph& graph, plan::Plan plan, WorldOptions options, std::vector<Event> history)
    : impl_(std::make_unique<Impl>(graph, std::move(plan), std::move(options), std::move(history))) {}
World::~World() = default;

std::optional<int> World::run(Time limit) {
  while (!impl_->heap_.is_empty() && impl_->heap_.when(impl_->heap_.first()) <= limit && impl_->advance()) {
  }
  if (has_ended()) return exit_code();
  impl_->now_ = std::max(impl_->now_, limit);
  return std::nullopt;
}

bool World::advance() { return impl_->advance(); }
void World::lose_worker(WorkerId worker, Loss loss) { impl_->lose_worker(worker.value(), loss); }
void World::join(WorkerId worker, Time end) { impl_->join(worker.value(), end); }
void World::set_tenure(WorkerId worker, Time end) { impl_->set_tenure(worker.value(), end); }
void World::pause(WorkerId worker, Duration length) { impl_->pause(worker.value(), length); }
void World::break_spawner(WorkerId worker, Repair repair) { impl_->break_spawner(worker.value(), repair); }
void World::fail_store(MemoryStore::Fault fault) { impl_->store_.fail(fault); }

void World::request_stop(Engine::StopKind kind, int exit_code) {
  impl_->ranks_[0].engine->request_stop(kind, exit_code, "asked by the test", impl_->now_);
  impl_->wake(0, impl_->now_);
}

void World::set_end_of_allocation(Time end) {
  impl_->ranks_[0].engine->set_end_of_allocation(end, impl_->now_);
  impl_->wake(0, impl_->now_);
}

void World::set_skip_finally(bool skips) { impl_->ranks_[0].engine->set_skip_finally(skips); }

void World::cancel_element(ElementId e) {
  impl_->ranks_[0].engine->cancel_element(e, "the test", impl_->now_);
  impl_->wake(0, impl_->now_);
}

void World::hold_element(ElementId e) {
  impl_->ranks_[0].engine->hold_element(e, "the test", impl_->now_);
  impl_->wake(0, impl_->now_);
}

void World::release_element(ElementId e) {
  impl_->ranks_[0].engine->release_element(e, "the test", impl_->now_);
  impl_->wake(0, impl_->now_);
}

Time World::now() const { return impl_->now_; }
WorkerId World::last_stepped() const { return WorkerId(impl_->last_stepped_); }
bool World::is_alive(WorkerId worker) const { return impl_->ranks_[worker.value()].is_alive; }
std::uint32_t World::num_ranks() const { return impl_->num_ranks(); }
bool World::is_still() const { return impl_->heap_.is_empty(); }
bool World::has_ended() const { return impl_->has_ended(); }
int World::exit_code() const { return impl_->ranks_[0].engine->exit_code(); }
const RunState& World::state() const { return impl_->run_; }
MemoryStore& World::store() { return impl_->store_; }
const std::vector<SimAttempt>& World::attempts() const { return impl_->watch_.attempts(); }
std::uint64_t World::num_words_heard() const { return impl_->parts_.num_words_heard(); }
std::uint64_t World::num_messages() const { return impl_->network_.num_sent(); }
std::uint64_t World::bytes_sent() const { return impl_->network_.bytes_sent(); }
Duration World::head_busy() const { return impl_->load_.busy(); }
void World::check_invariants() const { impl_->check_invariants(); }

WorldCounts World::counts() const {
  return {impl_->num_steps_,
          impl_->num_idle_steps_,
          impl_->processes_.num_started(),
          impl_->processes_.num_ended(),
          impl_->network_.num_delivered(),
          impl_->store_.appended()};
}

}  // namespace fugle::sim
