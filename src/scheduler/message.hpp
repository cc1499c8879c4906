// What head and worker say to each other. Ids and small texts only, never data. Encoded as bytes by encode()/decode()
// (little endian, length-prefixed); a round trip is the identity. Both ends are the same build: no versions.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "graph/task.hpp"
#include "scheduler/attempt.hpp"

namespace fugle::scheduler {

/// Worker to head, once: what it can run.
struct Hello {
  std::string node;
  std::uint32_t pid = 0;
  std::uint32_t cores = 0;
  std::uint64_t mem_bytes = 0;
  std::uint32_t gpus = 0;
  bool operator==(const Hello&) const = default;
};

/// Worker to head, of another allocation than the head's: when that allocation ends. Before Hello, lest too much is
/// granted, and again whenever it changes; with an end that has passed: it must leave now.
struct Tenure {
  Time end = kNever;
  bool operator==(const Tenure&) const = default;
};

/// One element of a lease. `waits_for` counts its needs inside the lease, and one more while it has needs outside that
/// were not answered (see Release); `releases` are its successors inside the lease.
struct LeasedElement {
  ElementId element;
  TaskId task;
  std::uint16_t attempt = 1;  ///< the number its next attempt will have
  std::uint32_t index = 0;    ///< within its task
  std::uint32_t order = 0;    ///< smaller starts first
  std::uint32_t waits_for = 0;
  std::vector<ElementId> releases;
  bool is_awaited = false;  ///< something outside the lease waits for its end: to be told at once
  float expected_s = 0;     ///< how long an attempt may take; 0: not known, or it does not matter
  std::string id;
  std::string packed_text;
  std::uint32_t party{};  ///< number of its party, see Placed; 0: it runs on this worker alone
  std::uint16_t retries = 0;  ///< of its task's budget that it has had: by these its request grows (scaled_task.hpp)
  bool operator==(const LeasedElement&) const = default;
};

/// Head to worker: run these. Tasks the worker has not seen yet come along.
struct Grant {
  Duration report_interval{0};  ///< reports nobody waits for are at least that far apart (see Worker)
  Time last_end = kNever;       ///< what is expected to end after this is not started but returned
  std::string run_state;        ///< for elements of `finally`: see Launch::run_state
  std::vector<std::pair<TaskId, std::shared_ptr<const graph::Task>>> tasks;
  std::vector<LeasedElement> elements;
};

/// Head to worker: give back those of these that have not started; answered by Report::returned.
struct Revoke {
  std::vector<ElementId> elements;
  bool operator==(const Revoke&) const = default;
};

/// Head to worker: the needs of these outside their leases are all answered.
struct Release {
  std::vector<ElementId> elements;
  bool operator==(const Release&) const = default;
};

/// Head to worker: stop these attempts (TERM, grace, KILL).
struct StopAttempts {
  std::vector<ElementId> elements;
  bool operator==(const StopAttempts&) const = default;
};

/// Head to worker: send these attempts a signal, that they write a checkpoint.
struct SignalAttempts {
  std::vector<ElementId> elements;
  std::int32_t signal = 0;
  bool operator==(const SignalAttempts&) const = default;
};

/// Head to worker: nothing more will come; stop what runs, answer with a last Report, then leave.
struct Shutdown {
  bool operator==(const Shutdown&) const = default;
};

/// Worker to head: what happened since the last report, in order.
struct Report {
  std::vector<AttemptReport> attempts;
  std::vector<ElementId> returned;  ///< revoked, or too late to start, and not started: no longer leased here
  bool goodbye = false;             ///< the worker has nothing left and leaves
};

// What several workers run together (graph::Spread) is granted to a party of them, the first of which leads it.
//
//   head    -> all:     Grant (LeasedElement::party)
//   each    -> head:    Placed, when it has the cores, memory and GPUs; it starts nothing else before that
//   head    -> all:     StartParty, when all have: the leader starts the attempt, the others host it
//   each    -> head:    Report that its part has ended, when nothing of it is left there
//   head    -> others:  EndParty, when the leader's part has ended; to all when it will not start
//   any <-> any:        PartyWord, by way of the head (CarryWord), while the attempt runs
//
// A party has a number, for it may be given up and granted again before all have heard.

/// Worker to head: what it needs for its part is its own from now on.
struct Placed {
  ElementId element;
  std::uint32_t party = 0;
  Place place;
  bool operator==(const Placed&) const = default;
};

/// Head to worker: begin.
struct StartParty {
  ElementId element;
  std::uint32_t party = 0;
  std::uint32_t position = 0;  ///< of the worker in `members`
  std::vector<Member> members;
  bool operator==(const StartParty&) const = default;
};

/// Head to worker: it is over. What has not started gives up its place, and nothing is answered.
struct EndParty {
  ElementId element;
  std::uint32_t party = 0;
  bool operator==(const EndParty&) const = default;
};

/// Worker to head: for another member of the party.
struct CarryWord {
  PartyWord word;
  bool operator==(const CarryWord&) const = default;
};

/// Worker to head: for the head, or for whom it knows (ValueWord).
struct CarryValue {
  ValueWord word;
  bool operator==(const CarryValue&) const = default;
};

using Message = std::variant<Hello, Grant, Revoke, StopAttempts, Shutdown, Report, Release, SignalAttempts, Tenure,
                             Placed, StartParty, EndParty, CarryWord, PartyWord, CarryValue, ValueWord>;

[[nodiscard]] std::string encode(const Message& message);
/// Throws EnvironmentError on bytes that encode() did not make.
[[nodiscard]] Message decode(std::string_view bytes);

}  // namespace fugle::scheduler
