// The workflow as the head asks it while the run goes on: joins workflow::RunTime, made of what was kept in the run
// directory, to the state of the run.
#pragma once

#include <optional>
#include <string>

#include "app/kept_workflow.hpp"
#include "scheduler/language.hpp"
#include "workflow/run_time.hpp"

namespace fugle::app {

class RunLanguage final : public scheduler::Language, private workflow::Knowledge {
 public:
  /// `run` outlives this, and is the one that will be asked about. Throws EnvironmentError.
  RunLanguage(const std::string& run_dir, const scheduler::RunState& run);

  [[nodiscard]] std::variant<graph::Growth, scheduler::Declined> expand(ElementId element,
                                                                        const scheduler::RunState& run) override;
  [[nodiscard]] std::variant<std::string, scheduler::Declined> decide(ElementId element,
                                                                      const scheduler::RunState& run) override;

 private:
  [[nodiscard]] const graph::Graph& graph() const override { return run_->graph(); }
  [[nodiscard]] std::string_view state(ElementId element) const override;
  [[nodiscard]] std::optional<int> exit_code(ElementId element) const override;
  [[nodiscard]] std::string_view failure_class(ElementId element) const override;
  [[nodiscard]] const std::string* given(ElementId element, std::uint32_t output) const override;

  const scheduler::RunState* run_;
  KeptWorkflow kept_;
  workflow::DiskFiles disk_;
  workflow::KeptFiles files_;
  workflow::RunTime run_time_;
};

}  // namespace fugle::app
