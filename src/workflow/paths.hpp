// Paths as texts: made absolute and brought into one spelling without looking at the file system, so that equal paths
// are equal bytes.
#pragma once

#include <string>
#include <string_view>

namespace fugle::workflow {

/// `path` seen from the absolute directory `base`; without `.`, `..`, doubled and trailing slashes.
[[nodiscard]] std::string absolute_path(std::string_view path, std::string_view base);

}  // namespace fugle::workflow
