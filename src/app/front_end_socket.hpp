// The socket between the front-end and rank 0: an abstract Unix socket (nothing to clean up after kill -9), for
// processes of the same user only. The front-end's first message carries its three standard descriptors; rank 0 answers
// with reports. Knows nothing of mpirun.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/descriptor.hpp"

namespace fugle::app {

/// What rank 0 tells the front-end.
struct RankReport {
  enum class Kind : std::uint32_t {
    ranks_are_there,  ///< MPI is up on all ranks
    run_is_open,      ///< text: run directory, number: elements that have ended
    progress,         ///< number: elements that have ended
    exit_code,        ///< number: of the run
    wants_restart,    ///< text: why this life can not go on, and a new one could
    wants_next_job,   ///< number: 1 when this life made progress; text: nodes to avoid
  };
  Kind kind = Kind::ranks_are_there;
  std::uint64_t number = 0;
  std::string text;  ///< up to 64 KB
};

struct Guest {
  Descriptor socket;
  pid_t pid = 0;
};

class FrontEndSocket {
 public:
  /// Throws EnvironmentError.
  FrontEndSocket();
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int fd() const { return socket_.get(); }
  /// Lets rank 0 in and gives it stdin, stdout and stderr; nothing when the guest is of another user.
  [[nodiscard]] std::optional<Guest> admit();

 private:
  std::string name_;
  Descriptor socket_;
};

/// Rank 0: connects, and replaces stdin, stdout and stderr by the front-end's. A terminal is not taken as stdin: we are
/// not in its session and could not read it. A closed descriptor when the front-end is not on this host.
[[nodiscard]] Descriptor join_front_end(const std::string& name);

enum class IfFull : std::uint8_t { wait, drop };
/// A front-end that was stopped (Ctrl-Z) reads nothing: progress need not reach it.
void send_report(const Descriptor& socket, const RankReport& report, IfFull if_full = IfFull::wait);
/// The bytes of a report.
[[nodiscard]] std::string encode(const RankReport& report);
/// The report that `bytes` begin with, which are taken away from them; nothing when it is not whole.
[[nodiscard]] std::optional<RankReport> take_report(std::string& bytes);
/// Nothing when rank 0 has left.
[[nodiscard]] std::optional<RankReport> read_report(const Descriptor& socket);

}  // namespace fugle::app
