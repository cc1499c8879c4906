#include "function/value_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "base/text.hpp"

namespace fugle::function {
namespace {

namespace fs = std::filesystem;

struct Header {
  char mark[4] = {'F', 'G', 'L', 'V'};
  std::uint32_t element = 0;
  std::uint16_t attempt = 0;
  std::uint16_t zero = 0;
  std::uint32_t size = 0;
  std::uint64_t check = 0;
};
static_assert(sizeof(Header) == 24);

std::uint64_t check_of(const Header& header, std::string_view bytes) {
  const std::string_view fields(reinterpret_cast<const char*>(&header), offsetof(Header, check));
  return hash_text(bytes, hash_text(fields));
}

fs::path folder_in(const std::string& run_dir) { return fs::path(run_dir) / "values"; }

}  // namespace

void ValueFile::add(ElementId element, std::uint16_t attempt, std::string_view bytes) {
  if (bytes.size() > kMostKept || has_failed_) return;
  Header header;
  header.element = element.value();
  header.attempt = attempt;
  header.size = static_cast<std::uint32_t>(bytes.size());
  header.check = check_of(header, bytes);
  unwritten_.append(reinterpret_cast<const char*>(&header), sizeof header);
  unwritten_.append(bytes);
}

bool ValueFile::open() {
  if (file_.is_open()) return true;
  std::error_code ignored;
  const fs::path folder = folder_in(run_dir_);
  fs::create_directory(folder, ignored);
  for (int life = 0; !file_.is_open(); ++life) {
    const std::string path = folder / fmt::format("worker-{}.{}", worker_.value(), life);
    file_ = Descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_APPEND, 0600));
    if (!file_.is_open() && errno != EEXIST) return false;
  }
  return true;
}

void ValueFile::flush() {
  if (unwritten_.empty()) return;
  std::string_view rest = unwritten_;
  bool is_good = open();
  while (is_good && !rest.empty()) {
    const ssize_t written = ::write(file_.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    is_good = written > 0;
    if (is_good) rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (!is_good) {
    has_failed_ = true;
    fmt::print(stderr, "fugle: results of functions can not be written to {} ({}); a resume will make them again\n",
               folder_in(run_dir_).string(), std::strerror(errno));
  }
  unwritten_.clear();
}

KeptValues::KeptValues(const std::string& run_dir,
                       const std::function<bool(ElementId, std::uint16_t attempt)>& is_wanted) {
  std::error_code error;
  for (fs::directory_iterator at(folder_in(run_dir), error), end; !error && at != end; at.increment(error))
    if (at->is_regular_file(error) && !at->is_symlink(error)) files_.push_back(at->path().string());
  std::sort(files_.begin(), files_.end());
  for (std::uint32_t file = 0; file < files_.size(); ++file) scan(file, is_wanted);
}

void KeptValues::scan(std::uint32_t file, const std::function<bool(ElementId, std::uint16_t)>& is_wanted) {
  std::ifstream in(files_[file], std::ios::binary);
  Header header;
  std::string bytes;
  std::uint64_t offset = 0;
  while (in.read(reinterpret_cast<char*>(&header), sizeof header)) {
    if (std::memcmp(header.mark, Header().mark, sizeof header.mark) != 0 || header.size > kMostKept) return;
    bytes.resize(header.size);
    if (!in.read(bytes.data(), header.size) || header.check != check_of(header, bytes)) return;
    offset += sizeof header;
    if (is_wanted(ElementId(header.element), header.attempt))
      places_[ElementId(header.element)] = {file, offset, header.size};
    offset += header.size;
  }
}

std::optional<std::string> KeptValues::read(ElementId element) const {
  const auto found = places_.find(element);
  if (found == places_.end()) return std::nullopt;
  std::ifstream in(files_[found->second.file], std::ios::binary);
  std::string bytes(found->second.size, '\0');
  in.seekg(static_cast<std::streamoff>(found->second.offset));
  if (!in.read(bytes.data(), found->second.size)) return std::nullopt;
  return bytes;
}

}  // namespace fugle::function
