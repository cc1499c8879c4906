#include "app/control.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <thread>

#include "app/access.hpp"
#include "base/error.hpp"
#include "base/printable.hpp"
#include "base/regular_file.hpp"
#include "base/text.hpp"
#include "store/run_lock.hpp"

namespace fugle::app {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLongestCommand = 64 * 1024;
constexpr std::size_t kLongestVerb = 32;
constexpr std::string_view kEnding = ".command";

std::string escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\')
      escaped += "\\\\";
    else if (c == '\n')
      escaped += "\\n";
    else
      escaped += c;
  }
  return escaped;
}

std::optional<std::string> unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      plain += text[i];
      continue;
    }
    if (++i == text.size() || (text[i] != '\\' && text[i] != 'n')) return std::nullopt;
    plain += text[i] == 'n' ? '\n' : '\\';
  }
  return plain;
}

bool is_verb(std::string_view text) {
  return !text.empty() && text.size() <= kLongestVerb &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

/// What one file in control/ is.
struct Found {
  std::optional<ControlCommand> command;
  std::string problem;
};

Found read_command(const std::string& run_dir, const std::string& name, uid_t owner) {
  const RegularFile file = open_regular(run_dir, "control/" + name);
  if (!file.is_open()) return {{}, file.problem()};
  struct stat status {};
  if (::fstat(file.fd(), &status) != 0) return {{}, std::strerror(errno)};
  if (status.st_uid != owner && status.st_uid != 0)
    return {{}, fmt::format("it belongs to {}", name_of_user(status.st_uid))};
  const auto text = read_all(file, kLongestCommand);
  if (!text) return {{}, "it is too long"};
  auto command = decode_command(*text);
  return {std::move(command), "it is no command"};
}

void set_aside(const fs::path& path, const std::string& problem) {
  std::error_code ignored;
  fs::rename(path, path.string() + ".refused", ignored);
  fmt::print(stderr, "fugle: {} is not obeyed ({})\n", printable(path.string()), problem);
}

std::vector<std::string> commands_in(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code problem;
  for (fs::directory_iterator at(directory, problem), end; !problem && at != end; at.increment(problem))
    if (at->path().extension() == kEnding) names.push_back(at->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

void write_new(const fs::path& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  const bool is_written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (is_written) return;
  if (fd >= 0) ::unlink(path.c_str());
  throw EnvironmentError(fmt::format("cannot write to {} ({}); is the run yours, and the disk not full?",
                                     path.parent_path().string(), std::strerror(error)));
}

}  // namespace

std::string encode_command(const ControlCommand& command) {
  return command.verb + '\n' + escape(command.element) + '\n' + escape(command.who) + '\n';
}

std::optional<ControlCommand> decode_command(std::string_view text) {
  const auto lines = split(text, '\n');
  if (lines.size() != 4 || !lines[3].empty() || !is_verb(lines[0])) return std::nullopt;
  const auto element = unescape(lines[1]), who = unescape(lines[2]);
  if (!element || !who) return std::nullopt;
  return ControlCommand{std::string(lines[0]), *element, *who};
}

void expect_control(const std::string& run_dir) {
  if (::geteuid() != 0) expect_own(run_dir);
}

std::string drop_command(const std::string& run_dir, const ControlCommand& command) {
  expect_control(run_dir);
  const std::string text = encode_command(command);
  if (text.size() > kLongestCommand) throw UsageError("the element's name is too long; name another one");
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  const fs::path directory = fs::path(run_dir) / "control";
  const fs::path path = directory / fmt::format("{:020}-{}{}", now, getpid(), kEnding);
  const fs::path draft = directory / fmt::format(".{:020}-{}.draft", now, getpid());
  write_new(draft, text);
  std::error_code problem;
  fs::rename(draft, path, problem);
  if (problem)
    throw EnvironmentError(
        fmt::format("cannot write to {} ({}); is the run yours?", directory.string(), problem.message()));
  return path.string();
}

Taken wait_until_taken(const std::string& run_dir, const std::string& path) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (fs::exists(path)) {
    if (!store::find_lock_holder(run_dir)) return Taken::no_head;
    if (std::chrono::steady_clock::now() > deadline) {
      fs::remove(path);
      throw EnvironmentError(
          fmt::format("the head of {} did not answer within 10 s (is its machine stuck?); "
                      "try again, or end its process by its pid in run.lock",
                      fs::path(run_dir).filename().string()));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return Taken::taken;
}

std::vector<ControlCommand> take_commands(const std::string& run_dir) {
  const fs::path directory = fs::path(run_dir) / "control";
  std::vector<ControlCommand> commands;
  for (const std::string& name : commands_in(directory)) {
    Found found = read_command(run_dir, name, owner_of(run_dir));
    // What can not be removed would be obeyed again and again.
    if (!found.command)
      set_aside(directory / name, found.problem);
    else if (::unlink((directory / name).c_str()) == 0)
      commands.push_back(std::move(*found.command));
  }
  return commands;
}

}  // namespace fugle::app
