#include "app/event_book.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "app/access.hpp"
#include "app/run_directory.hpp"
#include "app/small_file.hpp"
#include "base/error.hpp"
#include "base/file_rights.hpp"
#include "base/text.hpp"

namespace fugle::app {
namespace {

using Json = nlohmann::ordered_json;

std::vector<Json> lines_of(const std::string& path) {
  std::vector<Json> lines;
  const std::string text = read_small_file(path).value_or("");
  for (const std::string_view line : split(text, '\n')) {
    Json json = Json::parse(line, nullptr, false);  // a torn line is none
    if (json.is_object() && json.contains("event") && json["event"].is_string() && json.contains("workflow"))
      lines.push_back(std::move(json));
  }
  return lines;
}

/// The first claim that was not given back; null: the event is free.
Json holder_of(const std::string& path, const std::string& workflow, const std::string& event) {
  Json claim, run;
  for (const Json& line : lines_of(path)) {
    if (line["event"] != event || line["workflow"] != workflow) continue;
    if (line.contains("claimed_by") && claim.is_null()) claim = line;
    if (line.contains("run") && !claim.is_null()) claim["run"] = line["run"];
    if (line.contains("failed")) claim = Json();
  }
  return claim;
}

/// One write at the end, synced.
void append(const std::string& path, const Json& line) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, kPrivateFile);
  const std::string text = line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  bool is_good = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  is_good = is_good && ::fsync(fd) == 0;
  const std::string problem = std::strerror(errno);
  if (fd >= 0) ::close(fd);
  if (!is_good)
    throw EnvironmentError(fmt::format(
        "cannot write {} ({}); nothing was submitted; free some space, or make it writable", path, problem));
}

/// Where the file system has no flock, the first claim in the file decides all the same.
class ScopedFlock {
 public:
  explicit ScopedFlock(const std::string& path)
      : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, kPrivateFile)) {
    if (fd_ >= 0) (void)::flock(fd_, LOCK_EX);
  }
  ~ScopedFlock() {
    if (fd_ >= 0) ::close(fd_);
  }
  ScopedFlock(const ScopedFlock&) = delete;
  ScopedFlock& operator=(const ScopedFlock&) = delete;

 private:
  int fd_;
};

}  // namespace

EventBook::EventBook(const std::string& runs_dir) : path_(runs_dir + "/events.jsonl") {
  make_private_directory(runs_dir, {});
}

void EventBook::claim(const std::string& workflow, const std::string& event, Time now) const {
  const ScopedFlock lock(path_);
  const std::string us = fmt::format("{}:{}:{}", host_name(), ::getpid(), to_ns(now));
  Json holder = holder_of(path_, workflow, event);
  if (holder.is_null()) {
    append(path_, {{"event", event}, {"workflow", workflow}, {"at", format_time(now)}, {"claimed_by", us}});
    holder = holder_of(path_, workflow, event);
    if (holder.is_object() && holder["claimed_by"] == us) return;
  }
  const std::string run = holder.is_object() && holder.contains("run") ? holder["run"].get<std::string>() : "";
  throw ConflictError(
      fmt::format("event '{}' of {} is already handled ({}); give another --event to start one more run", event,
                  workflow, run.empty() ? "claimed, and no run of it is known" : "run " + run));
}

void EventBook::settle(const std::string& workflow, const std::string& event, const std::string& run) const {
  append(path_, {{"event", event}, {"workflow", workflow}, {"run", run}});
}

void EventBook::give_back(const std::string& workflow, const std::string& event, const std::string& why) const {
  append(path_, {{"event", event}, {"workflow", workflow}, {"failed", why}});
}

std::map<std::string, std::string> EventBook::events_of_runs(const std::string& runs_dir) {
  std::map<std::string, std::string> events;
  for (const Json& line : lines_of(runs_dir + "/events.jsonl"))
    if (line.contains("run") && line["run"].is_string()) events[line["run"]] = line["event"];
  return events;
}

}  // namespace fugle::app
