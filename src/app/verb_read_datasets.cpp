// fugle read-datasets: not for people. Reads the metrics of one attempt that are datasets of its outputs; see
// executor/dataset_metrics.hpp. The reading is done by a child, since a damaged file may crash the HDF5 library.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "app/command_table.hpp"
#include "base/error.hpp"
#include "executor/dataset_metrics.hpp"
#include "store/dataset_values.hpp"

namespace fugle::app {
namespace {

using executor::DatasetOrder;

std::string line_of(const DatasetOrder& order) {
  try {
    return executor::dataset_line(order.metric, store::read_dataset_values(order.path, order.dataset));
  } catch (const Error& problem) {
    return executor::dataset_problem_line(order.metric, problem.what());
  }
}

void append(const std::string& path, const std::string& line) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  const bool is_good = fd >= 0 && ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  if (!is_good) fmt::print(stderr, "fugle: cannot write {} ({})\n", path, std::strerror(errno));
  if (fd >= 0) ::close(fd);
}

/// Each in a process of its own: a crash costs one metric.
void read_in_child(const DatasetOrder& order, const std::string& into) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    append(into, line_of(order));
    ::_exit(0);
  }
  int status = 0;
  while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (child < 0 || status != 0)
    append(into, executor::dataset_problem_line(
                     order.metric, fmt::format("reading dataset '{}' of '{}' crashed (is the file damaged?)",
                                               order.dataset, order.path)));
}

}  // namespace

int read_datasets_verb(const Args& args) {
  executor::DatasetArguments what;
  if (!executor::parse_dataset_command(args, what)) throw UsageError("'read-datasets' is not for people");
  for (const DatasetOrder& order : what.orders) read_in_child(order, what.into);
  if (what.cleanup.empty()) return 0;
  std::vector<char*> words;
  for (std::string& word : what.cleanup) words.push_back(word.data());
  words.push_back(nullptr);
  ::execvp(words[0], words.data());
  fmt::print(stderr, "fugle: cannot start {} ({})\n", what.cleanup.front(), std::strerror(errno));
  return 127;
}

}  // namespace fugle::app
