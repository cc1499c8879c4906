// `uses` and `with` beside it: reads the workflow file that a task names, and what the task gives its params. A file
// that several tasks use is read once. What comes of it is written out later (flatten.hpp).
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "workflow/fields.hpp"
#include "workflow/other_files.hpp"

namespace fugle::workflow {

/// A task has it.
[[nodiscard]] bool uses_file(const YamlNode& keys);
/// The keys of a task that uses a file, of all keys: without those that `defaults` and templates have for other tasks.
/// `own`: what the task says itself; E113 for what it can not say.
[[nodiscard]] const YamlNode* keys_beside_uses(const Reading& reading, std::string_view task, const YamlNode& own,
                                               const YamlNode& keys);
void read_uses(const Reading& reading, const Entry& entry, TaskNode& into);
/// `outputs` at the top of a file.
void read_given_outputs(const Reading& reading, const Entry& entry, std::vector<EnvVar>& into);

class UsedFiles {
 public:
  /// Reads the file that has this root, with all that it uses.
  using Read = std::function<Workflow(const YamlNode& root)>;
  UsedFiles(OtherFiles& files, Diagnostics& diagnostics, Read read)
      : files_(files), diagnostics_(diagnostics), read_(std::move(read)), under_way_{diagnostics.file()} {}

  /// E108 for a file that is missing, uses itself or is too deep, E103 and E110 for params, E105 for those that are
  /// required and not given.
  void put_in(const Reading& reading, const YamlNode& keys, TaskNode& task);

 private:
  struct Known {
    std::shared_ptr<const Workflow> workflow;  ///< null: it can not be used
    std::size_t depth = 0;                     ///< of files that it uses
  };
  [[nodiscard]] std::shared_ptr<const Workflow> open(const UseKeys& uses);
  [[nodiscard]] Known read(const std::string& path, const UseKeys& uses);
  static void give(const Reading& reading, const Entry& entry, const Param& param, UseKeys& uses);

  OtherFiles& files_;
  Diagnostics& diagnostics_;
  Read read_;
  std::vector<std::string> under_way_;
  std::map<std::string, Known> known_;
  std::size_t deepest_ = 0;  ///< that was reached since the file under way began to be read
};

}  // namespace fugle::workflow
