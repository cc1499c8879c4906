// Small graphs for the tests of files that hold or describe one.
#pragma once

#include <string>

#include "graph/graph.hpp"

namespace fugle::store::testing {

/// prepare, then `width` elements of solve, then merge behind a gate when that saves edges.
inline graph::Graph fan(std::uint32_t width) {
  graph::GraphBuilder builder;
  const auto add_task = [&](const std::string& name, std::uint32_t cores) {
    graph::Task task;
    task.name = name;
    task.description = "the task " + name;
    task.request = {cores, cores * (std::uint64_t{1} << 30)};
    task.timeout = std::chrono::hours(1);
    task.shell = {"sh", "-c"};
    return builder.add_task(task);
  };
  const TaskId prepare = add_task("prepare", 1);
  const TaskId solve = add_task("solve", 4);
  const TaskId merge = add_task("merge", 2);
  const auto text = [](const std::string& command) {
    graph::ElementText t;
    t.workdir = "/tmp";
    t.command = {command};
    return t;
  };
  const ElementId first = builder.add_element(prepare, "prepare", text("echo prepare"));
  std::vector<ElementId> solves;
  for (std::uint32_t i = 0; i < width; ++i) {
    const std::string number = std::to_string(i);
    solves.push_back(builder.add_element(solve, "solve[" + number + "]", text("echo " + number), from_seconds(i)));
    builder.add_edge(first, solves.back(), 1024.0 * i);
  }
  const std::vector<ElementId> last{builder.add_element(merge, "merge", text("echo merge"))};
  builder.add_edges_all(solves, last);
  return graph::Graph(std::move(builder).build());
}

}  // namespace fugle::store::testing
