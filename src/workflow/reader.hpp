// Reads a workflow file: bytes to Workflow, with every mistake found at once (stage V of FORMAT.md, as far as it does
// not need expansion): SourceText, then Document, then
// `include`, templates and defaults put in place, then field by field as the table of keys.hpp says, then the cycles
// among explicit `needs`. Does no I/O besides read_file()
// and what it is given to read other files with.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "workflow/diagnostic.hpp"
#include "workflow/document.hpp"
#include "workflow/other_files.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// The file's bytes; "-" is standard input. Throws UsageError when it can not be read.
[[nodiscard]] std::string read_file(const std::string& path);

struct ReadOptions {
  ReadBytes read_bytes = bytes_on_disk;  ///< of the files that the workflow names
};

/// The file with all that it includes and inherits put in place. Its nodes are the document's.
struct Resolved {
  Document document;
  const YamlNode* root = nullptr;
};

/// nullopt when there are errors in `diagnostics`; warnings alone do not prevent a result. Paths of other files are
/// relative to that of the diagnostics. Never throws.
[[nodiscard]] std::optional<Workflow> read_workflow(std::string_view bytes, Diagnostics& diagnostics,
                                                    const ReadOptions& options = {}, Resolved* resolved = nullptr);

}  // namespace fugle::workflow
