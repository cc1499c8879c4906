// Where calls of sbatch are recorded instead of submitted: a directory with one file of JSON lines (the environment of
// the first call, each distinct script once, the calls, what was refused) and a small file of numbers. Processes may
// record at the same time. Knows nothing of what becomes of the calls.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "workflow/sbatch_job.hpp"

namespace fugle::app {

using EnvironmentMap = std::map<std::string, std::string>;
[[nodiscard]] EnvironmentMap environment_here();

struct Recording {
  std::vector<workflow::SbatchCall> calls;
  std::vector<workflow::Diagnostic> refusals;  ///< what a driver did and can not be recorded
};

class Capture {
 public:
  /// Of what was recorded there; nothing is made before something is recorded.
  explicit Capture(std::string directory);
  [[nodiscard]] const std::string& directory() const { return directory_; }

  /// Forgets all, and takes this for the environment that calls differ from.
  void begin(const EnvironmentMap& environment);
  /// Gives the call its id, the next one, and keeps `num_ids` for it. Throws EnvironmentError, as the following.
  std::uint64_t record(workflow::SbatchCall call, const EnvironmentMap& environment, std::uint64_t num_ids);
  void refuse(const workflow::Diagnostic& refusal);
  /// All that was recorded; empty where nothing was. `here`: where jobs would get the variables from that calls do not
  /// set. Variables of terminals, sessions and nodes are left to it.
  [[nodiscard]] Recording read(const EnvironmentMap& here) const;
  [[nodiscard]] bool has_job(std::uint64_t id) const;
  void clear();

 private:
  std::string directory_;
};

}  // namespace fugle::app
