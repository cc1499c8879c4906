// A run directory, a real spawner and an executor; tasks are shell texts. Tests read as: run this, look at the report.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "executor/attempt_log.hpp"
#include "executor/process_executor.hpp"
#include "graph/element_text.hpp"

namespace fugle::executor {

using graph::FailureClass;
using scheduler::AttemptReport;

/// A sanitizer keeps what was freed: then sizes say nothing of us.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kIsSanitized = true;
#else
inline constexpr bool kIsSanitized = false;
#endif

/// Also of a process that dies while it is read: then what was there.
inline std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void write_text(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "fugle-test-XXXXXX").string();
    if (::mkdtemp(path.data()) != nullptr) path_ = path;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// True once the condition holds; false after twenty seconds.
template <class Condition>
bool becomes_true(Condition condition) {
  for (int i = 0; i < 4000; ++i) {
    if (condition()) return true;
    ::usleep(5000);
  }
  return condition();
}

inline bool is_alive(pid_t pid) {
  const std::string status = read_text("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t after_name = status.rfind(") ");
  return after_name != std::string::npos && status[after_name + 2] != 'Z';
}

inline pid_t read_pid(const std::string& path) {
  becomes_true([&] { return read_text(path).ends_with('\n'); });
  return static_cast<pid_t>(std::stol(read_text(path)));
}

struct Job {
  graph::Task task;
  graph::ElementText text;
  std::uint32_t element = 0;
  std::uint16_t attempt = 1;
  std::uint32_t index = 0;

  [[nodiscard]] scheduler::Launch launch() const {
    scheduler::Launch launch;
    launch.element = ElementId(element);
    launch.attempt = attempt;
    launch.id = task.name + "[" + std::to_string(element) + "]";
    launch.task = std::make_shared<graph::Task>(task);
    launch.index = index;
    graph::pack(task, text, launch.packed_text);
    launch.granted = {2, 1 << 20};
    return launch;
  }
};

class ExecutorTest : public testing::Test {
 protected:
  ExecutorTest() { restart({"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/nowhere", "TMPDIR=" + folder_.path()}); }

  void restart(std::vector<std::string> environment) { restart(options(std::move(environment))); }
  void restart(ExecutorOptions options) {
    executor_.reset();
    spawner_.reset();
    spawner_.emplace(FUGLE_SPAWNER_PROGRAM);
    executor_.emplace(*spawner_, std::move(options));
  }
  [[nodiscard]] ExecutorOptions options(std::vector<std::string> environment = {"PATH=/usr/bin:/bin"}) const {
    ExecutorOptions options{WorkerId(3), "run-1", folder_.path(), std::move(environment)};
    options.scratch_root = folder_.path();
    return options;
  }

  [[nodiscard]] Job shell(const std::string& script, std::uint32_t element = 0) const {
    Job job;
    job.task.name = "job";
    job.task.shell = {"bash", "-euo", "pipefail", "-c"};
    job.task.grace = std::chrono::seconds(5);
    job.text.workdir = folder_.path();
    job.text.command = {script};
    job.element = element;
    return job;
  }
  [[nodiscard]] Job program(std::vector<std::string> words, std::uint32_t element = 0) const {
    Job job = shell("", element);
    job.task.shell.clear();
    job.text.command = std::move(words);
    return job;
  }
  void add_output(Job& job, const std::string& name, const std::string& path) const {
    job.task.output_names.push_back(name);
    job.text.outputs.push_back(path);
  }

  void start(const Job& job) { executor_->start(job.launch()); }
  void stop(const Job& job) { executor_->stop(ElementId(job.element), scheduler::StopReason::cancelled); }

  /// The next report of this kind, of any element; fails after 30 s without any.
  AttemptReport next(AttemptReport::Kind kind) {
    for (int i = 0; i < 3000; ++i) {
      for (auto at = reports_.begin(); at != reports_.end(); ++at) {
        if (at->kind != kind) continue;
        AttemptReport report = *at;
        reports_.erase(at);
        return report;
      }
      pollfd waiting{executor_->fd(), POLLIN, 0};
      ::poll(&waiting, 1, 10);
      executor_->poll(reports_);
    }
    ADD_FAILURE() << "no report came";
    return {};
  }
  AttemptReport ended() { return next(AttemptReport::Kind::ended); }
  AttemptReport run(const Job& job) {
    start(job);
    return ended();
  }
  [[nodiscard]] std::string output(const Job& job) const {
    std::string text;
    for (const LogChunk& chunk : find_chunks(folder_.path(), ElementId(job.element), job.attempt))
      text += read_chunk(folder_.path(), chunk);
    return text;
  }
  std::string output_of(const Job& job) {
    EXPECT_EQ(run(job).reason, "");
    return output(job);
  }

  TemporaryFolder folder_;
  std::optional<Spawner> spawner_;
  std::optional<ProcessExecutor> executor_;
  std::vector<AttemptReport> reports_;
};

}  // namespace fugle::executor
