// The files that a workflow file names: read once the first asks for them, with a limit on how many. What they are for
// (`include`, `uses`) is said by who asks.
#pragma once

#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/document.hpp"

namespace fugle::workflow {

/// Until the end; nullopt, with errno set, when reading fails.
[[nodiscard]] std::optional<std::string> bytes_of(std::FILE* file);

/// The bytes of a file; nullopt when it can not be read, `why` says so then: "not found".
using ReadBytes = std::function<std::optional<std::string>(const std::string& path, std::string& why)>;
/// Those of the disk, relative to the working directory of the process.
[[nodiscard]] std::optional<std::string> bytes_on_disk(const std::string& path, std::string& why);

class OtherFiles {
 public:
  OtherFiles(Document& document, ReadBytes read, Diagnostics& diagnostics)
      : document_(document), read_(std::move(read)), diagnostics_(diagnostics) {}

  /// As messages name it: `path` is relative to the file that has `from`.
  [[nodiscard]] std::string path_of(std::string_view path, Position from) const;
  /// Its root. E108 at `from`, and nullptr, when it can not be read: "cannot include 'x': not found in DIR". nullptr
  /// also when there is nothing in it to look at, as its own messages say.
  [[nodiscard]] const YamlNode* open(std::string_view verb, std::string_view path, Position from);

 private:
  Document& document_;
  ReadBytes read_;
  Diagnostics& diagnostics_;
  std::size_t num_files_ = 0;
  std::size_t num_bytes_ = 0;
};

}  // namespace fugle::workflow
