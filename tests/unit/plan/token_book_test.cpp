#include "plan/token_book.hpp"

#include <gtest/gtest.h>

#include "support/graphs.hpp"

namespace fugle::plan {
namespace {

using namespace std::chrono_literals;
using testing::GraphStory;

/// Tasks with one element each; all is known of when holders end.
class Book {
 public:
  explicit Book(graph::Graph graph) : graph_(std::move(graph)), book_(graph_) { book_.begin_round(); }

  ElementId id(const std::string& name) const { return graph_.find(name); }
  TokenBook::Set set(const std::string& name) const { return book_.set_of(id(name)); }
  bool may_take(const std::string& name, Duration expected = 0s) {
    return book_.may_take(set(name), expected, now, [&](ElementId e) { return ends_.at(e); });
  }
  void take(const std::string& name, Time ends = Time{} + 1h) {
    ends_[id(name)] = ends;
    book_.take(id(name));
  }
  void give_back(const std::string& name) { book_.give_back(id(name)); }
  TokenBook& operator*() { return book_; }

  Time now{};

 private:
  graph::Graph graph_;
  TokenBook book_;
  std::map<ElementId, Time> ends_;
};

graph::Graph with_pools(const GraphStory& story, std::vector<std::pair<std::string, std::uint32_t>> pools,
                        std::uint32_t max_parallel = 0) {
  graph::GraphData data = story.graph().data();
  data.limits.pools = std::move(pools);
  data.limits.max_parallel = max_parallel;
  return graph::Graph(std::move(data));
}

GraphStory::TaskStory user(GraphStory& story, const std::string& name, std::vector<graph::PoolUse> uses) {
  auto task = story.task(name);
  task.task().pools = std::move(uses);
  return task;
}

TEST(TokenBook, gives_as_many_as_there_are_and_takes_back_once) {
  GraphStory story;
  for (const char* const name : {"a", "b", "c"}) user(story, name, {{"p", 1}});
  Book book(with_pools(story, {{"p", 2}}));
  book.take("a");
  book.take("b");
  EXPECT_FALSE(book.may_take("c"));
  book.give_back("a");
  book.give_back("a");
  EXPECT_EQ((*book).num_held(0), 1u);
  EXPECT_TRUE(book.may_take("c"));
  EXPECT_FALSE((*book).is_holder(book.id("a")));
}

TEST(TokenBook, knows_limits_of_a_task_and_of_the_run_as_pools) {
  GraphStory story;
  story.task("few").times(3).task().max_parallel = 2;
  story.task("other");
  Book book(with_pools(story, {}, 3));
  book.take("few[0]");
  book.take("few[1]");
  EXPECT_FALSE(book.may_take("few[2]"));
  EXPECT_TRUE(book.may_take("other"));
  book.take("other");
  book.give_back("few[0]");
  EXPECT_TRUE(book.may_take("few[2]"));
  EXPECT_EQ((*book).table().pools()[0].name, "max_parallel of few");
  EXPECT_EQ((*book).table().pools()[1].name, "limits.max_parallel");
}

TEST(TokenBook, knows_nothing_where_there_is_nothing_to_hold) {
  GraphStory story;
  story.task("a");
  Book book(story.graph());
  EXPECT_EQ(book.set("a"), TokenBook::kNothing);
  EXPECT_TRUE(book.may_take("a"));
}

TEST(TokenBook, keeps_what_is_short_for_the_first_that_waits_for_it) {
  GraphStory story;
  user(story, "holder", {{"p", 2}});
  user(story, "large", {{"p", 4}});
  user(story, "small", {{"p", 1}});
  Book book(with_pools(story, {{"p", 4}}));
  book.take("holder");
  EXPECT_FALSE(book.may_take("large"));
  (*book).pass_over(book.set("large"));
  EXPECT_FALSE(book.may_take("small")) << "or the large one would never find four";
  (*book).begin_round();
  EXPECT_TRUE(book.may_take("small")) << "when it is looked at first";
}

TEST(TokenBook, lends_what_comes_back_in_time) {
  GraphStory story;
  user(story, "holder", {{"p", 2}});
  user(story, "large", {{"p", 4}});
  user(story, "small", {{"p", 1}});
  Book book(with_pools(story, {{"p", 4}}));
  book.take("holder", Time{} + 100s);
  (*book).pass_over(book.set("large"));
  EXPECT_TRUE(book.may_take("small", 50s));
  EXPECT_FALSE(book.may_take("small", 150s));
  EXPECT_FALSE(book.may_take("small", 0s)) << "nobody knows how long it takes";
}

TEST(TokenBook, blocks_no_pool_for_the_lack_of_another_until_it_must) {
  GraphStory story;
  user(story, "holder", {{"b", 1}});
  user(story, "both", {{"a", 1}, {"b", 1}});
  user(story, "other", {{"a", 1}});
  Book book(with_pools(story, {{"a", 1}, {"b", 1}}));
  book.take("holder", Time{} + 1h);
  int passed = 0;
  for (; passed < 100; ++passed) {
    (*book).begin_round();
    EXPECT_FALSE(book.may_take("both"));
    (*book).pass_over(book.set("both"));
    if (!book.may_take("other")) break;
    book.take("other");
    book.give_back("other");
  }
  EXPECT_EQ(passed, 5) << "four times all of the pool, and one more";
  EXPECT_TRUE(book.may_take("other", 10min)) << "it is back before the holder of the other pool ends";
  book.give_back("holder");
  (*book).begin_round();
  EXPECT_TRUE(book.may_take("both"));
}

TEST(TokenBook, keeps_nothing_for_what_waits_for_the_end_of_a_service) {
  GraphStory story;
  user(story, "service", {{"p", 2}}).task().service.is_given = true;
  user(story, "large", {{"p", 3}});
  user(story, "client", {{"p", 1}});
  Book book(with_pools(story, {{"p", 4}}));
  book.take("service");
  EXPECT_FALSE(book.may_take("large"));
  (*book).pass_over(book.set("large"));
  EXPECT_TRUE(book.may_take("client")) << "the service ends only after it";
}

TEST(TokenBook, keeps_tokens_for_what_has_workers_kept_free) {
  GraphStory story;
  user(story, "wide", {{"p", 1}});
  user(story, "small", {{"p", 1}, {"q", 1}});
  Book book(with_pools(story, {{"p", 1}, {"q", 1}}));
  EXPECT_TRUE(book.may_take("wide"));
  (*book).keep_for(book.set("wide"), Time{} + 60s);
  EXPECT_FALSE(book.may_take("small", 100s));
  EXPECT_TRUE(book.may_take("small", 30s));
}

TEST(TokenBook, says_what_can_never_start) {
  GraphStory story;
  user(story, "a", {{"p", 3}});
  user(story, "b", {{"unknown", 1}});
  user(story, "c", {{"p", 2}});
  Book book(with_pools(story, {{"p", 2}}));
  EXPECT_FALSE((*book).can_ever_start(TaskId(0)));
  EXPECT_FALSE((*book).can_ever_start(TaskId(1)));
  EXPECT_TRUE((*book).can_ever_start(TaskId(2)));
}

}  // namespace
}  // namespace fugle::plan
