// Gzip bytes (RFC 1952) to the bytes they hold, recognised by their first two bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fugle::workflow {

[[nodiscard]] bool is_gzip(std::string_view bytes);
/// All members, one after the other; nullopt when damaged, cut off, or larger than 2 GiB.
[[nodiscard]] std::optional<std::string> gunzip(std::string_view bytes);

}  // namespace fugle::workflow
