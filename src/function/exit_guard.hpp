// What a function that is called in a rank must not do: exit(3) would end the worker with all that it runs, and with
// code 0 at that, as if all were well. While one of these lives, an exit from its thread ends the process at once, with
// a message and the code of a worker that is lost.
#pragma once

#include <string_view>

namespace fugle::function {

class ExitGuard {
 public:
  /// `element`: for the message; kept by the caller.
  explicit ExitGuard(std::string_view element);
  ~ExitGuard();
  ExitGuard(const ExitGuard&) = delete;
  ExitGuard& operator=(const ExitGuard&) = delete;

 private:
  std::string_view outer_;
};

}  // namespace fugle::function
