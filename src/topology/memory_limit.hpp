// How much memory the kernel lets this process use, read from its files. A root other than "/" stands in for them in
// tests. Unknown is 0, since a node without such files has no such limit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>

namespace fugle::topology {

/// MemTotal in bytes, 0 when unknown.
[[nodiscard]] std::uint64_t installed_memory(const std::filesystem::path& root);

/// The smallest limit in bytes of this process's memory cgroup and those above it (versions 1 and 2), 0 when there is
/// none.
[[nodiscard]] std::uint64_t cgroup_memory_limit(const std::filesystem::path& root);

/// The smallest that is not 0; 0 when all are.
[[nodiscard]] std::uint64_t smallest_known(std::initializer_list<std::uint64_t> values);

}  // namespace fugle::topology
