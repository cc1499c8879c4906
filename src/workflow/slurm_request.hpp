// What a workflow asks Slurm for, evaluated: parameters are put in, every value is judged. What a command line says
// instead is put over it by who submits. Knows the words of sbatch, not how it is called.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "workflow/diagnostic.hpp"
#include "workflow/outlook.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// Texts that are empty and numbers that are 0 are not said: the site decides.
struct SlurmRequest {
  std::string account;
  std::string partition;
  std::string qos;
  std::string reservation;
  std::string constraint;
  std::string mail_user;
  std::uint32_t nodes = 0;
  Duration time{0};
  std::optional<bool> exclusive;
  std::optional<std::uint32_t> gpus_per_node;
  std::optional<std::uint64_t> mem_bytes;  ///< of each node; 0: all there is
  Duration signal_margin = std::chrono::seconds(120);
  Requeue requeue = Requeue::automatic;
  std::vector<std::string> extra;  ///< options of sbatch, as they stand
  std::uint32_t max_requeues = 20;
};

/// Not empty, no blanks, no control characters.
[[nodiscard]] bool is_slurm_word(std::string_view text);
/// What would begin a new line, or steer a terminal.
[[nodiscard]] bool has_control_character(std::string_view text);

/// E302 and E304: tasks that ask for more than `request` says, or for longer; a reserve that leaves no time. `reserve`
/// as written. With stand-ins for params what is an expression is passed over: it may be of one.
void check_slurm(const graph::Graph& graph, const Outlook& outlook, const Workflow& workflow,
                 const SlurmRequest& request, std::optional<Duration> reserve, bool has_stand_ins,
                 Diagnostics& diagnostics);

}  // namespace fugle::workflow
