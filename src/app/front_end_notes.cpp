#include "app/front_end_notes.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "app/run_directory.hpp"
#include "base/error.hpp"

namespace fugle::app {
namespace {

std::string reports_path(const std::string& name) { return name + ".reports"; }
std::string signals_path(const std::string& name) { return name + ".signals"; }

/// Opened anew for each look: that is when a network file system asks its server what is there.
std::string read_from(const std::string& path, std::uint64_t offset) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  std::string text;
  std::array<char, 4096> buffer;
  for (ssize_t count = 0;
       (count = ::pread(file.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset + text.size()))) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(count));
  return text;
}

void make(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0)
    throw EnvironmentError(fmt::format(
        "cannot write '{}' ({}), by which the first rank, on another host, is to report; choose a directory "
        "that all nodes see with --runs-dir",
        path, std::strerror(errno)));
}

}  // namespace

NotesOfFrontEnd::NotesOfFrontEnd(const std::string& directory) {
  std::error_code ignored;
  std::filesystem::create_directories(directory, ignored);
  std::uint64_t random = 0;
  (void)!::getrandom(&random, sizeof random, 0);
  name_ = fmt::format("{}/.front-end.{}.{}.{:08x}", std::filesystem::absolute(directory).string(), host_name(),
                      ::getpid(), static_cast<std::uint32_t>(random));
  make(reports_path(name_));
  make(signals_path(name_));
}

NotesOfFrontEnd::~NotesOfFrontEnd() {
  ::unlink(reports_path(name_).c_str());
  ::unlink(signals_path(name_).c_str());
}

std::optional<RankReport> NotesOfFrontEnd::take() {
  const std::string more = read_from(reports_path(name_), num_read_);
  num_read_ += more.size();
  unread_ += more;
  return take_report(unread_);
}

void NotesOfFrontEnd::send_signal(int signal) {
  const Descriptor file(::open(signals_path(name_).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  const char byte = static_cast<char>(signal);
  (void)!::write(file.get(), &byte, 1);
}

NotesOfRank0::NotesOfRank0(const std::string& name)
    : name_(name), reports_(::open(reports_path(name).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW)) {}

void NotesOfRank0::add(const RankReport& report) {
  const std::string bytes = encode(report);
  (void)!::write(reports_.get(), bytes.data(), bytes.size());
  if (report.kind != RankReport::Kind::progress) ::fsync(reports_.get());
}

std::optional<int> NotesOfRank0::take_signal() {
  if (!is_open()) return std::nullopt;
  const std::string more = read_from(signals_path(name_), num_read_);
  if (more.empty()) return std::nullopt;
  ++num_read_;
  return static_cast<unsigned char>(more.front());
}

}  // namespace fugle::app
