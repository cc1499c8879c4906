// What has happened: the facts that are journalled, in the order in which they were applied. RunState changes by
// apply(event) alone, in a run, in a resume, in a test and in the simulator; what follows from an event by rule
// (dependents become READY or BLOCKED, a retry waits) is not an event of its own.
#pragma once

#include <cstdint>
#include <string>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "graph/task.hpp"

namespace fugle::scheduler {

using graph::FailureClass;

/// The value is stored in the journal: never renumber.
enum class EventKind : std::uint8_t {
  none = 0,
  run_started = 1,      ///< a life of the run begins; text: "host pid user"; exit: number of the life, from 0
  run_ended = 2,        ///< exit: exit code of the run; text: reason
  worker_joined = 3,    ///< worker; text: node name; cpu_ms: cores; maxrss_kb: memory in MiB
  worker_lost = 4,      ///< worker; text: reason. Its attempts are ended by attempt_ended of class lost
  attempt_started = 5,  ///< element, attempt, worker, start
  attempt_ended = 6,   ///< element, attempt, worker, start, end, exit, cls, cpu_ms, maxrss_kb; text: reason when not OK
  cancel_element = 7,  ///< a person asked for the end of an element; text: who. Follows the end of what ran
  retry_all = 8,       ///< a person resumed: FAILED, BLOCKED, CANCELLED elements are WAITING again
  stop_requested = 9,  ///< nothing new starts; exit: the exit code the run will have (1, 4, 130); text: why
  hold_element = 10,   ///< a person keeps the element from starting; text: who
  release_element = 11,  ///< a person lets a held element start again; text: who
  node_drained = 12,     ///< worker, one of the node's; text: why. No worker of that node gets more work in this life
  finally_began = 13,  ///< all else has ended or been stopped: the tasks of `finally` may start; text: state of the run
  service_ready = 14,  ///< element, attempt, worker; start: when. Its users may start
  value_lost = 15,     ///< element, a function that was OK: its result is gone and needed, so it runs again
  output_given = 16,   ///< element, attempt, worker; exit: number of the output; text: a part of its value;
                       ///< maxrss_kb: bytes that follow in further parts. All come before the end of the attempt
  element_skipped = 17,  ///< element, READY: it does not run; text: why ("params.mode == 'a' is false")
  element_refused = 18,  ///< element, READY: a text or list of its turned out wrong; it is FAILED(expand); text: why
  graph_grew = 19,       ///< element: of kind expansion, READY; text: a part of graph::encode_growth(); maxrss_kb: bytes
                         ///< that follow in further parts. With the last one the elements are there
};
inline constexpr auto kLastEventKind = EventKind::graph_grew;
[[nodiscard]] const char* name_of(EventKind kind);

/// 1, 2, 3, ... over all lives of a run; 0: none.
using Sequence = std::uint64_t;

struct Event {
  EventKind kind = EventKind::none;
  FailureClass cls = FailureClass::none;  ///< none on an attempt that ended OK
  std::uint16_t attempt = 0;              ///< from 1
  ElementId element;
  WorkerId worker;
  std::int32_t exit = 0;  ///< exit code, or minus the signal
  Time start{};           ///< of the attempt; else when the event happened
  Time end{};
  std::uint64_t cpu_ms = 0;
  std::uint32_t maxrss_kb = 0;
  std::uint64_t read_bytes = 0;     ///< from storage, by the attempt
  std::uint64_t written_bytes = 0;  ///< to storage
  std::string text;                 ///< at most 65,535 bytes
  bool operator==(const Event&) const = default;
};

/// Of that kind, at that time.
[[nodiscard]] Event event_of(EventKind kind, Time when);
/// Of an attempt.
[[nodiscard]] Event event_of(EventKind kind, ElementId element, std::uint16_t attempt, WorkerId worker, Time when);
/// Somebody wants something of an element: cancel_element, hold_element, release_element.
[[nodiscard]] Event wish_of(EventKind kind, ElementId element, const std::string& who, Time when);

}  // namespace fugle::scheduler
