// Commands (scontrol, squeue, sbatch, scancel) for a process that must not fork: a rank after MPI_Init. A small process
// of its own, forked before MPI_Init, runs them one after another and sends back what they said. It ends with its
// owner, however that ends, and the command it runs ends with it. It lives in a session of its own and heeds no signal.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "slurm/run_command.hpp"

namespace fugle::slurm {

class Errands {
 public:
  /// Forks; to be made before MPI_Init and before any thread. Throws EnvironmentError.
  Errands();
  ~Errands();
  Errands(const Errands&) = delete;
  Errands& operator=(const Errands&) = delete;

  /// Readable when take() has something; the same one for ever.
  [[nodiscard]] int fd() const;
  /// Never blocks. Returns the ticket of the answer that will come, whatever happens: should the small process have
  /// been killed, its exit code is 125. Tickets are 1, 2, ...
  std::uint64_t ask(const std::vector<std::string>& argv, Duration limit);
  /// Never blocks.
  [[nodiscard]] std::optional<Answer> take();
  /// Asks and waits for it; answers to others that come meanwhile are kept for take().
  [[nodiscard]] Answer run(const std::vector<std::string>& argv, Duration limit);
  /// Of the small process.
  [[nodiscard]] int pid() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fugle::slurm
