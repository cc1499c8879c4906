// fugle-plugin-host: a process in which functions of plugins are called, so that a crash of theirs is its own. Started
// by fugle-spawner, with a socket as its standard input; lives until that is closed. With --check it says whether a
// function could be called: loading runs code of the library, which is not to happen in fugle itself.
//
// It links nothing of what plugins may want to have in another version: no MPI, no HDF5.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/error.hpp"
#include "function/plugin.hpp"
#include "function/plugin_host/serve.hpp"

namespace {

/// Prints what is wrong with it.
int check(const char* name) {
  try {
    const char* path = std::getenv("FUGLE_PLUGIN_PATH");
    fugle::function::PluginHost host;
    host.search_path = path != nullptr ? path : "";
    fugle::function::Plugins(host).check(name);
    return 0;
  } catch (const fugle::Error& error) {
    std::puts(error.what());
    return static_cast<int>(error.code());
  }
}

/// A plugin that reads its standard input is to find nothing there.
int move_socket() {
  const int socket = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(null, STDIN_FILENO);
  ::close(null);
  return socket;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "--check") == 0) return check(argv[2]);
  if (argc != 1 || ::isatty(STDIN_FILENO) != 0) {
    std::fputs("fugle-plugin-host is started by fugle itself; usage: fugle-plugin-host --check LIBRARY:FUNCTION\n",
               stderr);
    return 2;
  }
  fugle::function::take_signals();
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // what was printed before a crash is in the log
  fugle::function::serve_calls(move_socket());
  return 0;
}
