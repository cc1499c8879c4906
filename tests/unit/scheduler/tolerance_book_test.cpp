#include "scheduler/tolerance_book.hpp"

#include <gtest/gtest.h>

#include "support/graphs.hpp"

namespace fugle::scheduler {
namespace {

TEST(ToleranceBook, counts_tasks_of_one_name_together) {
  testing::GraphStory story;
  for (const std::uint32_t cores : {1u, 2u}) {
    auto part = story.task("sims").cores(cores).times(2);
    part.task().tolerate.count = 1;
  }
  const graph::Graph graph = story.graph();
  ToleranceBook book(graph);
  const auto fails = [&](std::uint32_t element) {
    const ElementId e(element);
    const TaskId task = graph.task_id_of(e);
    book.count_ended(task, 1);
    book.count_failed(task, 1);
    return book.decide(e, task, true);
  };
  EXPECT_TRUE(fails(0).answering.empty()) << "more may fail";
  EXPECT_TRUE(book.is_deferred(ElementId(0), TaskId(0)));
  const ToleranceBook::Decision second = fails(2);
  EXPECT_TRUE(second.is_beyond) << "one in each part is two in all";
  EXPECT_EQ(second.answering.size(), 2u);
  EXPECT_EQ(book.tasks_beyond(), (std::vector<TaskId>{TaskId(0), TaskId(1)}));
}

}  // namespace
}  // namespace fugle::scheduler
