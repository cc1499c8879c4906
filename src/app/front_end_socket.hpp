// The socket between the front-end and rank 0: an abstract Unix socket (nothing to clean up after kill -9), for
// processes of the same user only. The front-end's first message carries its three standard descriptors; rank 0's
// messages are kAllRanksAreThere, then its exit code. Knows nothing of mpirun.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "transport/descriptor.hpp"

namespace fugle::app {

struct Guest {
  transport::Descriptor socket;
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
  transport::Descriptor socket_;
};

/// Rank 0: connects, and replaces stdin, stdout and stderr by the front-end's. A terminal is not taken as stdin: we are
/// not in its session and could not read it. A closed descriptor when the front-end is not on this host.
[[nodiscard]] transport::Descriptor join_front_end(const std::string& name);

/// What rank 0 reports before its exit code, which is never negative.
inline constexpr int kAllRanksAreThere = -1;

void send_report(const transport::Descriptor& socket, int report);
/// Nothing when rank 0 has left.
[[nodiscard]] std::optional<int> read_report(const transport::Descriptor& socket);

}  // namespace fugle::app
