// The loop of a process in which functions of plugins are called, one call after another, as its spawner asks for them
// (executor/spawner/slot.hpp). Standard output and errors are those of the attempt.
#pragma once

namespace fugle::function {

/// Takes calls from `socket` until its other end is closed, then lets the plugins finish.
void serve_calls(int socket);

/// SIGTERM lets the call that runs see is_cancelled(), other requests to end or to write checkpoints are left to the
/// plugin: they end nothing by themselves.
void take_signals();

}  // namespace fugle::function
