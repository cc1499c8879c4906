// Reads the small text files of /proc and of control groups.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fugle::spawner {

/// At most `limit` bytes; empty when it can not be read.
[[nodiscard]] std::string read_proc_file(const std::string& path, std::size_t limit = 64 * 1024);
/// The decimal numbers of the text, whatever is between them.
[[nodiscard]] std::vector<std::uint64_t> numbers_in(std::string_view text);
/// The first number after `name`, which begins a line; 0 when it is not there.
[[nodiscard]] std::uint64_t number_after(std::string_view text, std::string_view name);

}  // namespace fugle::spawner
