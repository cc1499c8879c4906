// A function of the program's own workflow (fugle/workflow.hpp) as a Callable.
#pragma once

#include <fugle/workflow.hpp>

#include "function/callable.hpp"
#include "function/registry.hpp"

namespace fugle::function {

class ProgramFunction final : public Callable {
 public:
  explicit ProgramFunction(detail::NamedFunction function) : function_(std::move(function)) {}
  /// Of class error also when the values that the program gives the function are not those it had when the run began:
  /// then element and value may not belong together any more.
  [[nodiscard]] CallOutcome call(const CallInput& input) override;

 private:
  detail::NamedFunction function_;
};

/// All functions of the workflow.
[[nodiscard]] Registry registry_of(const Workflow& workflow);

}  // namespace fugle::function
