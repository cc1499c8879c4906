#include "workflow/other_files.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "workflow/scalar.hpp"

namespace fugle::workflow {
namespace {

namespace fs = std::filesystem;

// A file that uses two that use two and so on is read many times: what is small on the disk can be large here.
constexpr std::size_t kMaxFiles = 10'000;
constexpr std::size_t kMaxBytes = std::size_t{1} << 30;

}  // namespace

std::optional<std::string> bytes_of(std::FILE* file) {
  std::string bytes;
  std::array<char, 1 << 16> buffer;
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file))
    bytes.append(buffer.data(), count);
  if (std::ferror(file) != 0) return std::nullopt;
  return bytes;
}

std::optional<std::string> bytes_on_disk(const std::string& path, std::string& why) {
  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
  const File opened(std::fopen(path.c_str(), "rb"), &std::fclose);
  std::optional<std::string> bytes;
  if (opened != nullptr) bytes = bytes_of(opened.get());
  if (!bytes) why = errno == ENOENT ? "not found" : std::strerror(errno);
  return bytes;
}

std::string OtherFiles::path_of(std::string_view path, Position from) const {
  const std::string& near = diagnostics_.files()[from.file];
  return (fs::path(near == "-" ? "" : near).parent_path() / path).lexically_normal().string();
}

const YamlNode* OtherFiles::open(std::string_view verb, std::string_view path, Position from) {
  const std::string full = path_of(path, from);
  const auto refuse = [&](std::string_view why) {
    diagnostics_.error("E108", from, fmt::format("cannot {} {}: {}", verb, in_quotes(path), why));
    return nullptr;
  };
  if (++num_files_ > kMaxFiles) return refuse(fmt::format("more than {} files are read then", kMaxFiles));
  std::string why;
  const std::optional<std::string> bytes = read_(full, why);
  if (!bytes) {
    if (why != "not found") return refuse(why);
    const std::string directory = fs::path(full).parent_path().string();
    return refuse(fmt::format("not found in {}", directory.empty() ? "." : directory));
  }
  num_bytes_ += bytes->size();
  if (num_bytes_ > kMaxBytes) return refuse("the files together are larger than 1 GiB");
  return parse_file(document_, *bytes, diagnostics_.add_file(full), diagnostics_);
}

}  // namespace fugle::workflow
