// What an attempt's end means: failure class, exit code, and the reason in words. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "executor/wire.hpp"
#include "graph/task.hpp"
#include "scheduler/ports.hpp"

namespace fugle::executor {

struct Outcome {
  graph::FailureClass cls = graph::FailureClass::none;
  std::int32_t exit = 0;  ///< exit code, or minus the signal
  std::string reason;
};

/// What the words of a reason are taken from.
struct AttemptTexts {
  std::string program;  ///< first word of the command
  std::string workdir;
  Duration timeout{0};
  std::uint64_t memory_limit = 0;  ///< bytes; 0: none
  scheduler::StopReason stop_reason = scheduler::StopReason::cancelled;
  std::vector<std::uint32_t> cpus{};    ///< it was to be bound to; empty: to none
  std::vector<std::uint32_t> ran_on{};  ///< where it was found, when these are others; else empty
};

/// Of an attempt that ended well the reason is what was odd: that it was not where it was bound to.
[[nodiscard]] Outcome outcome_of(const wire::EndedFields& ended, const AttemptTexts& texts);
/// Of an attempt for which no process could be made; `error` is the errno.
[[nodiscard]] Outcome outcome_of_refusal(int error);
/// "SIGSEGV"
[[nodiscard]] std::string name_of_signal(int signal);

}  // namespace fugle::executor
