// Exceptions of the adapters: the environment or the user's input is wrong. Thrown by parsers, files, MPI and HDF5
// wrappers; caught in `app`. The scheduler neither throws nor catches. The message is for the user:
// "<problem> (<why it is one>); <what to try>".
#pragma once

#include <stdexcept>
#include <string>

namespace fugle {

/// Exit codes of the program (REQUIREMENTS section 1).
enum class ExitCode : int {
  ok = 0,
  failed = 1,
  usage = 2,
  environment = 3,
  incomplete = 4,
  conflict = 5,
  interrupted = 130,
};

class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  [[nodiscard]] ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

/// Bad command line: exit 2.
struct UsageError : Error {
  explicit UsageError(const std::string& message) : Error(ExitCode::usage, message) {}
};
/// MPI, HDF5, run directory, launcher: exit 3.
struct EnvironmentError : Error {
  explicit EnvironmentError(const std::string& message) : Error(ExitCode::environment, message) {}
};
/// Locked run, newer format, outputs of another run: exit 5.
struct ConflictError : Error {
  explicit ConflictError(const std::string& message) : Error(ExitCode::conflict, message) {}
};

}  // namespace fugle
