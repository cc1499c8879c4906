// A FugleCall (fugle/plugin.h) made of a CallInput, and what the function says through it. Internal to the loader.
#pragma once

#include <fugle/plugin.h>

#include <string>
#include <utility>
#include <vector>

#include "function/callable.hpp"

namespace fugle::function {

/// For one call; stays where it is, for the plugin knows its address.
class PluginCall {
 public:
  explicit PluginCall(const CallInput& input);
  PluginCall(const PluginCall&) = delete;
  PluginCall& operator=(const PluginCall&) = delete;

  [[nodiscard]] const FugleCall* raw() const { return &raw_; }
  /// After the function returned `code`.
  [[nodiscard]] CallOutcome outcome(const std::string& function, int code);

 private:
  [[nodiscard]] static PluginCall& self(const FugleCall* call) { return *static_cast<PluginCall*>(call->host); }
  void log(const char* text) const;

  const CallInput& input_;
  std::vector<std::string> texts_;
  std::vector<FugleFile> inputs_;
  std::vector<FugleFile> outputs_;
  std::vector<FugleBytes> results_;
  FugleCall raw_{};
  std::string result_;
  std::string error_;
};

}  // namespace fugle::function
