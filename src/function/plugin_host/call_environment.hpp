// The environment variables of one call after another in one process: those of a call replace those of the call before,
// what the plugin has set itself stays. Not by setenv(), which keeps every value for ever. One thread; what other
// threads have read of the call before stays valid during one more call.
#pragma once

#include <string>
#include <vector>

namespace fugle::function {

class CallEnvironment {
 public:
  CallEnvironment() = default;
  CallEnvironment(const CallEnvironment&) = delete;
  CallEnvironment& operator=(const CallEnvironment&) = delete;

  /// "NAME=VALUE", of one call.
  void apply(std::vector<std::string> variables);

 private:
  struct Table {
    std::vector<std::string> texts;
    std::vector<char*> pointers;  ///< what `environ` is
  };
  Table current_;
  Table before_;
};

}  // namespace fugle::function
