#include <gtest/gtest.h>

#include "scheduler/find_misfit.hpp"
#include "scheduler/run_state.hpp"
#include "support/graphs.hpp"

namespace fugle::scheduler {
namespace {

using testing::GraphStory;
using namespace std::chrono_literals;

struct Story {
  explicit Story(const GraphStory& story) : graph(story.graph()), run(graph, 1) {}

  [[nodiscard]] State state(const std::string& id) const { return run.state(graph.find(id)); }
  void happen(EventKind kind, const std::string& id = "", FailureClass cls = FailureClass::none) {
    Event event;
    event.kind = kind;
    event.cls = cls;
    if (!id.empty()) {
      event.element = graph.find(id);
      event.attempt =
          static_cast<std::uint16_t>(run.attempt(event.element) + (is_live(run.state(event.element)) ? 0 : 1));
    }
    EXPECT_EQ(find_misfit(run, event), "");
    effects.clear();
    apply(run, event, effects);
    run.check_invariants();
  }
  void start(const std::string& id) { happen(EventKind::attempt_started, id); }
  void ready(const std::string& id) { happen(EventKind::service_ready, id); }
  void end(const std::string& id, FailureClass cls = FailureClass::none) { happen(EventKind::attempt_ended, id, cls); }
  void serve(const std::string& id) {
    start(id);
    ready(id);
  }

  Graph graph;
  RunState run;
  Effects effects;
};

GraphStory::TaskStory service(GraphStory& story, const std::string& name) {
  auto task = story.task(name);
  task.task().service.is_given = true;
  return task;
}

GraphStory database_with_clients() {
  GraphStory story;
  auto db = service(story, "db");
  story.task("a").after(db);
  story.task("b").after(db);
  return story;
}

TEST(ServicesOfRunState, answer_when_they_are_ready) {
  Story s(database_with_clients());
  s.start("db");
  EXPECT_EQ(s.state("db"), State::starting);
  EXPECT_EQ(s.state("a"), State::waiting);
  s.ready("db");
  EXPECT_EQ(s.state("db"), State::running);
  EXPECT_EQ(s.state("a"), State::ready);
  EXPECT_EQ(s.run.num_ready_services(), 1u);
}

TEST(ServicesOfRunState, are_unneeded_after_the_last_user_has_ended) {
  Story s(database_with_clients());
  s.serve("db");
  s.end("a");
  EXPECT_TRUE(s.effects.unneeded.empty());
  s.end("b", FailureClass::error);
  EXPECT_EQ(s.effects.unneeded, std::vector{s.graph.find("db")});
  s.end("db");
  EXPECT_EQ(s.state("db"), State::ok);
  EXPECT_TRUE(s.run.is_complete());
}

TEST(ServicesOfRunState, let_users_that_have_not_started_wait_again) {
  GraphStory story = database_with_clients();
  Story s(story);
  s.serve("db");
  s.start("a");
  s.end("db", FailureClass::lost);
  EXPECT_EQ(s.state("db"), State::ready);
  EXPECT_EQ(s.state("a"), State::running) << "what runs goes on";
  EXPECT_EQ(s.state("b"), State::waiting);
  EXPECT_EQ(s.effects.withdrawn, std::vector{s.graph.find("b")});
  s.serve("db");
  EXPECT_EQ(s.state("b"), State::ready);
}

TEST(ServicesOfRunState, close_the_gates_behind_them_too) {
  GraphStory story;
  auto db = service(story, "db").times(3);
  auto client = story.task("client").times(4).after(db);
  story.task("last").after(client);
  Story s(story);
  for (const char* id : {"db[0]", "db[1]", "db[2]"}) s.serve(id);
  EXPECT_EQ(s.state("client[3]"), State::ready);
  s.end("db[1]", FailureClass::lost);
  EXPECT_EQ(s.state("client[3]"), State::waiting);
  s.serve("db[1]");
  EXPECT_EQ(s.state("client[3]"), State::ready);
  for (const char* id : {"client[0]", "client[1]", "client[2]"}) s.end(id);
  EXPECT_TRUE(s.effects.unneeded.empty());
  s.end("client[3]");
  EXPECT_EQ(s.effects.unneeded.size(), 3u);
}

TEST(ServicesOfRunState, that_fail_block_their_users) {
  Story s(database_with_clients());
  s.serve("db");
  s.start("a");
  s.end("db", FailureClass::error);
  EXPECT_EQ(s.state("db"), State::failed);
  EXPECT_EQ(s.state("b"), State::blocked);
  s.end("a");
  EXPECT_TRUE(s.run.is_complete());
}

TEST(ServicesOfRunState, that_nobody_uses_any_more_are_skipped_on_request) {
  GraphStory story;
  auto db = service(story, "db");
  auto first = story.task("first");
  story.task("client").after(db).after(first);
  Story s(story);
  s.end("first", FailureClass::error);
  EXPECT_EQ(s.state("client"), State::waiting) << "the service has not answered";
  s.happen(EventKind::cancel_element, "client");
  EXPECT_EQ(s.effects.unneeded, std::vector{s.graph.find("db")});
  s.happen(EventKind::cancel_element, "db");
  EXPECT_EQ(s.state("db"), State::skipped);
}

TEST(ServicesOfRunState, without_users_are_needed_until_all_else_has_ended) {
  GraphStory story;
  service(story, "monitor");
  story.task("a");
  story.task("b");
  Story s(story);
  s.serve("monitor");
  s.end("a");
  EXPECT_FALSE(s.run.services().is_unneeded(s.graph.find("monitor")));
  s.end("b");
  EXPECT_EQ(s.effects.unneeded, std::vector{s.graph.find("monitor")});
}

TEST(ServicesOfRunState, are_not_used_by_what_waits_for_their_end) {
  GraphStory story;
  auto db = service(story, "db");
  story.task("client").after(db);
  story.task("after").after_end_of(db);
  Story s(story);
  s.serve("db");
  EXPECT_EQ(s.state("after"), State::waiting);
  s.end("client");
  EXPECT_TRUE(s.run.services().is_unneeded(s.graph.find("db")));
  s.end("db");
  EXPECT_EQ(s.state("after"), State::ready);
}

TEST(ServicesOfRunState, without_users_do_not_wait_for_what_waits_for_their_end) {
  GraphStory story;
  auto monitor = service(story, "monitor");
  auto archive = story.task("archive").after_end_of(monitor);
  story.task("last").after(archive);
  story.task("a");
  Story s(story);
  s.serve("monitor");
  s.end("a");
  EXPECT_EQ(s.effects.unneeded, std::vector{s.graph.find("monitor")});
  s.end("monitor");
  EXPECT_EQ(s.state("archive"), State::ready);
}

TEST(ServicesOfRunState, have_to_get_ready_again_in_the_next_life) {
  Story s(database_with_clients());
  s.happen(EventKind::run_started);
  s.serve("db");
  s.start("a");
  s.happen(EventKind::run_started);
  EXPECT_EQ(s.state("db"), State::ready);
  EXPECT_EQ(s.state("a"), State::waiting);
  EXPECT_EQ(s.state("b"), State::waiting);
  s.serve("db");
  EXPECT_EQ(s.state("a"), State::ready);
}

TEST(ServicesOfRunState, run_again_when_their_users_do) {
  GraphStory story;
  auto store = service(story, "store");
  auto db = service(story, "db").after(store).times(2);
  story.task("a").after(db);
  Story s(story);
  s.happen(EventKind::run_started);
  for (const char* id : {"store", "db[0]", "db[1]"}) s.serve(id);
  s.end("a", FailureClass::error);
  for (const char* id : {"db[0]", "db[1]", "store"}) s.end(id);
  EXPECT_TRUE(s.run.is_complete());
  s.happen(EventKind::run_started);
  s.happen(EventKind::retry_all);
  EXPECT_EQ(s.state("store"), State::ready);
  EXPECT_EQ(s.state("db[0]"), State::waiting);
  EXPECT_EQ(s.state("a"), State::waiting);
  for (const char* id : {"store", "db[0]", "db[1]"}) s.serve(id);
  EXPECT_EQ(s.state("a"), State::ready);
}

TEST(ServicesOfRunState, hold_a_retry_that_is_due_before_they_are_ready_again) {
  GraphStory story;
  auto db = service(story, "db");
  story.task("a").after(db).retries(1, 1s);
  Story s(story);
  s.serve("db");
  s.end("a", FailureClass::error);
  EXPECT_EQ(s.state("a"), State::retry_wait);
  s.end("db", FailureClass::lost);
  make_due(s.run, s.graph.find("a"), s.effects);
  EXPECT_EQ(s.state("a"), State::waiting);
  s.serve("db");
  EXPECT_EQ(s.state("a"), State::ready);
}

TEST(ServicesOfRunState, that_have_failed_block_what_was_started_beside_them_and_has_to_start_again) {
  GraphStory story = database_with_clients();
  Story s(story);
  s.happen(EventKind::run_started);
  s.serve("db");
  s.start("a");
  s.start("b");
  s.end("db", FailureClass::error);
  s.end("b", FailureClass::lost);
  EXPECT_EQ(s.state("b"), State::blocked);
  s.happen(EventKind::run_started);
  EXPECT_EQ(s.state("a"), State::blocked);
}

TEST(ServicesOfRunState, that_have_failed_end_the_hope_for_another_attempt) {
  GraphStory story;
  auto db = service(story, "db");
  auto a = story.task("a").after(db).retries(1, 1s);
  auto b = story.task("b").after(db).retries(1, 1s);
  story.task("after_a").after(a);
  (void)b;
  Story s(story);
  s.serve("db");
  s.start("b");
  s.end("a", FailureClass::error);
  EXPECT_EQ(s.state("a"), State::retry_wait);
  s.end("db", FailureClass::error);
  EXPECT_EQ(s.state("a"), State::blocked);
  EXPECT_EQ(s.state("after_a"), State::blocked);
  s.end("b", FailureClass::error);
  EXPECT_EQ(s.state("b"), State::failed);
}

TEST(ServicesOfRunState, are_ready_in_a_journal_only_where_they_can_be) {
  Story s(database_with_clients());
  Event event = event_of(EventKind::service_ready, Time{});
  event.element = s.graph.find("db");
  event.attempt = 1;
  EXPECT_NE(find_misfit(s.run, event), "");
  s.start("db");
  EXPECT_EQ(find_misfit(s.run, event), "");
  event.attempt = 2;
  EXPECT_NE(find_misfit(s.run, event), "");
  event.element = s.graph.find("a");
  EXPECT_NE(find_misfit(s.run, event), "");
}

}  // namespace
}  // namespace fugle::scheduler
