// A driver script that calls sbatch, run with commands of ours first in its PATH: its calls are recorded, its questions
// about recorded jobs refused. Also the recording that `fugle sbatch` makes outside of a driver.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/capture.hpp"

namespace fugle::app {

/// Where `fugle sbatch` records: FUGLE_CAPTURE, else `capture` in the runs directory.
[[nodiscard]] std::string capture_directory();
/// Whether a driver started this process.
[[nodiscard]] bool is_in_driver();

/// Puts sbatch, squeue, sacct, scontrol and scancel into a directory, each one line that calls this program.
void write_shims(const std::string& directory);

/// The recording of one run of a driver; removed with the object.
class DriverRecording {
 public:
  /// Runs the driver, its output on standard error. Throws UsageError when it does not end well.
  explicit DriverRecording(const std::vector<std::string>& driver);
  ~DriverRecording();
  DriverRecording(const DriverRecording&) = delete;
  DriverRecording& operator=(const DriverRecording&) = delete;

  [[nodiscard]] const std::string& directory() const { return directory_; }

 private:
  void run(const std::vector<std::string>& driver) const;

  std::string directory_;
};

/// The words after "fugle sbatch" as one of the commands: "--as-squeue" and the like come first.
[[nodiscard]] int stand_in_for(const std::string& command, const std::vector<std::string>& args);

/// What srun starts in the script of a recorded job: the program, as often as the job has tasks, on what the element
/// has leased. Does not return but by an error.
[[nodiscard]] int start_step(const std::vector<std::string>& args);

}  // namespace fugle::app
