#include "app/output.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

namespace fugle::app {

int message_fd() { return STDERR_FILENO; }

std::size_t terminal_width(int fd) {
  winsize size{};
  return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace fugle::app
