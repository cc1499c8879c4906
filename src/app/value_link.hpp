// How functions called in child processes get the results of functions before, and give theirs: from and to the values
// that the executor of functions keeps. Made before either executor, because the one of processes is made first.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "executor/process_executor.hpp"
#include "function/value_store.hpp"

namespace fugle::app {

class ValueLink {
 public:
  /// `values` outlives what the executor of processes does.
  void connect(function::ValueStore& values) { values_ = &values; }
  void disconnect() { values_ = nullptr; }

  /// Nothing: one is not here.
  [[nodiscard]] std::optional<std::vector<std::string>> results_before(const scheduler::Launch& launch) const;
  void keep(ElementId element, std::uint16_t attempt, std::string result) const;

 private:
  function::ValueStore* values_ = nullptr;
};

/// Sets the hooks of the options.
void use(executor::ExecutorOptions& options, const std::shared_ptr<ValueLink>& link);

}  // namespace fugle::app
