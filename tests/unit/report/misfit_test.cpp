#include "report/misfit.hpp"

#include <gtest/gtest.h>

namespace fugle::report {
namespace {

using scheduler::WorkerInfo;

WorkerInfo worker_on(const std::string& node, std::uint32_t cores, std::uint64_t mem_bytes = 0) {
  WorkerInfo worker;
  worker.node = node;
  worker.cores = cores;
  worker.mem_bytes = mem_bytes;
  return worker;
}

graph::Task task_of(std::uint32_t nodes, std::uint32_t cores) {
  graph::Task task;
  task.shape.nodes = nodes;
  task.request.cores = cores;
  return task;
}

TEST(Misfit, counts_nodes_and_not_workers) {
  const std::vector<WorkerInfo> workers = {worker_on("a", 4), worker_on("a", 4), worker_on("b", 4), worker_on("c", 0)};
  EXPECT_EQ(misfit_of(task_of(2, 1), workers), "");
  EXPECT_EQ(misfit_of(task_of(3, 1), workers), "needs 3 nodes, allocation has 2");
}

TEST(Misfit, names_the_cores_and_the_memory_of_the_largest_worker) {
  const std::vector<WorkerInfo> workers = {worker_on("a", 4, 8ull << 30), worker_on("b", 8, 4ull << 30)};
  EXPECT_EQ(misfit_of(task_of(1, 9), workers), "needs 9 cores, largest worker has 8");
  graph::Task large = task_of(1, 1);
  large.request.mem_bytes = 16ull << 30;
  EXPECT_EQ(misfit_of(large, workers), "needs 16.0G of memory, largest worker has 8.0G");
}

TEST(Misfit, wants_every_node_large_enough) {
  const std::vector<WorkerInfo> workers = {worker_on("a", 4), worker_on("b", 8)};
  EXPECT_EQ(misfit_of(task_of(2, 8), workers), "needs 2 nodes with 8 cores each, allocation has 1");
}

TEST(Misfit, does_not_count_workers_that_take_no_work) {
  std::vector<WorkerInfo> workers = {worker_on("a", 4), worker_on("b", 4)};
  workers[1].drained = true;
  EXPECT_EQ(misfit_of(task_of(2, 1), workers), "needs 2 nodes, allocation has 1");
  EXPECT_EQ(misfit_of(task_of(2, 1), {}), "") << "nothing is known";
}

}  // namespace
}  // namespace fugle::report
