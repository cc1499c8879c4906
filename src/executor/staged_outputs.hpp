// The declared outputs of one attempt. A program writes beside the final path (graph::staged_path) and the file is
// renamed when the attempt is good, so that nobody ever sees half an output under its name. A program that writes the
// final name itself is accepted, if it did so in this attempt: what was there before is marked at the start, because
// clocks of file servers can not be compared with ours.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graph/task.hpp"

namespace fugle::executor {

class StagedOutputs {
 public:
  StagedOutputs() = default;
  /// Final paths are absolute; empty where the output is a value. A list or document is no staged file: it is written
  /// where it is, and read (given_values.hpp). `kinds` may be empty: then all are files.
  StagedOutputs(std::vector<std::string> names, std::vector<std::string> final_paths, std::uint16_t attempt,
                std::vector<graph::OutputKind> kinds = {});

  [[nodiscard]] const std::vector<std::string>& staged() const { return staged_; }

  // Each returns the problem, for people, if there is one.

  /// Before the start: makes the directories, removes what a killed life left at the staged paths.
  [[nodiscard]] std::optional<std::string> prepare();
  /// After a good end: one is missing.
  [[nodiscard]] std::optional<std::string> find_missing() const;
  /// When none is missing: gives all their final names.
  [[nodiscard]] std::optional<std::string> rename();
  /// After a good end: renames all, or none when one is missing.
  [[nodiscard]] std::optional<std::string> publish();
  /// The directories of the outputs that publish() would not find. Looks into each, which makes a network file system
  /// ask its server anew.
  [[nodiscard]] std::vector<std::string> folders_of_missing() const;
  /// After a bad end: what the attempt wrote is kept as `<name>.failed-<attempt>` beside the final path.
  void set_aside();

 private:
  /// Enough of a file's status to see that it was written or replaced.
  struct Mark {
    bool exists = false;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;
    bool operator==(const Mark&) const = default;
  };
  [[nodiscard]] static Mark mark_of(const std::string& path);
  [[nodiscard]] bool is_value(std::size_t output) const { return final_[output].empty(); }
  [[nodiscard]] bool is_staged(std::size_t output) const { return staged_[output] != final_[output]; }
  [[nodiscard]] bool was_written_directly(std::size_t output) const;
  [[nodiscard]] bool is_missing(std::size_t output) const;

  std::vector<std::string> names_;
  std::vector<std::string> final_;
  std::vector<std::string> staged_;
  std::vector<Mark> before_;  ///< of the final paths
  std::uint16_t attempt_ = 0;
};

}  // namespace fugle::executor
