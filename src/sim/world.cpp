#include "sim/world.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <queue>
#include <utility>

#include "base/assert.hpp"

namespace fugle::sim {

using namespace scheduler;

namespace {

/// What is going to happen: a rank steps.
struct Wake {
  Time at;
  std::uint64_t sequence;
  std::uint32_t rank;
  bool operator>(const Wake& other) const { return std::pair{at, sequence} > std::pair{other.at, other.sequence}; }
};

}  // namespace

class World::Impl {
 public:
  class SimTransport final : public Transport {
   public:
    SimTransport(Impl& world, std::uint32_t rank) : world_(world), rank_(rank) {}
    [[nodiscard]] WorkerId self() const override { return WorkerId(rank_); }
    [[nodiscard]] std::uint32_t num_ranks() const override { return static_cast<std::uint32_t>(world_.ranks_.size()); }
    void send(WorkerId to, const Message& message) override { world_.post(rank_, to.value(), encode(message)); }
    void poll(Incoming& incoming) override { world_.collect(rank_, incoming); }

   private:
    Impl& world_;
    std::uint32_t rank_;
  };

  class SimExecutor final : public Executor {
   public:
    SimExecutor(Impl& world, std::uint32_t rank) : world_(world), rank_(rank) {}
    void start(const Launch& launch) override { world_.start_attempt(rank_, launch); }
    void start_after(const Launch& launch, ElementId predecessor) override {
      world_.start_attempt_after(rank_, launch, predecessor);
    }
    void start_now(ElementId element) override { world_.start_waiting(rank_, element); }
    void stop(ElementId element, StopReason) override { world_.stop_attempt(rank_, element); }
    void poll(std::vector<AttemptReport>& reports) override { world_.take_reports(rank_, reports); }

   private:
    Impl& world_;
    std::uint32_t rank_;
  };

  struct Letter {
    Time at;
    std::uint32_t from;
    std::string bytes;  ///< empty: `from` died
  };
  struct Running {
    std::size_t attempt;  ///< index into attempts_
    Outcome outcome;
    Time ends;
    bool is_told = false;  ///< its start was reported
    bool is_stopped = false;
    std::optional<Launch> next{};  ///< takes its place
  };
  struct Rank {
    std::unique_ptr<SimTransport> transport;
    std::unique_ptr<SimExecutor> executor;
    std::unique_ptr<Engine> engine;
    std::deque<Letter> inbox;  ///< by arrival; per sender in order
    std::map<ElementId, Running> running;
    std::vector<AttemptReport> refused;  ///< stopped before they started
    std::uint32_t cores_in_use = 0;
    bool is_alive = true;
  };

  Impl(const graph::Graph& graph, plan::Plan plan, WorldOptions options, std::vector<Event> history)
      : graph_(graph),
        options_(std::move(options)),
        random_(options_.seed),
        run_(graph, options_.seed),
        store_(history),
        next_commit_(now_ + options_.commit_interval),
        has_completed_(graph.num_elements(), false) {
    Effects effects;
    for (const Event& event : history) {
      apply(run_, event, effects);
      if (event.kind == EventKind::attempt_ended) remember_end(event);
      now_ = std::max({now_, event.start, event.end});
    }
    HeadOptions head;
    head.run = &run_;
    head.store = &store_;
    head.plan = std::move(plan);
    head.life_text = "sim";
    head.retry_failed = options_.retry_failed;
    head.fail_fast = options_.fail_fast;
    ranks_.resize(options_.workers.size());
    for (std::uint32_t r = 0; r < ranks_.size(); ++r) {
      ranks_[r].transport = std::make_unique<SimTransport>(*this, r);
      ranks_[r].executor = std::make_unique<SimExecutor>(*this, r);
    }
    for (std::uint32_t r = 0; r < ranks_.size(); ++r) {
      ranks_[r].engine = std::make_unique<Engine>(options_.workers[r], *ranks_[r].transport, *ranks_[r].executor,
                                                  r == 0 ? &head : nullptr);
      wake(r, now_);
    }
  }

  bool advance() {
    if (heap_.empty() || has_ended()) return false;
    const Wake next = heap_.top();
    heap_.pop();
    now_ = std::max(now_, next.at);
    if (now_ >= next_commit_) {
      store_.commit();
      next_commit_ = now_ + options_.commit_interval;
    }
    Rank& rank = ranks_[next.rank];
    if (!rank.is_alive || rank.engine->is_done()) return true;
    const Time deadline = rank.engine->step(now_);
    if (deadline != kNever && !rank.engine->is_done()) wake(next.rank, std::max(deadline, now_ + Duration(1)));
    return true;
  }

  void lose_worker(std::uint32_t r) {
    Rank& rank = ranks_[r];
    if (!rank.is_alive) return;
    rank.is_alive = false;
    for (const auto& [element, running] : rank.running) attempts_[running.attempt].end = now_;
    rank.running.clear();
    for (std::uint32_t other = 0; other < ranks_.size(); ++other)
      if (other != r && (r == 0 || other == 0)) post(r, other, "");
  }

  [[nodiscard]] bool has_ended() const { return ranks_[0].engine->is_done(); }

  void check_invariants() const {
    run_.check_invariants();
    std::vector<bool> live(graph_.num_elements(), false);
    for (const Rank& rank : ranks_) {
      FUGLE_CHECK_THAT(rank.cores_in_use <= options_.workers[rank.transport->self().value()].cores || !rank.is_alive,
                       "a worker uses more cores than it has");
      for (const auto& [element, running] : rank.running) {
        FUGLE_CHECK_THAT(!live[element.value()], "two live attempts of one element");
        live[element.value()] = true;
      }
    }
  }

  // ---- used by the ports

  void post(std::uint32_t from, std::uint32_t to, std::string bytes) {
    if (!ranks_[to].is_alive || (!ranks_[from].is_alive && !bytes.empty())) return;
    ++num_messages_;
    bytes_sent_ += bytes.size();
    const auto spread = static_cast<std::uint64_t>((options_.max_delay - options_.min_delay).count()) + 1;
    Time at = now_ + options_.min_delay + Duration(static_cast<std::int64_t>(random_.below(spread)));
    Time& last = last_arrival_[{from, to}];  // per pair in order
    at = std::max(at, last + Duration(1));
    last = at;
    auto& inbox = ranks_[to].inbox;
    inbox.insert(std::upper_bound(inbox.begin(), inbox.end(), at, [](Time t, const Letter& l) { return t < l.at; }),
                 Letter{at, from, std::move(bytes)});
    wake(to, at);
  }

  void collect(std::uint32_t r, Transport::Incoming& incoming) {
    auto& inbox = ranks_[r].inbox;
    for (; !inbox.empty() && inbox.front().at <= now_; inbox.pop_front()) {
      const Letter& letter = inbox.front();
      if (letter.bytes.empty())
        incoming.lost.emplace_back(letter.from);
      else
        incoming.messages.emplace_back(WorkerId(letter.from), decode(letter.bytes));
    }
  }

  void start_attempt(std::uint32_t r, const Launch& launch) {
    check_needs(launch.element);
    const Outcome outcome = options_.model ? options_.model(launch.element, launch.attempt, random_) : Outcome{};
    attempts_.push_back({launch.element, launch.attempt, WorkerId(r), now_, kNever, false});
    ranks_[r].cores_in_use += launch.granted.cores;
    const Time ends = now_ + outcome.length;
    const bool is_new =
        ranks_[r].running.try_emplace(launch.element, Running{attempts_.size() - 1, outcome, ends}).second;
    FUGLE_CHECK_THAT(is_new, "an element was started twice on one worker");
    wake(r, now_ + Duration(1));
    wake(r, ends);
  }

  void start_attempt_after(std::uint32_t r, const Launch& launch, ElementId predecessor) {
    const auto found = ranks_[r].running.find(predecessor);
    if (found == ranks_[r].running.end()) return start_attempt(r, launch);
    FUGLE_CHECK_THAT(!found->second.next, "two attempts wait for one place");
    found->second.next = launch;
  }

  [[nodiscard]] std::optional<Launch>* find_waiting(std::uint32_t r, ElementId element) {
    for (auto& [predecessor, running] : ranks_[r].running)
      if (running.next && running.next->element == element) return &running.next;
    return nullptr;
  }

  void start_waiting(std::uint32_t r, ElementId element) {
    if (std::optional<Launch>* waiting = find_waiting(r, element))
      start_attempt(r, *std::exchange(*waiting, std::nullopt));
  }

  void stop_attempt(std::uint32_t r, ElementId element) {
    if (std::optional<Launch>* waiting = find_waiting(r, element)) {
      AttemptReport report;
      report.kind = AttemptReport::Kind::ended;
      report.element = element;
      report.attempt = std::exchange(*waiting, std::nullopt)->attempt;
      report.start = report.end = now_;
      report.cls = FailureClass::cancelled;
      ranks_[r].refused.push_back(report);
      wake(r, now_ + Duration(1));
      return;
    }
    const auto found = ranks_[r].running.find(element);
    if (found == ranks_[r].running.end() || found->second.is_stopped) return;
    found->second.is_stopped = true;
    found->second.ends = now_ + std::chrono::milliseconds(1);
    wake(r, found->second.ends);
  }

  void take_reports(std::uint32_t r, std::vector<AttemptReport>& reports) {
    Rank& rank = ranks_[r];
    reports.insert(reports.end(), rank.refused.begin(), rank.refused.end());
    rank.refused.clear();
    std::vector<Launch> next;
    for (auto it = rank.running.begin(); it != rank.running.end();) {
      Running& running = it->second;
      SimAttempt& attempt = attempts_[running.attempt];
      AttemptReport report;
      report.element = it->first;
      report.attempt = attempt.attempt;
      report.start = attempt.start;
      if (!running.is_told) {
        running.is_told = true;
        reports.push_back(report);
      }
      if (running.ends > now_) {
        ++it;
        continue;
      }
      report.kind = AttemptReport::Kind::ended;
      report.end = attempt.end = running.ends;
      report.cls = running.is_stopped ? FailureClass::cancelled : running.outcome.cls;
      report.exit = running.outcome.exit;
      attempt.completed = report.cls == FailureClass::none;
      if (attempt.completed || graph_.task_of(it->first).on_failure == graph::OnFailure::ignore)
        has_completed_[it->first.value()] = true;
      rank.cores_in_use -= graph_.task_of(it->first).request.cores;
      reports.push_back(report);
      if (running.next) next.push_back(std::move(*running.next));
      it = rank.running.erase(it);
    }
    for (const Launch& launch : next) start_attempt(r, launch);
  }

  void wake(std::uint32_t rank, Time at) { heap_.push({at, sequence_++, rank}); }

  void check_needs(ElementId e) const {
    for (const ElementId need : graph_.real_needs(e))
      FUGLE_CHECK_THAT(has_completed_[need.value()], "an attempt started before its needs completed");
    FUGLE_CHECK_THAT(!has_completed_[e.value()] || run_.state(e) != State::ok, "an OK element was started again");
  }

  void remember_end(const Event& event) {
    if (event.cls == FailureClass::none || graph_.task_of(event.element).on_failure == graph::OnFailure::ignore)
      has_completed_[event.element.value()] = true;
  }

  const graph::Graph& graph_;
  WorldOptions options_;
  Random random_;
  Time now_{};
  RunState run_;
  MemoryStore store_;
  Time next_commit_;
  std::vector<bool> has_completed_;
  std::vector<Rank> ranks_;
  std::priority_queue<Wake, std::vector<Wake>, std::greater<>> heap_;
  std::uint64_t sequence_ = 0;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Time> last_arrival_;
  std::vector<SimAttempt> attempts_;
  std::uint64_t num_messages_ = 0;
  std::uint64_t bytes_sent_ = 0;
};

World::World(const graph::Graph& graph, plan::Plan plan, WorldOptions options, std::vector<Event> history)
    : impl_(std::make_unique<Impl>(graph, std::move(plan), std::move(options), std::move(history))) {}
World::~World() = default;

std::optional<int> World::run(Time limit) {
  while (impl_->now_ <= limit && impl_->advance()) {
  }
  return has_ended() ? std::optional(exit_code()) : std::nullopt;
}

bool World::advance() { return impl_->advance(); }
void World::lose_worker(WorkerId worker) { impl_->lose_worker(worker.value()); }

void World::request_stop(Engine::StopKind kind, int exit_code) {
  impl_->ranks_[0].engine->request_stop(kind, exit_code, "asked by the test", impl_->now_);
  impl_->wake(0, impl_->now_);
}

void World::cancel_element(ElementId e) {
  impl_->ranks_[0].engine->cancel_element(e, "the test", impl_->now_);
  impl_->wake(0, impl_->now_);
}

Time World::now() const { return impl_->now_; }
bool World::has_ended() const { return impl_->has_ended(); }
int World::exit_code() const { return impl_->ranks_[0].engine->exit_code(); }
const RunState& World::state() const { return impl_->run_; }
MemoryStore& World::store() { return impl_->store_; }
const std::vector<SimAttempt>& World::attempts() const { return impl_->attempts_; }
std::uint64_t World::num_messages() const { return impl_->num_messages_; }
std::uint64_t World::bytes_sent() const { return impl_->bytes_sent_; }
void World::check_invariants() const { impl_->check_invariants(); }

}  // namespace fugle::sim
