// A standing child process that takes one call of a function after another. Its standard input is a socket over which
// calls come and ends go (wire.hpp); it finishes by itself when that is closed. Its output, one pipe for all calls, is
// that of the attempt whose call it runs.
//
//   busy ----returned----> idle ----call----> busy
//    |                      |
//    '-- died, or killed ---'-- retired: its socket closed --> gone
//
// A process is used again by attempts of the same key only: what can not be changed in a running process is the same.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "executor/channel.hpp"
#include "executor/spawner/child.hpp"
#include "executor/wire.hpp"

namespace fugle::spawner {

struct Attempt;

struct Slot {
  explicit Slot(int socket_fd) : socket(socket_fd), channel(socket_fd) {}

  std::string key;
  pid_t pid = 0;
  int socket;  ///< -1: closed
  int output = -1;
  executor::Channel channel;
  bool is_waiting_to_send = false;
  Child child;
  std::uint64_t number = 0;    ///< as Attempt::number
  Attempt* attempt = nullptr;  ///< null: idle
  std::int64_t idle_since = 0;
  std::int64_t kill_at = 0;               ///< retired, and must be gone then; 0: it is not retired
  executor::wire::ReturnedFields used{};  ///< by the calls before
};

}  // namespace fugle::spawner
