// The typed keys of a task (resources, times, retries, ...) where they hold expressions: compiled once, evaluated per
// element and judged by the rules that literals get in the reader.
#pragma once

#include <compare>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/task.hpp"
#include "workflow/scope.hpp"
#include "workflow/text_template.hpp"

namespace fugle::workflow {

/// What elements must have in common to be of one graph::Task.
struct Settings {
  graph::Request request;
  std::uint32_t nodes = 1;
  std::uint32_t ranks = 0;  ///< graph::Shape::ranks
  std::uint32_t cores_per_rank = 1;
  std::uint32_t gpus_per_rank = 0;
  graph::Part part = graph::Part::node;
  std::string launcher = "auto";
  std::string function;
  bool isolate = true;
  Duration ready_timeout{0};  ///< graph::Service::ready_timeout
  std::uint64_t scratch_bytes = 0;
  graph::Bind bind = graph::Bind::automatic;
  graph::Place place = graph::Place::pack;
  std::string near;
  Duration timeout{0};
  Duration grace{0};
  Duration late_after{0};
  Duration before_end{0};  ///< graph::RestartPolicy::before_end
  std::uint32_t retries = 0;
  Duration delay{0};
  double backoff = 0;
  Duration max_delay{0};
  double jitter = 0;
  double scale_mem = 1;  ///< graph::RetryPolicy
  double scale_timeout = 1;
  double scale_cores = 1;
  std::string modules;  ///< with blanks or line breaks between them
  graph::ContainerRuntime runtime = graph::ContainerRuntime::none;
  std::string binds;  ///< one in each line
  bool container_has_gpu = false;
  graph::LogMode log = graph::LogMode::merged;
  graph::OnFailure on_failure = graph::OnFailure::skip_dependents;
  std::uint32_t tolerated = 0;    ///< graph::Tolerance::count
  double tolerated_fraction = 0;  ///< graph::Tolerance::fraction
  std::int32_t priority = 0;
  std::vector<std::uint32_t> tokens;  ///< of the pools of the task, in their order
  std::uint32_t max_parallel = 0;
  bool fail_fast = false;
  auto operator<=>(const Settings&) const = default;
  [[nodiscard]] graph::Shape shape() const { return {nodes, ranks, cores_per_rank, gpus_per_rank, part}; }
};

/// `directory`: of relative paths; a library that has one is named by it.
void apply(const Settings& settings, const std::string& directory, graph::Task& task);

class SettingsTemplate {
 public:
  /// Reports mistakes in expressions; nullopt then.
  [[nodiscard]] static std::optional<SettingsTemplate> compile(const TaskNode& task, const Symbols& symbols,
                                                               Diagnostics& diagnostics);
  /// True when no key of the task is an expression.
  [[nodiscard]] bool is_literal() const { return expressions_ == nullptr; }
  template <class Visit>
  void for_each_name(Visit&& visit) const {
    if (expressions_ == nullptr) return;
    for (const auto& field : *expressions_)
      if (field) field->for_each_name(visit);
  }

  /// Reports values of wrong type or out of range (nullopt then, also when doubtful). Throws ExpressionError.
  [[nodiscard]] std::optional<Settings> settings(const TaskNode& task, const Names& names,
                                                 Diagnostics& diagnostics) const;
  /// Expected run time, 0 when unknown; otherwise as settings().
  [[nodiscard]] std::optional<Duration> estimate(const TaskNode& task, const Names& names,
                                                 Diagnostics& diagnostics) const;

 private:
  enum Key : std::uint8_t {
    nodes,
    ranks,
    ranks_per_node,
    cores,
    mem,
    gpus,
    gpus_per_rank,
    exclusive,
    launcher,
    plugin,
    isolate,
    ready_timeout,
    scratch,
    bind,
    place,
    timeout,
    grace,
    late_after,
    before_end,
    retries,
    delay,
    backoff,
    max_delay,
    jitter,
    scale_mem,
    scale_timeout,
    scale_cores,
    modules,
    runtime,
    binds,
    container_gpu,
    log,
    on_failure,
    tolerate,
    priority,
    max_parallel,
    fail_fast,
    estimate_key,
    first_pool  ///< and the others after it
  };
  using Expressions = std::vector<std::optional<TextTemplate>>;
  class Evaluation;

  std::unique_ptr<Expressions> expressions_;
};

}  // namespace fugle::workflow
