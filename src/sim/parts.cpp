#include "sim/parts.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace fugle::sim {

using namespace scheduler;

namespace {

/// What is left of a part is gone so long after it was told to.
constexpr Duration kDying = std::chrono::milliseconds(1);

}  // namespace

SimAttempt Parts::describe(std::uint32_t rank, ElementId element, const Part& part) {
  return {element, part.attempt, WorkerId(rank), part.start, part.ends, false};
}

void Parts::host(std::uint32_t r, const Launch& launch, bool is_broken, Time now) {
  Rank& rank = ranks_[r];
  FUGLE_CHECK_THAT(launch.position > 0 && launch.party.at(launch.position).worker == WorkerId(r),
                   "a rank hosts what is another's part");
  const auto [place, is_new] = rank.parts.try_emplace(launch.element);
  FUGLE_CHECK_THAT(is_new, "a rank hosts two parts of one element");
  rank.hosted.insert({launch.element, launch.attempt});
  Part& part = place->second;
  part.attempt = launch.attempt;
  part.granted = launch.granted;
  part.start = now;
  rank.in_use.cores += part.granted.cores;
  rank.in_use.mem_bytes += part.granted.mem_bytes;
  rank.in_use.gpus += part.granted.gpus;
  if (is_broken) return end_by(r, launch.element, now, FailureClass::launch);
  if (!hooks_.goes_by_itself) return;
  const auto outcome = hooks_.goes_by_itself(describe(r, launch.element, part));
  if (!outcome) return;
  end_by(r, launch.element, now + outcome->length, outcome->cls);
  part.exit = outcome->exit;
}

void Parts::end_by(std::uint32_t rank, ElementId element, Time when, FailureClass cls) {
  const auto found = ranks_[rank].parts.find(element);
  if (found == ranks_[rank].parts.end() || found->second.ends <= when) return;
  found->second.ends = when;
  found->second.cls = cls;
  found->second.exit = 0;
}

void Parts::dismiss(std::uint32_t rank, ElementId element, Time now) {
  end_by(rank, element, now + kDying, FailureClass::none);
}

void Parts::stop(std::uint32_t rank, ElementId element, Time now) {
  end_by(rank, element, now + kDying, FailureClass::cancelled);
}

void Parts::greet(std::uint32_t rank, const Launch& launch) {
  for (std::uint32_t position = 1; position < launch.party.size(); ++position)
    ranks_[rank].words.push_back({launch.element, launch.attempt, 0, position, "hello"});
}

void Parts::hear(std::uint32_t rank, const PartyWord& word) {
  ++num_words_heard_;
  if (word.to == 0) return;
  FUGLE_CHECK_THAT(ranks_[rank].hosted.contains({word.element, word.attempt}),
                   "a word for a member before it was told to host");
  if (ranks_[rank].parts.contains(word.element))
    ranks_[rank].words.push_back({word.element, word.attempt, word.to, word.from, "yes"});
}

void Parts::poll_words(std::uint32_t rank, std::vector<PartyWord>& words) {
  words.insert(words.end(), ranks_[rank].words.begin(), ranks_[rank].words.end());
  ranks_[rank].words.clear();
}

void Parts::poll(std::uint32_t r, Time now, std::vector<AttemptReport>& reports) {
  Rank& rank = ranks_[r];
  for (auto next = rank.parts.begin(); next != rank.parts.end();) {
    const auto& [element, part] = *next;
    if (part.ends > now) {
      ++next;
      continue;
    }
    AttemptReport& report = reports.emplace_back();
    report.kind = AttemptReport::Kind::ended;
    report.element = element;
    report.attempt = part.attempt;
    report.start = part.start;
    report.end = part.ends;
    report.cls = part.cls;
    report.exit = part.exit;
    rank.in_use.cores -= part.granted.cores;
    rank.in_use.mem_bytes -= part.granted.mem_bytes;
    rank.in_use.gpus -= part.granted.gpus;
    hooks_.ended(describe(r, element, part), part.cls);
    next = rank.parts.erase(next);
  }
}

Time Parts::next_due(std::uint32_t rank, Time now) const {
  if (!ranks_[rank].words.empty()) return now;
  Time due = kNever;
  for (const auto& [element, part] : ranks_[rank].parts) due = std::min(due, part.ends);
  return due;
}

void Parts::kill_all(std::uint32_t r) {
  for (const auto& [element, part] : ranks_[r].parts) hooks_.ended(describe(r, element, part), FailureClass::lost);
  ranks_[r].parts.clear();
  ranks_[r].words.clear();
  ranks_[r].in_use = {0, 0, 0};
}

void Parts::break_spawner(std::uint32_t rank, Time now) {
  for (const auto& [element, part] : ranks_[rank].parts) end_by(rank, element, now, FailureClass::lost);
}

std::vector<std::pair<ElementId, std::uint16_t>> Parts::live_on(std::uint32_t rank) const {
  std::vector<std::pair<ElementId, std::uint16_t>> live;
  for (const auto& [element, part] : ranks_[rank].parts) live.emplace_back(element, part.attempt);
  return live;
}

}  // namespace fugle::sim
