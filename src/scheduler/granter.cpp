#include "scheduler/granter.hpp"

#include <algorithm>

namespace fugle::scheduler {
namespace {

/// Elements in one chain.
constexpr std::size_t kMaxChain = 1024;
/// Elements a second that the head can grant one by one, each when its turn has come.
constexpr double kGrantsPerSecond = 1'000;
/// Reports a second that the head can take from all workers together and still have time for everything else.
constexpr double kReportsPerSecond = 20'000;
/// Not worth a delay.
constexpr Duration kNoInterval = std::chrono::milliseconds(1);
constexpr std::uint32_t kNone = ElementId::kInvalid;

graph::Rows members_by_lease(const plan::Plan& plan) {
  graph::Rows rows;
  if (plan.leases.empty()) return rows;
  const std::uint32_t num_leases = *std::max_element(plan.leases.begin(), plan.leases.end()) + 1;
  rows.offsets.assign(num_leases + 1, 0);
  for (const std::uint32_t lease : plan.leases) ++rows.offsets[lease + 1];
  for (std::uint32_t lease = 0; lease < num_leases; ++lease) rows.offsets[lease + 1] += rows.offsets[lease];
  rows.columns.resize(plan.leases.size());
  std::vector<std::uint32_t> element_at(plan.order.size());
  for (std::uint32_t e = 0; e < element_at.size(); ++e) element_at[plan.order[e]] = e;
  std::vector<std::uint32_t> next(rows.offsets.begin(), rows.offsets.end() - 1);
  for (const std::uint32_t e : element_at) rows.columns[next[plan.leases[e]]++] = e;
  return rows;
}

}  // namespace

Granter::Granter(const RunState& run, const HeadOptions& options, WorkerTable& workers, LeaseBook& leases,
                 ReadyQueue& ready, plan::TokenBook& tokens, const RunningList& running, PartyBook& parties,
                 const Decisions& decisions, Outbox& outbox)
    : run_(run),
      graph_(run.graph()),
      plan_(options.plan),
      left_out_(options.left_out),
      last_end_(options.end_of_allocation == kNever ? kNever : options.end_of_allocation - options.reserve),
      reserve_(options.reserve),
      workers_(workers),
      leases_(leases),
      ready_(ready),
      tokens_(tokens),
      decisions_(decisions),
      outbox_(outbox),
      lease_members_(members_by_lease(plan_)),
      lengths_(graph_, options.expected_s),
      chooser_(graph_, plan_, workers, lengths_),
      parties_(parties),
      site_(run, workers, ready, lengths_, running, parties),
      reservations_(needs_of(ready), site_),
      is_stray_(graph_.num_elements(), false),
      grant_index_(workers.num_ranks(), kNone) {
  find_first_elements(0);
  for (const ReadyQueue::Class& cls : ready_.classes())
    if (cls.request.whole_node) workers_.expect_whole_nodes();
}

/// Of the elements from `first` on. What stands for those of a task is none of them.
void Granter::find_first_elements(std::uint32_t first) {
  first_of_name_.resize(graph_.num_tasks(), kNone);
  for (std::uint32_t e = first; e < graph_.num_elements(); ++e) {
    const TaskId t = graph_.task_id_of(ElementId(e));
    if (first_of_name_[t.value()] != kNone) continue;
    const graph::Task& task = graph_.task(t);
    first_of_name_[t.value()] =
        task.kind == graph::TaskKind::expansion ? e : first_by_name_.try_emplace(task.name, e).first->second;
  }
}

void Granter::grow_with_the_graph() {
  find_first_elements(static_cast<std::uint32_t>(is_stray_.size()));
  is_stray_.resize(graph_.num_elements(), false);
  lengths_.grow();
  chooser_.grow();
  ready_.grow();
  reservations_.add_classes(needs_of(ready_));
  for (const ReadyQueue::Class& cls : ready_.classes())
    if (cls.request.whole_node) workers_.expect_whole_nodes();
}

void Granter::learn(ElementId element, WorkerId worker, Duration length) {
  lengths_.learn(graph_.task_id_of(element), length);
  chooser_.remember(element, worker);
}

void Granter::begin_finally(Time last_end, std::string run_state) {
  last_end_ = last_end;
  run_state_ = std::move(run_state);
  put_aside_.clear();
}

// ---- the end of the allocation

void Granter::set_last_end(Time last_end) {
  last_end_ = last_end;
  for (const WorkerTable::Entry& entry : workers_.all())
    if (entry.info.alive && !entry.is_dismissed) (void)grant_for(entry.info.worker);
  reconsider_what_was_put_aside();
}

void Granter::grow() {
  grant_index_.resize(workers_.num_ranks(), kNone);
  ready_.grow(workers_.num_ranks());
}

void Granter::reconsider_what_was_put_aside() {
  for (const ElementId e : put_aside_)
    if (run_.state(e) == State::ready) ready_.push(e);
  put_aside_.clear();
}

bool Granter::ends_in_time(ElementId e, Time now) const {
  if (last_end_ != kNever && now + from_seconds(wanted_s(e)) > last_end_) return false;
  if (!workers_.has_ends()) return true;
  const graph::Task& task = graph_.task_of(e);
  return workers_.are_able(task.request, task.shape.spread(), until(e, now)) ||
         !workers_.are_able(task.request, task.shape.spread());
}

/// How long a worker must be there to run it.
Time Granter::until(ElementId e, Time now) const {
  return workers_.has_ends() ? now + from_seconds(wanted_s(e)) : RoomIndex::kAnyTime;
}

/// What can go on from a checkpoint of its own may start as long as it has time for one.
float Granter::wanted_s(ElementId e) const {
  const float expected_s = lengths_.expected_s(e);
  const graph::RestartPolicy& restart = graph_.task_of(e).restart;
  if (!restart.is_given) return expected_s;
  return std::min(expected_s, static_cast<float>(std::max(0.0, to_seconds(restart.lead(reserve_) - reserve_))));
}

void Granter::put_aside_what_is_late(ElementId e) {
  ready_.take(e);
  put_aside_.push_back(e);
}

// ---- what goes where

void Granter::grant_what_fits(Time now) {
  std::vector<WorkerId> homes = ready_.take_fresh_homes();
  const std::vector<WorkerId> roomier = workers_.take_roomier();
  if (ready_.size() == 0) return;
  homes.insert(homes.end(), roomier.begin(), roomier.end());
  std::sort(homes.begin(), homes.end());
  homes.erase(std::unique(homes.begin(), homes.end()), homes.end());
  if (!plan_.homes.empty())
    for (const WorkerId worker : homes) serve_home(worker, now);
  if (ready_.size() > 0) serve_all(now);
  send_grants(now);
}

void Granter::serve_home(WorkerId worker, Time now) {
  while (true) {
    const ElementId e = ready_.first_at_home(worker, workers_.room());
    if (!e.is_valid() || is_outranked(e, worker)) return;
    if (!ends_in_time(e, now))
      put_aside_what_is_late(e);
    else if (workers_.at(worker).last_end < until(e, now))
      return;  // others can run it
    else
      grant(worker, e);
  }
}

/// Whether something of higher priority waits that would fit here too.
bool Granter::is_outranked(ElementId e, WorkerId worker) {
  if (plan_.priority.empty()) return false;
  for (ReadyQueue::Class& cls : ready_.classes()) {
    if (cls.size == 0 || !tokens_.are_free(cls.tokens) || !workers_.room().has_room(worker, cls.request)) continue;
    const ElementId first = ready_.first_of(cls);
    if (first.is_valid() && plan_.priority[first.value()] > plan_.priority[e.value()]) return true;
  }
  return false;
}

/// Grants the first element that fits somewhere, again and again. Among requests, the one whose first element comes
/// first in order is tried first.
void Granter::serve_all(Time now) {
  if (!workers_.room().has_free_core() && !lengths_.has_seen_short_ones() && workers_.num_kept_free() == 0) return;
  using Candidate = std::pair<std::uint32_t, ReadyQueue::Class*>;  // position of its first element
  std::vector<Candidate> open;
  const auto reopen = [&](ReadyQueue::Class& cls) {
    const ElementId e = cls.size > 0 ? ready_.first_of(cls) : ElementId();
    if (!e.is_valid()) return;
    open.emplace_back(ready_.position_of(e), &cls);
    std::push_heap(open.begin(), open.end(), std::greater<>());
  };
  reservations_.begin_round();
  tokens_.begin_round();
  auto& classes = ready_.classes();
  for (std::uint32_t cls = 0; cls < classes.size(); ++cls) {
    if (classes[cls].size > 0 && tokens_.must_wait(classes[cls].tokens))
      reservations_.drop(cls);
    else
      reopen(classes[cls]);
  }
  while (!open.empty()) {
    std::pop_heap(open.begin(), open.end(), std::greater<>());
    ReadyQueue::Class& cls = *open.back().second;
    const ElementId e = ready_.element_at(open.back().first);
    open.pop_back();
    if (!ready_.contains(e)) {
      // went along with something else meanwhile
    } else if (!ends_in_time(e, now)) {
      put_aside_what_is_late(e);
    } else if (!may_take_tokens(e, now)) {
      reservations_.drop(ready_.class_of(e));
      continue;
    } else {
      const std::vector<WorkerId> workers = choose(e, now);
      if (workers.empty()) {
        if (const auto begins = reservations_.begins(ready_.class_of(e), now)) tokens_.keep_for(cls.tokens, *begins);
        continue;
      }
      if (workers.size() > 1)
        grant_party(workers, e);
      else
        grant(workers.front(), e);
      reservations_.forget_estimates();
    }
    reopen(cls);
  }
}

/// What may not is passed over as a whole class. What nobody can run has nothing kept for it.
bool Granter::may_take_tokens(ElementId e, Time now) {
  const plan::TokenBook::Set set = tokens_.set_of(e);
  if (set == plan::TokenBook::kNothing) return true;
  const Duration expected = run_.services().is_service(e) ? Duration{0} : from_seconds(lengths_.expected_s(e));
  const auto ends = [&](ElementId holder) { return site_.expected_end(holder, now); };
  if (tokens_.may_take(set, expected, now, ends)) return true;
  const graph::Task& task = graph_.task_of(e);
  if (workers_.are_able(task.request, task.shape.spread())) tokens_.pass_over(set);
  return false;
}

std::vector<WorkerId> Granter::choose(ElementId e, Time now) {
  const std::uint32_t cls = ready_.class_of(e);
  const std::int32_t priority = plan_.priority.empty() ? 0 : plan_.priority[e.value()];
  const bool is_service = run_.services().is_service(e);
  const Duration expected = is_service ? Duration{0} : from_seconds(lengths_.expected_s(e));
  return reservations_.choose({cls, ready_.position_of(e), priority, expected, until(e, now)}, now, [&](bool may_wait) {
    return chooser_.choose(
        e, until(e, now),
        may_wait && !wants_tokens(e) ? WorkerChooser::Backlog::may_wait : WorkerChooser::Backlog::none);
  });
}

// ---- what comes along

bool Granter::may_come_along(ElementId e, WorkerId worker) const {
  const State state = run_.state(e);
  const bool is_its_time = run_.has_finally_begun() == graph_.task_of(e).runs_finally;
  const bool goes_alone = graph_.task_of(e).shape.spread().workers > 1 || run_.services().is_service(e) ||
                          run_.services().is_user(e) || decisions_.are_wanted_of(e) || wants_tokens(e);
  const bool is_asked_for = left_out_.empty() || !left_out_[e.value()];
  return !graph_.is_gate(e) && is_asked_for && !goes_alone && is_its_time && !leases_.is_held(e) &&
         (state == State::waiting || state == State::ready) && workers_.is_able(worker, graph_.task_of(e).request) &&
         workers_.fits_beside_services(worker, graph_.task_of(e).request);
}

/// Whether the successor needs nothing that has not ended but `last`, and the worker can run it.
bool Granter::may_follow(ElementId successor, ElementId last, WorkerId worker) const {
  if (run_.state(successor) != State::waiting || !may_come_along(successor, worker)) return false;
  return chooser_.home_of(successor) == chooser_.home_of(last) && run_.waits_only_for(successor, last);
}

/// What is not short waits for its turn: something better may be READY by then.
std::vector<ElementId> Granter::chain_of(WorkerId worker, ElementId first) const {
  std::vector<ElementId> chain{first};
  if (run_.services().is_service(first) || wants_tokens(first)) return chain;
  while (chain.size() < kMaxChain) {
    const auto successors = graph_.successors(chain.back());
    if (successors.size() != 1 || !may_follow(ElementId(successors[0]), chain.back(), worker)) break;
    const ElementId next(successors[0]);
    if (!lengths_.is_short(next) && !must_come_in_groups()) break;
    chain.push_back(next);
  }
  return chain;
}

/// Where the head can say of each element when its turn has come it does: any group granted at once runs in an order of
/// its own. Where it cannot, because cores are many and attempts short, the leases of the plan are granted.
bool Granter::must_come_in_groups() const { return workers_.total_cores() > kGrantsPerSecond * lengths_.mean_s(); }

std::vector<ElementId> Granter::lease_of(WorkerId worker, ElementId first) const {
  std::vector<ElementId> members;
  for (const std::uint32_t e : lease_members_[plan_.leases[first.value()]])
    if (!is_stray_[e] && may_come_along(ElementId(e), worker)) members.emplace_back(e);
  return members;
}

std::vector<ElementId> Granter::members_for(WorkerId worker, ElementId first) const {
  const bool is_whole_lease = !plan_.leases.empty() && chooser_.home_of(first) == worker && !is_stray_[first.value()] &&
                              must_come_in_groups() && !run_.services().is_service(first) &&
                              !run_.services().is_user(first) && !decisions_.are_wanted_of(first) &&
                              !wants_tokens(first);
  return is_whole_lease ? lease_of(worker, first) : chain_of(worker, first);
}

void Granter::grant(WorkerId worker, ElementId first) {
  const std::vector<ElementId> members = members_for(worker, first);
  Grant& grant = grant_for(worker);
  leases_.begin_grant();
  for (const ElementId e : members) {
    ready_.take(e);
    leases_.hold(worker, e);
  }
  for (const ElementId e : members) {
    bring_task(worker, graph_.task_id_of(e), grant);
    grant.elements.push_back(leased(e));
  }
  if (run_.services().is_service(first)) crowded_.push_back(worker);
}

/// Nobody knows when a service will leave its place.
void Granter::recall_what_fits_no_more(WorkerId worker) {
  Revoke revoke;
  for (const std::uint32_t position : workers_.at(worker).queued) {
    const ElementId e = ready_.element_at(position);
    const bool counts_already = run_.services().is_service(e);
    if (!counts_already && !workers_.fits_beside_services(worker, graph_.task_of(e).request))
      revoke.elements.push_back(e);
  }
  if (!revoke.elements.empty()) outbox_.send(worker, std::move(revoke));
}

/// The places of the others are theirs alone: nobody is to take them back.
void Granter::grant_party(const std::vector<WorkerId>& workers, ElementId e) {
  leases_.begin_grant();
  ready_.take(e);
  leases_.hold(workers.front(), e);
  workers_.mark_started(workers.front(), ready_.position_of(e));
  LeasedElement element = leased(e);
  const bool is_service = run_.services().is_service(e);
  element.party = parties_.add(e, element.attempt, workers).number;
  for (const WorkerId worker : workers) {
    if (worker != workers.front()) workers_.occupy(worker, graph_.task_of(e).request);
    if (worker != workers.front() && is_service) workers_.add_background(worker, graph_.task_of(e).request);
    if (is_service) crowded_.push_back(worker);
    Grant& grant = grant_for(worker);
    bring_task(worker, graph_.task_id_of(e), grant);
    grant.elements.push_back(element);
  }
}

LeasedElement Granter::leased(ElementId element) {
  LeasedElement out;
  out.element = element;
  out.task = graph_.task_id_of(element);
  out.attempt = static_cast<std::uint16_t>(run_.attempt(element) + 1);
  out.retries = run_.retries_used(element);
  out.index = element.value() - first_of_name_[out.task.value()];
  out.order = ready_.position_of(element);
  out.expected_s = wanted_s(element);  // the end of the allocation may become known later
  out.id = graph_.id(element);
  out.packed_text = decisions_.text_of(element);
  out.waits_for = leases_.count_outside_needs(element) > 0 ? 1 : 0;
  const auto is_inside = [&](std::uint32_t other) {
    return leases_.is_held(ElementId(other)) && leases_.are_of_one_grant(ElementId(other), element);
  };
  for (const std::uint32_t need : graph_.needs(element)) out.waits_for += is_inside(need) ? 1 : 0;
  for (const std::uint32_t s : graph_.successors(element)) {
    if (is_inside(s))
      out.releases.emplace_back(s);
    else
      out.is_awaited = true;
  }
  return out;
}

Grant& Granter::grant_for(WorkerId worker) {
  std::uint32_t& index = grant_index_[worker.value()];
  if (index == kNone) {
    index = static_cast<std::uint32_t>(grants_.size());
    Grant& grant = grants_.emplace_back(worker, Grant{}).second;
    const Duration interval = from_seconds(workers_.num_alive() / kReportsPerSecond);
    grant.report_interval = interval < kNoInterval ? Duration{0} : interval;
    grant.last_end = std::min(last_end_, workers_.at(worker).last_end);
    grant.run_state = run_state_;
  }
  return grants_[index].second;
}

void Granter::bring_task(WorkerId worker, TaskId task, Grant& grant) {
  if (!workers_.at(worker).knows_task.insert(task).second) return;
  // The graph outlives every message: no copy, no owner besides it.
  grant.tasks.emplace_back(task, std::shared_ptr<const graph::Task>(std::shared_ptr<void>(), &graph_.task(task)));
}

void Granter::send_grants(Time now) {
  for (auto& [worker, grant] : grants_) {
    workers_.at(worker).info.last_heard = now;
    grant_index_[worker.value()] = kNone;
    outbox_.send(worker, std::move(grant));
  }
  grants_.clear();
  for (const WorkerId worker : std::exchange(crowded_, {})) recall_what_fits_no_more(worker);
}

/// An idle worker and nothing READY here: half of the deepest backlog comes back, worst elements first, as far as there
/// is room for them elsewhere. A worker with nothing of that kind is not asked again before its next report.
void Granter::take_back_for_idle_workers(Time now) {
  if (ready_.num_without_tokens() > 0 || !workers_.room().has_free_core()) return;
  const auto victim = workers_.room().with_most_surplus();
  if (!victim) return;
  workers_.set_revoking(*victim, true);
  const auto& queued = workers_.at(*victim).queued;
  Revoke revoke;
  std::size_t wanted = (queued.size() + 1) / 2;
  for (auto worst = queued.rbegin(); worst != queued.rend() && wanted > 0; ++worst, --wanted) {
    const ElementId e = ready_.element_at(*worst);
    if (workers_.room().with_most_room(graph_.task_of(e).request, until(e, now))) revoke.elements.push_back(e);
  }
  if (!revoke.elements.empty()) outbox_.send(*victim, std::move(revoke));
}

}  // namespace fugle::scheduler
