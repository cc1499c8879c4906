// Sample data of other projects, kept beside the repository where it is at all: its licences do not go with ours.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace fugle::testing {

/// A file below ../shared/data, seen from the repository. Tests skip, loudly, when it is not there.
inline std::filesystem::path sample_data(const std::string& name) {
  return std::filesystem::path(FUGLE_SOURCE_DIR) / "../shared/data" / name;
}

inline std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace fugle::testing
