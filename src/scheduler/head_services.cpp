// The head and services: what the end of one means, and when they are stopped.
//
// A service that was ready and has ended is known here before the workers that hold its users know of it: one of these
// might still start. So its end is recorded only when all users that are held and do not run have been recalled; what
// has started until then started beside a service that was ready, for all that is in the journal.
#include <algorithm>
#include <map>

#include "base/assert.hpp"
#include "scheduler/head.hpp"

namespace fugle::scheduler {
namespace {

const char* const kNobody = "nobody uses it any more";

}  // namespace

void Head::on_ready(WorkerId from, const AttemptReport& report) {
  granter_.note_ready(report.element, from);
  record(event_of(EventKind::service_ready, report.element, report.attempt, from, report.end));
  settle_effects();
}

/// Its attempt has ended. When there are users that might still start they are asked to come back, and it is one of the
/// closings now.
bool Head::must_recall_users(ElementId service, Time now) {
  if (!run_.is_ready_service(service)) return false;
  std::map<WorkerId, Revoke> revokes;
  std::set<ElementId> awaited;
  std::vector<ElementId> gathering;
  for (const ElementId user : run_.services().users_of(service)) {
    ready_.take(user);
    const bool may_start = leases_.is_held(user) || parties_.has(user);  // the leader's worker may be lost
    if (!may_start || running_.find(user) != nullptr) continue;
    awaited.insert(user);
    if (const Party* const party = parties_.find(user)) {
      if (!party->has_started) gathering.push_back(user);
      continue;  // what has been told to start will
    }
    revokes[leases_.holder_of(user)].elements.push_back(user);
  }
  for (auto& [worker, revoke] : revokes) outbox_.send(worker, std::move(revoke));
  if (awaited.empty()) return false;
  closings_[service].awaited = std::move(awaited);
  for (const ElementId user : gathering) disband(user, now);
  return true;
}

bool Head::is_recalled(ElementId user) const {
  if (closings_.empty()) return false;
  const std::vector<ElementId> services = run_.services().services_of(user);
  return std::any_of(services.begin(), services.end(), [&](ElementId e) { return closings_.contains(e); });
}

/// It has started, ended, come back or is lost.
void Head::note_answer(ElementId recalled) {
  for (auto& [service, closing] : closings_) closing.awaited.erase(recalled);
}

void Head::go_on_with_closings() {
  std::vector<ElementId> answered;
  for (const auto& [service, closing] : closings_)
    if (closing.awaited.empty()) answered.push_back(service);
  for (const ElementId service : answered) {
    const Closing closing = std::move(closings_.extract(service).mapped());
    if (closing.loss) {
      const Loss& loss = *closing.loss;
      end_lost_attempt(loss.attempt, loss.lost, loss.cls, loss.why, loss.now);
      settle_effects();
    } else {
      end_attempt(closing.end->from, closing.end->report, closing.end->blamed);
    }
  }
}

/// What has been of use until nobody uses it any more has ended well, however that was; what ends before has not.
void Head::judge_service(Event& ended) {
  const bool is_unneeded = run_.services().is_unneeded(ended.element);
  const auto wish = cancel_wanted_.find(ended.element);
  const bool is_our_wish = wish != cancel_wanted_.end() && wish->second == kNobody;
  if (wish != cancel_wanted_.end() && (is_unneeded || is_our_wish)) cancel_wanted_.erase(wish);
  const bool has_run = ended.end > ended.start;
  if (is_unneeded && (has_run || ended.cls != FailureClass::cancelled)) {
    ended.cls = FailureClass::none;
    ended.text.clear();
  } else if (is_unneeded) {
    return;
  } else if (ended.cls == FailureClass::none) {
    ended.cls = FailureClass::error;
    ended.text = "ended before those that need it";
  } else if (ended.cls == FailureClass::cancelled && (is_winding_down_ || is_our_wish)) {
    ended.cls = FailureClass::preempted;
    ended.text = "stopped: nothing that needs it can start";
  }
}

/// What came up in this step, after it was looked for.
bool Head::must_settle_services() const {
  return !unneeded_.empty() || std::any_of(closings_.begin(), closings_.end(),
                                           [](const auto& closing) { return closing.second.awaited.empty(); });
}

void Head::stop_unneeded_services(Time now) {
  while (!unneeded_.empty())  // one that is skipped may have been the last user of another
    for (const ElementId service : std::exchange(unneeded_, {}))
      if (run_.services().is_unneeded(service)) cancel_element(service, kNobody, now);
}

/// And goes on to run: none of them was told to end.
bool Head::only_services_run() const {
  const std::uint64_t num_ready = run_.num_ready_services();
  const auto is_one = [&](const auto& party) { return run_.is_ready_service(party.first); };
  if (!std::all_of(parties_.all().begin(), parties_.all().end(), is_one)) return false;
  if (num_ready == 0 || leases_.num_active() > num_ready || !closings_.empty() || !unneeded_.empty()) return false;
  return std::none_of(cancel_wanted_.begin(), cancel_wanted_.end(),
                      [&](const auto& wanted) { return run_.is_ready_service(wanted.first); });
}

/// Nothing else runs, or can start beside them. They are READY again for the next life.
bool Head::must_end_services_first(Time now) {
  if (run_.num_ready_services() == 0) return false;
  if (!is_stopping_ && !is_winding_down_ && granter_.forgive()) {
    granter_.grant_what_fits(now);
    return true;
  }
  if (!is_winding_down_) say_what_is_left(now);
  is_winding_down_ = true;
  std::map<WorkerId, StopAttempts> stops;
  for (const RunningAttempt& attempt : running_.all())
    if (stop_sent_.insert({attempt.element, attempt.attempt}).second)
      stops[attempt.worker].elements.push_back(attempt.element);
  for (auto& [worker, stop] : stops) outbox_.send(worker, std::move(stop));
  return true;
}

}  // namespace fugle::scheduler
