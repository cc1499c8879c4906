#include "sim/processes.hpp"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "base/assert.hpp"

namespace fugle::sim {

using namespace scheduler;

namespace {

constexpr std::uint32_t kNowhere = std::numeric_limits<std::uint32_t>::max();
/// A process dies so long after it was told to.
constexpr Duration kDying = std::chrono::milliseconds(1);

void add_to(graph::Request& sum, const graph::Request& part) {
  sum.cores += part.cores;
  sum.mem_bytes += part.mem_bytes;
  sum.gpus += part.gpus;
}

void take_from(graph::Request& sum, const graph::Request& part) {
  sum.cores -= part.cores;
  sum.mem_bytes -= part.mem_bytes;
  sum.gpus -= part.gpus;
}

AttemptReport report_of(ElementId element, std::uint16_t attempt, Time start) {
  AttemptReport report;
  report.element = element;
  report.attempt = attempt;
  report.start = start;
  return report;
}

}  // namespace

bool Processes::Due::operator>(const Due& other) const {
  return std::tie(at, kind, element) > std::tie(other.at, other.kind, other.element);
}

Processes::Processes(std::uint32_t num_ranks, std::uint32_t num_elements, LaunchCost cost, Hooks hooks)
    : cost_(cost), hooks_(std::move(hooks)), ranks_(num_ranks), place_(num_elements, kNowhere) {}

Processes::Process* Processes::find(ElementId element) {
  const std::uint32_t place = element.value() < place_.size() ? place_[element.value()] : kNowhere;
  return place == kNowhere ? nullptr : &processes_[place];
}

Processes::Process& Processes::add(std::uint32_t rank, const Launch& launch) {
  if (launch.element.value() >= place_.size()) place_.resize(launch.element.value() + std::size_t{1}, kNowhere);
  std::uint32_t& place = place_[launch.element.value()];
  FUGLE_CHECK_THAT(place == kNowhere, "two live attempts of one element");
  if (free_.empty()) {
    place = static_cast<std::uint32_t>(processes_.size());
    processes_.emplace_back();
  } else {
    place = free_.back();
    free_.pop_back();
    processes_[place] = {};
  }
  Process& process = processes_[place];
  process.element = launch.element;
  process.attempt = launch.attempt;
  process.rank = rank;
  process.granted = launch.granted;
  return process;
}

void Processes::remove(ElementId element) { free_.push_back(std::exchange(place_[element.value()], kNowhere)); }

SimAttempt Processes::describe(const Process& process) {
  return {process.element, process.attempt, WorkerId(process.rank), process.start, kNever, false};
}

void Processes::start(std::uint32_t rank, const Launch& launch, Time now) { begin(add(rank, launch), now); }

void Processes::start_after(std::uint32_t rank, const Launch& launch, ElementId predecessor, Time now) {
  Process& process = add(rank, launch);
  Process* const before = find(predecessor);
  if (before == nullptr || before->rank != rank) return begin(process, now);
  FUGLE_CHECK_THAT(!before->follower.is_valid(), "two attempts wait for one place");
  before->follower = launch.element;
  process.predecessor = predecessor;
  process.is_waiting = true;
}

void Processes::start_now(ElementId element, Time now) {
  Process* const process = find(element);
  if (process == nullptr || !process->is_waiting) return;
  find(process->predecessor)->follower = ElementId();
  begin(*process, now);
}

void Processes::begin(Process& process, Time now) {
  Rank& rank = ranks_[process.rank];
  process.is_waiting = false;
  process.predecessor = ElementId();
  process.start = std::max(now, rank.spawner_free);
  if (rank.is_broken) return refuse(process, FailureClass::launch, now);
  rank.spawner_free = process.start + cost_.busy;
  const Outcome outcome = hooks_.begin(describe(process));
  if (outcome.cls == FailureClass::launch) {
    SimAttempt attempt = describe(process);
    attempt.end = attempt.start;
    hooks_.ended(attempt, {});
    return refuse(process, FailureClass::launch, now);
  }
  process.told = std::max(rank.spawner_free, now + Duration(1));
  process.ends = std::max(process.told, rank.spawner_free + cost_.overhead + outcome.length);
  process.cls = outcome.cls;
  process.exit = outcome.exit;
  if (outcome.ready_after && process.told + *outcome.ready_after < process.ends)
    process.ready = process.told + *outcome.ready_after;
  add_to(rank.in_use, process.granted);
  ++num_started_;
  schedule(process.rank, {process.told, process.element, process.attempt, Due::started});
  schedule(process.rank, {process.ends, process.element, process.attempt, Due::ended});
  if (process.ready != kNever) schedule(process.rank, {process.ready, process.element, process.attempt, Due::ready});
}

void Processes::stop(std::uint32_t rank, ElementId element, Time now) {
  Process* const process = find(element);
  if (process == nullptr || process->rank != rank) return;
  if (process->is_waiting) return withdraw(*process, now);
  if (std::exchange(process->is_stopped, true)) return;
  const Time dies = std::max(now + kDying, process->told);
  if (dies >= process->ends) return;
  process->ends = dies;
  forget_readiness(*process);
  ++ranks_[rank].num_stale;
  schedule(rank, {dies, element, process->attempt, Due::ended});
}

void Processes::signal(std::uint32_t rank, ElementId element, const Outcome& outcome, Time now) {
  Process* const process = find(element);
  if (process == nullptr || process->rank != rank || process->is_waiting || process->is_stopped) return;
  const Time ends = std::max(now + outcome.length, process->told);
  if (ends >= process->ends) return;
  process->ends = ends;
  process->cls = outcome.cls;
  process->exit = outcome.exit;
  forget_readiness(*process);
  ++ranks_[rank].num_stale;
  schedule(rank, {ends, element, process->attempt, Due::ended});
}

/// What ends before it would be ready does not get so.
void Processes::forget_readiness(Process& process) {
  if (process.ready == kNever || process.ready < process.ends) return;
  process.ready = kNever;
  ++ranks_[process.rank].num_stale;
}

/// It was stopped before it had a place.
void Processes::withdraw(Process& process, Time now) {
  find(process.predecessor)->follower = ElementId();
  refuse(process, FailureClass::cancelled, now);
}

/// Its end is reported without a start.
void Processes::refuse(const Process& process, FailureClass cls, Time now) {
  schedule(process.rank, {now + Duration(1), process.element, process.attempt, Due::refused, cls});
  remove(process.element);
}

void Processes::schedule(std::uint32_t rank, const Due& due) {
  auto& heap = ranks_[rank].due;
  heap.push_back(due);
  std::push_heap(heap.begin(), heap.end(), std::greater<>());
}

bool Processes::holds(const Due& due) const {
  if (due.kind == Due::refused) return true;
  const std::uint32_t place = place_[due.element.value()];
  if (place == kNowhere) return false;
  const Process& process = processes_[place];
  const Time at = due.kind == Due::started ? process.told : due.kind == Due::ready ? process.ready : process.ends;
  return process.attempt == due.attempt && due.at == at;
}

/// So that next_due() is something that will be reported.
void Processes::drop_stale(Rank& rank) const {
  while (rank.num_stale > 0 && !holds(rank.due.front())) {
    --rank.num_stale;
    std::pop_heap(rank.due.begin(), rank.due.end(), std::greater<>());
    rank.due.pop_back();
  }
}

void Processes::poll(std::uint32_t r, Time now, std::vector<AttemptReport>& reports) {
  auto& heap = ranks_[r].due;
  for (drop_stale(ranks_[r]); !heap.empty() && heap.front().at <= now; drop_stale(ranks_[r])) {
    const Due due = heap.front();
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    heap.pop_back();
    AttemptReport& report = reports.emplace_back(report_of(due.element, due.attempt, due.at));
    if (due.kind == Due::refused) {
      report.kind = AttemptReport::Kind::ended;
      report.end = due.at;
      report.cls = due.cls;
      continue;
    }
    Process& process = *find(due.element);
    report.start = process.start;
    if (due.kind == Due::started) continue;
    if (due.kind == Due::ready) {
      report.kind = AttemptReport::Kind::ready;
      report.end = due.at;
      continue;
    }
    report.kind = AttemptReport::Kind::ended;
    report.end = due.at;
    report.cls = process.is_stopped ? FailureClass::cancelled : process.cls;
    report.exit = process.exit;
    end(process);
  }
}

/// What waits for its place has it from that instant on.
void Processes::end(Process& process) {
  SimAttempt attempt = describe(process);
  attempt.end = process.ends;
  attempt.completed = !process.is_stopped && process.cls == FailureClass::none;
  take_from(ranks_[process.rank].in_use, process.granted);
  ++num_ended_;
  const graph::Request granted = process.granted;
  const ElementId follower = process.follower;
  remove(process.element);
  hooks_.ended(attempt, granted);
  if (follower.is_valid()) begin(*find(follower), attempt.end);
}

Time Processes::next_due(std::uint32_t rank) const {
  const auto& heap = ranks_[rank].due;
  return heap.empty() ? kNever : heap.front().at;
}

/// With what waits for its place.
void Processes::kill(Process& process, Time now) {
  if (process.follower.is_valid()) remove(process.follower);
  process.follower = ElementId();
  process.is_stopped = true;
  process.ends = now;
  end(process);
}

void Processes::kill_all(std::uint32_t r, Time now) {
  ranks_[r].num_stale = 0;
  const auto heap = std::exchange(ranks_[r].due, {});
  for (const Due& due : heap)
    if (due.kind == Due::ended && holds(due)) kill(*find(due.element), now);
}

/// What had ended by then, and what had been refused, is still reported.
void Processes::break_spawner(std::uint32_t r, Time now) {
  Rank& rank = ranks_[r];
  rank.is_broken = true;
  rank.num_stale = 0;
  std::vector<Due> kept, lost;
  for (const Due& due : std::exchange(rank.due, {})) {
    if (due.kind == Due::refused || (holds(due) && find(due.element)->ends <= now)) {
      kept.push_back(due);
    } else if (due.kind == Due::ended && holds(due)) {
      lost.push_back(due);
    }
  }
  for (const Due& due : kept) schedule(r, due);
  for (const Due& due : lost) {
    Process& process = *find(due.element);
    const Due end{now, due.element, due.attempt, Due::refused, FailureClass::lost};
    if (const Process* const follower = process.follower.is_valid() ? find(process.follower) : nullptr)
      schedule(r, {now, follower->element, follower->attempt, Due::refused, FailureClass::lost});
    kill(process, now);
    schedule(r, end);
  }
}

}  // namespace fugle::sim
