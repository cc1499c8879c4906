// Small files an attempt needs besides its command: lists of inputs, scripts too long for an argument. They live in one
// temporary directory of this executor, on the node, made when first needed and removed with it.
#pragma once

#include <string>
#include <string_view>

namespace fugle::executor {

class ScratchFolder {
 public:
  /// `root`: an existing directory, e.g. $TMPDIR.
  explicit ScratchFolder(std::string root) : root_(std::move(root)) {}
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  /// The path of a new file with this content. Throws EnvironmentError when it can not be written.
  [[nodiscard]] std::string write(const std::string& name, std::string_view content);

 private:
  std::string root_;
  std::string path_;  ///< empty until needed
};

}  // namespace fugle::executor
