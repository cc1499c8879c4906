#include "plan/predict.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <utility>

#include "base/assert.hpp"
#include "graph/service_book.hpp"
#include "plan/ready_set.hpp"
#include "plan/reservations.hpp"
#include "plan/worker_choice.hpp"
#include "plan/worker_pool.hpp"

namespace fugle::plan {
namespace {

using Running = std::pair<double, std::uint32_t>;  // end, or when a service is ready; element

/// What waits and runs, as a plan is followed on a machine.
class Follower final : Reservations::Site {
 public:
  Follower(const Problem& problem, const Plan& plan)
      : problem_(problem),
        graph_(problem.graph),
        plan_(plan),
        placements_(graph_.num_elements()),
        missing_(graph_.num_elements()),
        is_touched_(problem.machine.num_workers()),
        tokens_(graph_),
        ready_(graph_, plan, tokens_, problem.machine.num_workers()),
        pool_(problem.machine.workers, problem.machine.node_of),
        choice_(problem, placements_),
        services_(graph_),
        reservations_(find_needs(), *this) {
    for (const ReadySet::Class& cls : ready_.classes())
      fits_somewhere_.push_back(cls.spread.workers == 1
                                    ? pool_.best_for(cls.request).is_valid()
                                    : !pool_.party_for(cls.request, cls.spread, WorkerId{}).empty());
    can_move_ = problem.durations_on.empty();
    if (has_reservations_) active_.resize(problem.machine.num_workers());
    if (services_.has_services()) background_.assign(problem.machine.num_workers(), Slot{0, 0, 0});
    for (const Slot& slot : problem.machine.workers) total_cores_ += slot.cores;
  }

  Prediction run() && {
    for (std::uint32_t e = 0; e < graph_.num_elements(); ++e) {
      missing_[e] = static_cast<std::uint32_t>(graph_.needs(ElementId(e)).size());
      if (missing_[e] == 0) released_.push_back(e);
    }
    double now = 0;
    do {
      advance(now);
      while (!running_.empty()) {
        now = running_.top().first;
        retire(now);
        advance(now);
      }
    } while (end_services_that_nobody_can_use(now));
    Prediction prediction;
    prediction.makespan_s = makespan_s_;
    prediction.num_unplaced = graph_.num_real_elements() - num_placed_;
    add_bytes(prediction);
    prediction.placements = std::move(placements_);
    prediction.parties = std::move(parties_);
    return prediction;
  }

 private:
  const graph::Task& task_of(std::uint32_t e) const { return graph_.task_of(ElementId(e)); }
  const graph::Request& request_of(std::uint32_t e) const { return task_of(e).request; }
  bool is_party(std::uint32_t e) const { return task_of(e).shape.spread().workers > 1; }
  bool is_service(std::uint32_t e) const { return services_.is_service(ElementId(e)); }

  bool wants_tokens(std::uint32_t e) const { return tokens_.set_of(ElementId(e)) != TokenBook::kNothing; }

  /// The home where it could ever run.
  WorkerId home_of(std::uint32_t e) const {
    if (plan_.homes.empty() || !plan_.homes[e].is_valid() || is_party(e)) return WorkerId{};
    return pool_.is_able(plan_.homes[e], request_of(e)) ? plan_.homes[e] : WorkerId{};
  }

  /// The leader first.
  std::vector<WorkerId> workers_of(std::uint32_t e) const {
    return is_party(e) ? parties_.at(e) : std::vector{placements_[e].worker};
  }

  void touch(WorkerId worker) {
    if (is_touched_[worker.value()]) return;
    is_touched_[worker.value()] = true;
    touched_.push_back(worker);
  }

  // ---- what ends

  void retire(double now) {
    while (!running_.empty() && running_.top().first == now) {
      const std::uint32_t e = running_.top().second;
      running_.pop();
      if (is_service(e)) {
        become_ready(e, now);
      } else {
        leave(e);
        release_successors(e, Release::all);
        note_end(e, now);
      }
    }
  }

  void leave(std::uint32_t e) {
    tokens_.give_back(ElementId(e));
    for (const WorkerId worker : workers_of(e)) {
      pool_.give_back(worker, request_of(e));
      if (has_reservations_) std::erase(active_[worker.value()], e);
      if (is_service(e)) change_background(worker, e, false);
      touch(worker);
    }
  }

  void become_ready(std::uint32_t service, double now) {
    if (!live_services_.contains(service)) return;
    release_successors(service, Release::users);
    if (services_.is_unneeded(ElementId(service))) end_service(service, now);
  }

  /// The last user of a service may have ended.
  void note_end(std::uint32_t e, double now) {
    std::vector<ElementId> unneeded;
    services_.count(ElementId(e), true, unneeded);
    for (const ElementId service : unneeded)
      if (live_services_.contains(service.value())) end_service(service.value(), now);
  }

  void end_service(std::uint32_t e, double now) {
    live_services_.erase(e);
    placements_[e].end_s = now;
    makespan_s_ = std::max(makespan_s_, now);
    leave(e);
    release_successors(e, Release::others);
    note_end(e, now);
  }

  /// Nothing runs that will end by itself. False when there is none.
  bool end_services_that_nobody_can_use(double now) {
    if (live_services_.empty()) return false;
    while (!live_services_.empty()) {
      const std::uint32_t service = *live_services_.begin();
      gone_services_.insert(service);
      end_service(service, now);
    }
    return true;
  }

  bool lacks_service(std::uint32_t e) const {
    if (gone_services_.empty()) return false;
    const std::vector<ElementId> services = services_.services_of(ElementId(e));
    return std::any_of(services.begin(), services.end(),
                       [&](ElementId service) { return gone_services_.contains(service.value()); });
  }

  /// A service releases its users when it is ready, and what waits for its end when it has ended.
  enum class Release : std::uint8_t { all, users, others };
  void release_successors(std::uint32_t e, Release which) {
    for (const std::uint32_t successor : graph_.successors(ElementId(e))) {
      const bool waits_for_end = graph_.is_end_gate(ElementId(successor));
      if (which != Release::all && waits_for_end != (which == Release::others)) continue;
      if (--missing_[successor] == 0) released_.push_back(successor);
    }
  }

  // ---- what starts

  void advance(double now) {
    now_ = Time{} + from_seconds(now);
    make_ready(now);
    refused_.clear();
    tokens_.begin_round();
    if (has_reservations_) reservations_.begin_round();
    for (std::uint32_t level = 0; level < ready_.num_levels() && has_room(); ++level) {
      if (ready_.num_ready(level) == 0) continue;
      start_at_home(level, now);
      start_anywhere(level, now);
    }
    for (const WorkerId worker : touched_) is_touched_[worker.value()] = false;
    touched_.clear();
  }

  bool has_room() const { return pool_.has_free_core() || reservations_.has_any(); }

  /// Gates pass at once and release what is behind them.
  void make_ready(double now) {
    while (!released_.empty()) {
      const std::uint32_t e = released_.back();
      released_.pop_back();
      if (graph_.is_gate(ElementId(e))) {
        placements_[e] = {now, now, WorkerId{}};
        release_successors(e, Release::all);
      } else if (fits_somewhere_[ready_.class_of(e)] && tokens_.can_ever_start(graph_.task_id_of(ElementId(e)))) {
        const WorkerId home = wants_tokens(e) ? WorkerId{} : home_of(e);  // tokens are shared out among all
        ready_.add(e, home, can_move_ || !home.is_valid());
        if (home.is_valid()) touch(home);
      }
    }
  }

  void start_at_home(std::uint32_t level, double now) {
    for (const WorkerId worker : touched_) {
      if (is_outranked_on(worker)) continue;
      const auto fits = [&](const graph::Request& request) { return pool_.has_room(worker, request); };
      while (const auto e = ready_.take_at_home(level, worker, fits))
        if (!lacks_service(*e)) start(*e, {worker}, now);
    }
  }

  /// Something of higher priority waits for more workers, and this could be one of them.
  bool is_outranked_on(WorkerId worker) const {
    return std::any_of(refused_.begin(), refused_.end(),
                       [&](std::uint32_t cls) { return pool_.has_room(worker, ready_.classes()[cls].request); });
  }

  void start_anywhere(std::uint32_t level, double now) {
    if (!has_room() || ready_.num_ready(level) == 0) return;
    ready_.offer_all(level, [&](std::uint32_t e) {
      if (lacks_service(e)) return true;
      if (!may_take_tokens(e)) return false;
      const std::vector<WorkerId> workers = has_reservations_ ? choose_beside_reservations(e) : choose(e);
      if (!workers.empty())
        start(e, workers, now);
      else
        note_refusal(e);
      return !workers.empty();
    });
  }

  bool may_take_tokens(std::uint32_t e) {
    const TokenBook::Set set = tokens_.set_of(ElementId(e));
    const auto ends = [&](ElementId holder) { return expected_end(holder.value(), now_); };
    if (tokens_.may_take(set, expected(e), now_, ends)) return true;
    tokens_.pass_over(set);
    if (has_reservations_) reservations_.drop(reservation_of_[ready_.class_of(e)]);
    return false;
  }

  void note_refusal(std::uint32_t e) {
    const std::uint32_t cls = ready_.class_of(e);
    if (is_party(e)) refused_.push_back(cls);
    if (!has_reservations_) return;
    if (const auto begins = reservations_.begins(reservation_of_[cls], now_))
      tokens_.keep_for(tokens_.set_of(ElementId(e)), *begins);
  }

  Duration expected(std::uint32_t e) const {
    return is_service(e) ? Duration{0} : from_seconds(std::max(problem_.durations[e], 0.0));
  }

  Time expected_end(std::uint32_t e, Time now) const {
    return is_service(e) ? now + Reservations::kLongTime : Time{} + from_seconds(placements_[e].end_s);
  }

  std::vector<WorkerId> choose(std::uint32_t e) {
    if (is_party(e)) return choice_.choose_party(e, pool_);
    if (const WorkerId home = wants_tokens(e) ? home_of(e) : WorkerId{}; home.is_valid()) {
      if (pool_.has_room(home, request_of(e))) return {home};
      if (!can_move_) return {};
    }
    const WorkerId worker = choice_.choose(e, pool_);
    return worker.is_valid() ? std::vector{worker} : std::vector<WorkerId>();
  }

  std::vector<WorkerId> choose_beside_reservations(std::uint32_t e) {
    const ReadySet::Class& cls = ready_.classes()[ready_.class_of(e)];
    return reservations_.choose({reservation_of_[ready_.class_of(e)], plan_.order[e], cls.priority, expected(e), {}},
                                now_, [&](bool) { return choose(e); });
  }

  void start(std::uint32_t e, const std::vector<WorkerId>& workers, double now) {
    const WorkerId leader = workers.front();
    tokens_.take(ElementId(e));
    const double begin = problem_.machine.seconds_per_byte > 0 ? std::max(now, arrival_s(e, leader)) : now;
    const double end = begin + std::max(problem_.duration(e, leader.value()), 0.0);
    for (const WorkerId worker : workers) {
      pool_.take(worker, request_of(e));
      if (has_reservations_) active_[worker.value()].push_back(e);
      if (is_service(e)) change_background(worker, e, true);
    }
    if (is_party(e)) parties_[e] = workers;
    choice_.on_start(e, leader);
    placements_[e] = {begin, end, leader};
    if (is_service(e))
      live_services_.insert(e);
    else
      makespan_s_ = std::max(makespan_s_, end);
    running_.emplace(end, e);
    ++num_placed_;
  }

  void change_background(WorkerId worker, std::uint32_t service, bool is_more) {
    Slot& sum = background_[worker.value()];
    const Slot taken = taken_on(capacity(worker), request_of(service));
    if (is_more)
      sum.cores += taken.cores, sum.mem_bytes += taken.mem_bytes, sum.gpus += taken.gpus;
    else
      sum.cores -= taken.cores, sum.mem_bytes -= taken.mem_bytes, sum.gpus -= taken.gpus;
  }

  // ---- what reservations are told

  /// One for each request, spread and set of tokens, whatever the priority.
  std::vector<Reservations::Need> find_needs() {
    std::map<Reservations::Need, std::uint32_t> known;
    std::vector<Reservations::Need> needs;
    for (std::uint32_t c = 0; c < ready_.classes().size(); ++c) {
      const ReadySet::Class& cls = ready_.classes()[c];
      const auto [place, is_new] =
          known.try_emplace({cls.request, cls.spread, cls.tokens}, static_cast<std::uint32_t>(needs.size()));
      if (is_new) needs.push_back(place->first), classes_of_.emplace_back();
      reservation_of_.push_back(place->second);
      classes_of_[place->second].push_back(c);
    }
    has_reservations_ = needs.size() > 1;  // what asks for the same cannot be passed over by each other
    return needs;
  }

  std::optional<std::uint32_t> first_of(Reservations::Class cls) override {
    std::optional<std::uint32_t> first;
    for (const std::uint32_t c : classes_of_[cls])
      if (const auto position = ready_.first_of(c); position && (!first || *position < *first)) first = position;
    return first;
  }
  std::uint32_t total_cores() const override { return total_cores_; }
  Slot capacity(WorkerId worker) const override { return problem_.machine.workers[worker.value()]; }
  std::uint32_t node_of(WorkerId worker) const override { return problem_.machine.node(worker.value()); }
  std::uint32_t cores_in_use(WorkerId worker) const override {
    std::uint32_t cores = 0;
    for (const std::uint32_t e : active_[worker.value()]) cores += taken_on(capacity(worker), request_of(e)).cores;
    return cores;
  }
  std::vector<Reservations::Active> active_on(WorkerId worker, Time now) const override {
    std::vector<Reservations::Active> active;
    for (const std::uint32_t e : active_[worker.value()])
      active.push_back({expected_end(e, now), taken_on(capacity(worker), request_of(e))});
    return active;
  }
  bool is_able(WorkerId worker, const graph::Request& request, Time) const override {
    return pool_.is_able(worker, request);
  }
  std::vector<WorkerId> not_kept_free(const graph::Request& request, bool, Time) const override {
    std::vector<WorkerId> workers;
    for (std::uint32_t w = 0; w < problem_.machine.num_workers(); ++w) {
      const WorkerId worker(w);
      if (pool_.is_closed(worker) || !pool_.is_able(worker, request)) continue;
      if (background_.empty() || fits_beside(background_[w], worker, request)) workers.push_back(worker);
    }
    return workers;
  }
  bool fits_beside(const Slot& background, WorkerId worker, const graph::Request& request) const {
    const Slot all = capacity(worker), wanted = taken_on(all, request);
    return background.cores + wanted.cores <= all.cores && background.gpus + wanted.gpus <= all.gpus &&
           background.mem_bytes + wanted.mem_bytes <= all.mem_bytes;
  }
  void keep_free(WorkerId worker, bool is_kept) override { pool_.close(worker, is_kept); }

  /// When the last of its data is there. It holds its cores while it waits.
  double arrival_s(std::uint32_t e, WorkerId worker) const {
    double last = 0;
    const auto needs = graph_.needs(ElementId(e));
    for (std::size_t i = 0; i < needs.size(); ++i) {
      const Placement& need = placements_[needs[i]];
      if (!need.worker.is_valid()) continue;
      const double bytes = problem_.bytes_of_need(e, i);
      last = std::max(last, need.end_s + problem_.machine.transfer_s(need.worker.value(), worker.value(), bytes));
    }
    return last;
  }

  void add_bytes(Prediction& prediction) const {
    for (std::uint32_t e = 0; e < graph_.num_elements(); ++e) {
      const auto needs = graph_.needs(ElementId(e));
      for (std::size_t i = 0; i < needs.size(); ++i) {
        const double bytes = problem_.bytes_of_need(e, i);
        const WorkerId from = placements_[needs[i]].worker, to = placements_[e].worker;
        prediction.total_bytes += bytes;
        if (!from.is_valid() || !to.is_valid()) continue;
        if (problem_.machine.node(from.value()) != problem_.machine.node(to.value()))
          prediction.bytes_between_nodes += bytes;
      }
    }
  }

  const Problem& problem_;
  const graph::Graph& graph_;
  const Plan& plan_;
  std::vector<Placement> placements_;
  std::map<std::uint32_t, std::vector<WorkerId>> parties_;
  std::vector<std::uint32_t> missing_;   ///< [element] needs that have not ended
  std::vector<std::uint32_t> released_;  ///< nothing missing, not yet made READY
  std::vector<std::uint32_t> refused_;   ///< classes of READY parties that did not fit at this instant
  std::vector<bool> fits_somewhere_;     ///< [class of READY elements]
  bool can_move_ = true;                 ///< also elements with a home
  std::vector<WorkerId> touched_;        ///< got room, or READY elements at home, at this instant
  std::vector<bool> is_touched_;         ///< [worker]
  std::priority_queue<Running, std::vector<Running>, std::greater<>> running_;
  TokenBook tokens_;
  ReadySet ready_;
  WorkerPool pool_;
  WorkerChoice choice_;
  graph::ServiceBook services_;
  std::set<std::uint32_t> live_services_;               ///< elements that have started and not ended
  std::set<std::uint32_t> gone_services_;               ///< elements that ended before their users
  std::vector<Slot> background_;                        ///< [worker] taken by services; empty where there are none
  std::vector<std::uint32_t> reservation_of_;           ///< [class of READY elements]
  std::vector<std::vector<std::uint32_t>> classes_of_;  ///< [class of reservations]
  bool has_reservations_ = false;
  std::vector<std::vector<std::uint32_t>> active_;  ///< [worker] elements; empty without reservations
  std::uint32_t total_cores_ = 0;
  Time now_{};
  Reservations reservations_;
  double makespan_s_ = 0;
  std::uint32_t num_placed_ = 0;
};

}  // namespace

Prediction predict(const Problem& problem, const Plan& plan) {
  FUGLE_EXPECT(problem.durations.size() == problem.graph.num_elements());
  FUGLE_EXPECT(plan.homes.empty() || plan.homes.size() == problem.graph.num_elements());
  return Follower(problem, plan).run();
}

}  // namespace fugle::plan
