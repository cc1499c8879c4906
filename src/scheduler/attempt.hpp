// One attempt of one element: what is to be launched, and what is reported about it. Plain data.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "graph/task.hpp"

namespace fugle::scheduler {

using graph::FailureClass;

/// Which of the node's resources an attempt has for itself, by the numbers of the operating system.
struct Place {
  std::vector<std::uint32_t> cpus;        ///< bound to these; empty: not bound
  std::vector<std::uint32_t> numa_nodes;  ///< memory comes from these; empty: from anywhere
  std::vector<std::uint32_t> gpus;        ///< visible devices, in order of nearness; numbers of topology::Gpu
  bool is_real = true;                    ///< false: of a stand-in machine; told to the attempt, and that is all
  bool operator==(const Place&) const = default;
};

/// One node of an attempt that has several.
struct Member {
  WorkerId worker;
  std::string node;  ///< host name
  Place place;
  bool operator==(const Member&) const = default;
};

/// One attempt of one element.
struct Launch {
  ElementId element;
  std::uint16_t attempt = 1;
  std::string id;                           ///< "mdrun[8,2]"
  std::shared_ptr<const graph::Task> task;  ///< shared by the launches of a task and the worker's table of tasks
  std::uint32_t index = 0;                  ///< of the element within its task, from 0
  std::string packed_text;                  ///< graph::ElementText
  graph::Request granted;
  Place place;                  ///< empty: wherever the system puts it
  std::string run_state;        ///< of `finally`: OK, FAILED, CANCELLED, INCOMPLETE; else empty
  std::vector<Member> party{};     ///< all its workers, the leader first; empty: this one alone
  std::uint32_t position = 0;      ///< of this worker in the party
  std::uint32_t party_number = 0;  ///< no two parties of a head have the same one
};

/// What the leader of a party and its other members say to each other while the attempt runs. Only they know what it
/// means: the scheduler brings it from the executor of one worker to that of another.
struct PartyWord {
  ElementId element;
  std::uint16_t attempt = 0;
  std::uint32_t from = 0;  ///< position in the party
  std::uint32_t to = 0;
  std::string bytes;
  bool operator==(const PartyWord&) const = default;
};

/// What workers say to each other about results of functions, by way of the head, which knows who has what:
/// who needs a result sends `wanted`; the head asks one that holds it; that one answers `here`, or `gone`, which the
/// head passes on. `forget`: nobody needs it any more.
struct ValueWord {
  enum class Kind : std::uint8_t { wanted = 0, here = 1, gone = 2, forget = 3 } kind = Kind::wanted;
  ElementId element;  ///< whose result
  WorkerId who;       ///< wants it
  std::string bytes;  ///< of `here`
  bool operator==(const ValueWord&) const = default;
};

struct AttemptReport {
  /// `ready`, of a service, comes at most once between the others.
  enum class Kind : std::uint8_t { started, ended, ready } kind = Kind::started;
  ElementId element;
  std::uint16_t attempt = 0;
  Time start{};
  Time end{};  ///< of kind ready: when it became so
  FailureClass cls = FailureClass::none;
  std::int32_t exit = 0;  ///< exit code, or minus the signal
  std::uint64_t cpu_ms = 0;
  std::uint32_t maxrss_kb = 0;
  std::uint64_t read_bytes = 0;     ///< from storage, by it and what it waited for
  std::uint64_t written_bytes = 0;  ///< to storage
  /// For people: when the class is not none "exit code 3", "output 'h5' (out.h5) is missing"; else what is odd though
  /// it ended OK: "bound to cores 0-3, but ran on 0-7".
  std::string reason;
  std::string measures{};  ///< of its metrics: graph::encode_measures(); empty: none
  std::string values{};    ///< of its outputs that are no files: graph::encode_values(); empty: none
  bool operator==(const AttemptReport&) const = default;
};

}  // namespace fugle::scheduler
