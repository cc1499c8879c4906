#include "scheduler/output_book.hpp"

#include <gtest/gtest.h>

namespace fugle::scheduler {
namespace {

graph::Graph graph_with_outputs() {
  graph::GraphBuilder builder;
  graph::Task task;
  task.name = "perturb";
  task.output_names = {"grid", "members"};
  task.output_kinds = {graph::OutputKind::file, graph::OutputKind::list};
  graph::ElementText text;
  text.outputs = {"/grid.h5", "/members"};
  text.command = {"true"};
  const TaskId number = builder.add_task(task);
  builder.add_element(number, "perturb", text);
  return graph::Graph(std::move(builder).build());
}

constexpr ElementId kPerturb(0);

void take(OutputBook& book, const std::string& text, std::uint16_t attempt = 1) {
  for (const Event& part : events_of({1, text}, kPerturb, attempt, WorkerId(0), Time{})) book.take(part);
}

TEST(OutputBook, a_long_value_comes_in_parts_that_fit_the_journal) {
  const std::string text = std::string(150'000, 'a') + "end";
  const auto parts = events_of({1, text}, kPerturb, 1, WorkerId(0), Time{});
  ASSERT_EQ(parts.size(), 3u);
  OutputBook book;
  for (const Event& part : parts) {
    EXPECT_LE(part.text.size(), 65'535u);
    EXPECT_TRUE(OutputBook::is_part_of(graph_with_outputs(), part));
    EXPECT_EQ(book.find(kPerturb, 1), nullptr);
    book.take(part);
  }
  ASSERT_NE(book.find(kPerturb, 1), nullptr);
  EXPECT_EQ(*book.find(kPerturb, 1), text);
}

TEST(OutputBook, an_empty_value_is_a_value) {
  OutputBook book;
  EXPECT_EQ(book.find(kPerturb, 1), nullptr);
  take(book, "");
  ASSERT_NE(book.find(kPerturb, 1), nullptr);
  EXPECT_EQ(*book.find(kPerturb, 1), "");
}

TEST(OutputBook, a_later_attempt_says_it_anew_even_where_an_earlier_one_was_cut_off) {
  OutputBook book;
  book.take(events_of({1, std::string(100'000, 'a')}, kPerturb, 1, WorkerId(0), Time{}).front());
  take(book, "b", 2);
  EXPECT_EQ(*book.find(kPerturb, 1), "b");
  take(book, "c", 3);
  EXPECT_EQ(*book.find(kPerturb, 1), "c");
}

TEST(OutputBook, what_the_element_can_not_give_is_no_part) {
  const graph::Graph graph = graph_with_outputs();
  const auto part = [](ElementId element, std::uint32_t output) {
    return events_of({output, "x"}, element, 1, WorkerId(0), Time{}).front();
  };
  EXPECT_TRUE(OutputBook::is_part_of(graph, part(kPerturb, 1)));
  EXPECT_FALSE(OutputBook::is_part_of(graph, part(kPerturb, 0)));  // a file
  EXPECT_FALSE(OutputBook::is_part_of(graph, part(kPerturb, 2)));
  EXPECT_FALSE(OutputBook::is_part_of(graph, part(ElementId(1), 1)));
}

}  // namespace
}  // namespace fugle::scheduler
