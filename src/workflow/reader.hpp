// Reads a workflow file: bytes to Workflow, with every mistake found at once (stage V of FORMAT.md, as far as it does
// not need expansion): SourceText, then Document, then field by field as the table of keys.hpp says, then the cycles
// among explicit `needs`. Does no I/O besides read_file().
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "workflow/diagnostic.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// The file's bytes; "-" is standard input. Throws UsageError when it can not be read.
[[nodiscard]] std::string read_file(const std::string& path);

/// nullopt when there are errors in `diagnostics`; warnings alone do not prevent a result. Never throws.
[[nodiscard]] std::optional<Workflow> read_workflow(std::string_view bytes, Diagnostics& diagnostics);

}  // namespace fugle::workflow
