// A shield for verbs that only read. What they read may be damaged or made to do harm, and the HDF5 library is known to
// crash on some such files (the list of its CVEs); checks of our own come first, but can not see everything it does.
// So the reading is done by a child process, and a crash of it becomes a message and exit code 3.
#pragma once

#include <string>

namespace fugle::app {

/// Returns in a child that goes on with the verb. This process waits for it, then ends as it did: with its exit code,
/// by the signal that ended it, or, after a crash, with exit code 3 and a line about it.
void continue_in_child(const std::string& verb);

}  // namespace fugle::app
