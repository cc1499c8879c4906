#include "scheduler/answers.hpp"

#include <array>

namespace fugle::scheduler {
namespace {

constexpr Answer kGo = Answer::go, kSkip = Answer::skipped, kBlock = Answer::blocked, kCancel = Answer::cancelled;

/// FORMAT.md section 8, row by row.
constexpr std::array<std::array<Answer, 6>, 5> kAnswers = {{
    // OK   CACHED FAILED  SKIPPED BLOCKED CANCELLED
    {kGo, kGo, kBlock, kGo, kBlock, kCancel},    // ok
    {kGo, kGo, kBlock, kSkip, kBlock, kCancel},  // uses
    {kSkip, kSkip, kGo, kSkip, kSkip, kSkip},    // failed
    {kGo, kGo, kGo, kGo, kGo, kGo},              // done
    {kGo, kGo, kBlock, kSkip, kBlock, kCancel},  // started, of one that never was
}};

}  // namespace

Answer answer_of(Condition condition, Ending ending, bool has_started) {
  if (condition == Condition::started && has_started && ending != Ending::skipped && ending != Ending::blocked)
    return Answer::go;
  return kAnswers[static_cast<std::size_t>(condition)][static_cast<std::size_t>(ending)];
}

Condition condition_of(graph::TaskKind below) {
  switch (below) {
    case graph::TaskKind::use_gate: return Condition::uses;
    case graph::TaskKind::end_gate: return Condition::done;
    case graph::TaskKind::fail_gate: return Condition::failed;
    case graph::TaskKind::start_gate: return Condition::started;
    default: return Condition::ok;
  }
}

}  // namespace fugle::scheduler
