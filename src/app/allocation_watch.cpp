#include "app/allocation_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "slurm/job_record.hpp"

namespace fugle::app {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLongestBetween = 30s;
constexpr Duration kShortestBetween = 1s;
constexpr Duration kFreshFor = 3s;
constexpr Duration kAnswerTakes = 10s;
constexpr Duration kLongestWait = 3s;  // the head does nothing meanwhile
constexpr Duration kWorthSaying = 2s;

/// Of the job itself; of a heterogeneous one, of its first component.
std::optional<slurm::JobRecord> record_of(const std::string& job, const std::string& output) {
  const std::vector<slurm::JobRecord> records = slurm::parse_job_records(output);
  const auto found = std::ranges::find(records, job, &slurm::JobRecord::id);
  if (found != records.end()) return *found;
  return records.size() == 1 ? std::optional(records.front()) : std::nullopt;
}

}  // namespace

void AskingPlan::set_end(Time end, Time now) {
  end_ = end;
  last_answer_ = now;
}

bool AskingPlan::is_time_to_ask(Time now) const {
  if (end_ == kNever) return now >= last_asked_ + kLongestBetween;
  const Duration half_way = (end_ - reserve_ - last_asked_) / 2;
  return now >= last_asked_ + std::clamp<Duration>(half_way, kShortestBetween, kLongestBetween);
}

bool AskingPlan::must_be_sure(Time now) const {
  return end_ != kNever && now >= end_ - reserve_ && now >= last_answer_ + kFreshFor && now >= last_asked_ + kFreshFor;
}

AllocationWatch::AllocationWatch(slurm::Errands& errands, Wish wish)
    : errands_(errands), wish_(std::move(wish)), plan_(wish_.reserve) {}

Time AllocationWatch::first_end(Time now) {
  plan_.note_asked(now);
  take(errands_.run(slurm::command_for_jobs({wish_.job}), kAnswerTakes), now);
  return end_;
}

void AllocationWatch::ask(Time now) {
  plan_.note_asked(now);
  ticket_ = errands_.ask(slurm::command_for_jobs({wish_.job}), kAnswerTakes);
}

void AllocationWatch::warn(Time now) {
  warned_at_ = now;
  if (!ticket_) ask(now);
}

void AllocationWatch::take(const slurm::Answer& answer, Time now) {
  Time end = end_;
  if (const auto record = record_of(wish_.job, answer.output); answer.is_good() && record) {
    end = std::min(record->end.value_or(kNever), wish_.latest);
  }
  if (end == kNever && warned_at_) end = *warned_at_ + wish_.signal_margin;
  const Duration moved = end > end_ ? end - end_ : end_ - end;
  if (end_ != kNever && end != kNever && moved >= kWorthSaying)
    fmt::print(stderr, "fugle: job {} now ends at {}\n", wish_.job, format_time(end));
  end_ = end;
  plan_.set_end(end, now);
}

void AllocationWatch::serve(scheduler::Engine& engine, Time now) {
  const Time before = end_;
  while (const auto answer = errands_.take()) {
    if (answer->ticket != ticket_) continue;
    ticket_.reset();
    take(*answer, now);
  }
  // While an answer is outstanding Slurm is not there, and would not be sooner for being asked twice.
  if (!ticket_ && plan_.must_be_sure(now)) {
    plan_.note_asked(now);
    take(errands_.run(slurm::command_for_jobs({wish_.job}), kLongestWait), now);
  } else if (!ticket_ && plan_.is_time_to_ask(now)) {
    ask(now);
  }
  if (end_ != before) engine.set_end_of_allocation(end_, now);
}

}  // namespace fugle::app
