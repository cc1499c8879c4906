// Several allocations work on one run: the head in one of them, guests in the others. They talk through files in the
// folder `exchange` of the run directory, so that no port is opened and nobody need reach another's node:
//
//   exchange/leader              who leads now, and the name of its session; renamed into place
//   exchange/<session>.<name>/   made by a guest that knocks; removed by it when it has left
//     to_head.N, to_guest.N      one mailbox per direction (mailbox.hpp)
//
// Each rank of a guest is a guest of its own: one that hangs or dies does not take others with it, and none has to
// carry what others say.
//
// A lease in time keeps an element from running twice. Both sides say something at least every `beat`, and each frame
// says what its writer has read. A guest may go on for `guest_stops` after the time at which it *put* the newest frame
// that the head is known to have read; then it ends what it runs and leaves. The head gives what a guest holds to
// others only when nothing of that guest has come for `head_gives_up`, counted from when it *read* the newest frame.
// Frames are put before they are read, and what is acknowledged was read: so the guest's time begins earlier, and ends
// earlier by at least the difference of the two, two thirds of `head_gives_up`. No clocks are compared, only lengths of
// time, by clocks that go on while a machine is suspended. The difference has to cover how long it takes to end a
// process, and how long the guest's rank may be stopped while what it started runs on (a hung file system).
// The same difference protects a new head: it waits for the guests of a head that did not end well (see
// wait_for_former_guests).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/time.hpp"

namespace fugle::transport {

struct Patience {
  Duration guest_stops = std::chrono::seconds(30);
  /// What still runs so long after that is killed without further ado.
  [[nodiscard]] Duration guest_kills() const { return guest_stops / 3; }
  [[nodiscard]] Duration head_gives_up() const { return 3 * guest_stops; }
  [[nodiscard]] Duration beat() const { return guest_stops / 15; }
};

/// Time since some point, that goes on while the machine is suspended (CLOCK_BOOTTIME).
using Ticks = std::function<Duration()>;
[[nodiscard]] Duration ticks_since_boot();

/// Who leads, as it says of itself.
struct Leader {
  std::string session;  ///< of one life of the head; no two are alike
  Patience patience;
  std::uint32_t num_ranks = 1;  ///< of its own allocation
  std::string host;             ///< of its process, as the holder of the run's lock
  int pid = 0;
  std::string job;               ///< Slurm's number of it; empty: none
  std::optional<int> exit_code;  ///< it has left, and nobody runs anything for it any more
};

[[nodiscard]] std::string new_session();
/// Throws EnvironmentError.
void write_leader(const std::string& exchange_dir, const Leader& leader);
/// Nothing: nobody ever led a campaign here.
[[nodiscard]] std::optional<Leader> read_leader(const std::string& exchange_dir);

/// To be called by one who has just taken the run's lock, so that the former head is dead: until no guest of it can run
/// anything any more. Returns false when `has_enough` said so first. At most `head_gives_up` long; not at all when the
/// former head left well, or had no guests and no other ranks in another job than `own_job`.
[[nodiscard]] bool wait_for_former_guests(const std::string& exchange_dir, const std::string& own_job,
                                          const std::function<bool()>& has_enough);

// What frames are (Frame::kind).
enum class Said : std::uint8_t {
  knock = 1,  ///< guest: here I am
  welcome,    ///< head: worker number; how long the guest may go on unheard (nanoseconds)
  message,    ///< both: scheduler::encode() of a message
  beat,       ///< both: I am there, and have read so far
  farewell,   ///< head: exit code; I leave, and nothing comes any more
};

}  // namespace fugle::transport
