// What an attempt's end means: failure class, exit code, the reason in words, and the figures. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "executor/wire.hpp"
#include "graph/task.hpp"
#include "scheduler/ports.hpp"

namespace fugle::executor {

/// What the words of a reason are taken from.
struct AttemptTexts {
  std::string program;  ///< first word of the command
  std::string workdir;
  Duration timeout{0};
  std::uint64_t memory_limit = 0;   ///< bytes; 0: none
  std::string scratch{};            ///< its directory
  std::uint64_t scratch_bytes = 0;  ///< wanted free
  scheduler::StopReason stop_reason = scheduler::StopReason::cancelled;
  std::vector<std::uint32_t> cpus{};                 ///< it was to be bound to; empty: to none
  std::string call_reason{};                         ///< what a function said of its failure
  std::vector<std::pair<int, int>> ok_exit_codes{};  ///< inclusive; empty: 0
  std::vector<std::uint32_t> ran_on{};               ///< where it was found, when these are others; else empty
};

/// The end of an attempt. Of one that ended well the reason is what was odd: that it was not where it was bound to,
/// that its cleanup failed, that output of it is missing in the log.
[[nodiscard]] scheduler::AttemptReport report_of(const wire::EndedFields& ended, const AttemptTexts& texts);
/// Of an attempt for which no process could be made.
[[nodiscard]] scheduler::AttemptReport report_of_refusal(const wire::RefusedFields& refused, const AttemptTexts& texts);
/// Of an attempt that has not begun, and does not.
[[nodiscard]] scheduler::AttemptReport report_unstarted(const scheduler::Launch& launch, graph::FailureClass cls,
                                                        std::string reason, Time when);
/// "SIGSEGV"
[[nodiscard]] std::string name_of_signal(int signal);

}  // namespace fugle::executor
