// A directory in memory that fuzz targets of files write into, one per process, removed at its end; and the small graph
// that their runs are of.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "graph/graph.hpp"

namespace fugle::fuzz {

class ScratchRun {
 public:
  ScratchRun() {
    std::error_code problem;
    const bool has_memory = std::filesystem::is_directory("/dev/shm", problem);
    path_ = std::string(has_memory ? "/dev/shm" : "/tmp") + "/fugle-fuzz-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
    std::filesystem::create_directory(path_ + "/logs");
  }
  ~ScratchRun() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchRun(const ScratchRun&) = delete;
  ScratchRun& operator=(const ScratchRun&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  void put(const std::string& name, std::string_view bytes) const {
    const int fd = ::open((path_ + "/" + name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || ::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) std::abort();
    ::close(fd);
  }
  void remove(const std::string& name) const { ::unlink((path_ + "/" + name).c_str()); }

 private:
  std::string path_;
};

/// Five elements of two tasks and a gate among them.
inline graph::Graph small_graph() {
  graph::GraphBuilder builder;
  graph::Task first, second;
  first.name = "first";
  first.matrix_names = {"i"};
  first.retries.max = 2;
  second.name = "second";
  second.output_names = {"out"};
  const TaskId a = builder.add_task(first), b = builder.add_task(second);
  std::vector<ElementId> above, below;
  for (const char* i : {"0", "1", "2"}) {
    graph::ElementText text;
    text.matrix = {i};
    text.workdir = "/w";
    text.command = {"echo", i};
    above.push_back(builder.add_element(a, std::string("first[") + i + "]", text));
  }
  for (const char* name : {"second[0]", "second[1]", "second[2]", "second[3]"}) {
    graph::ElementText text;
    text.workdir = "/w";
    text.outputs = {std::string("/w/") + name};
    text.command = {"touch", graph::output_slot(0, true)};
    below.push_back(builder.add_element(b, name, text));
  }
  builder.add_edges_all(above, below);
  return graph::Graph(std::move(builder).build());
}

}  // namespace fugle::fuzz
