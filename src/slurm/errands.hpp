// Commands (scontrol, squeue, sbatch, scancel) for a process that must not fork: a rank after MPI_Init. A small process
// of its own, forked before MPI_Init, runs them one after another and sends back what they said. It ends with its
// owner.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace fugle::slurm {

struct Answer {
  std::uint64_t ticket = 0;
  int exit_code = 0;   ///< 127: there is no such program; 128 + N: ended by signal N; 124: not ended within the limit
  std::string output;  ///< stdout, the first 1 MiB
  std::string complaint;  ///< stderr, the first 64 KiB
  [[nodiscard]] bool is_good() const { return exit_code == 0; }
};

class Errands {
 public:
  /// Forks; to be made before MPI_Init and before any thread. Throws EnvironmentError.
  Errands();
  ~Errands();
  Errands(const Errands&) = delete;
  Errands& operator=(const Errands&) = delete;

  /// Readable when take() has something.
  [[nodiscard]] int fd() const;
  /// Never blocks. Returns the ticket of the answer that will come, whatever happens.
  std::uint64_t ask(const std::vector<std::string>& argv, Duration limit);
  [[nodiscard]] std::optional<Answer> take();
  /// Asks and waits for it; answers to others that come meanwhile are kept for take().
  [[nodiscard]] Answer run(const std::vector<std::string>& argv, Duration limit);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// For processes that may fork. The same without Errands.
[[nodiscard]] Answer run_command(const std::vector<std::string>& argv, Duration limit, const std::string& input = {});

}  // namespace fugle::slurm
