// What expressions ask of the file system: exists(), glob() and lines() (FORMAT.md section 3). A port: the disk answers
// when a plan is made, and what it said is kept with the run, so that all later lives see the same.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "workflow/value.hpp"

namespace fugle::workflow {

enum class FileQuestion : std::uint8_t { exists, glob, lines };
/// As the function is called.
[[nodiscard]] std::string_view name_of(FileQuestion question);

class Files {
 public:
  virtual ~Files() = default;
  /// `path` is relative to `directory`, which is absolute; so are then the paths of glob(). Throws ExpressionError
  /// E403 for a file that can not be read.
  [[nodiscard]] virtual Value answer(FileQuestion question, const std::string& path, const std::string& directory) = 0;
};

/// The file system.
class DiskFiles final : public Files {
 public:
  [[nodiscard]] Value answer(FileQuestion question, const std::string& path, const std::string& directory) override;
};

/// Asks another one once, and knows the answer from then on; made from what was kept it asks only what is new.
class KeptFiles final : public Files {
 public:
  explicit KeptFiles(Files& others) : others_(others) {}
  [[nodiscard]] Value answer(FileQuestion question, const std::string& path, const std::string& directory) override;

  /// All answers as JSON, empty where nothing was asked; and back. False: not what answers() made.
  [[nodiscard]] std::string answers() const;
  [[nodiscard]] bool take_answers(std::string_view json);

 private:
  /// The question, the path, the directory.
  using Asked = std::pair<FileQuestion, std::pair<std::string, std::string>>;
  Files& others_;
  std::map<Asked, Value> known_;
};

}  // namespace fugle::workflow
