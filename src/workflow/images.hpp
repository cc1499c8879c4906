// Images of containers are files, or names that a registry knows.
#pragma once

#include <string>
#include <string_view>

namespace fugle::workflow {

/// "a.sif", "./a", "/images/a"; "docker://alpine" and "docker.io/library/alpine:3" are names.
[[nodiscard]] bool is_image_file(std::string_view image);
/// A file seen from the absolute directory; a name as it is.
[[nodiscard]] std::string image_at(const std::string& image, std::string_view directory);

}  // namespace fugle::workflow
