// Who holds and who needs results of functions, and what runs again when one is lost.
#include "scheduler/value_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/find_misfit.hpp"

namespace fugle::scheduler {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr WorkerId kFirst(0);
constexpr WorkerId kSecond(1);

/// Functions that each take the results of others: one element per task.
class Functions {
 public:
  explicit Functions(const std::vector<std::pair<std::string, std::vector<std::string>>>& takes) {
    graph::GraphBuilder builder;
    std::map<std::string, ElementId> elements;
    for (const auto& [name, taken] : takes) {
      graph::Task task;
      task.name = name;
      task.workdir = "/";
      task.kind = graph::TaskKind::function;
      task.retries.max = 1;
      graph::ElementText text;
      for (const std::string& one : taken) text.results_of.push_back(std::to_string(elements.at(one).value()));
      elements[name] = builder.add_element(builder.add_task(task), name, text);
      for (const std::string& one : taken) builder.add_edge(elements.at(one), elements.at(name));
    }
    graph_.emplace(std::move(builder).build());
    run_.emplace(*graph_, 1);
  }

  ElementId operator[](const std::string& name) const { return graph_->find(name); }
  RunState& run() { return *run_; }
  State state(const std::string& name) const { return run_->state((*this)[name]); }

  void happen(EventKind kind, const std::string& name, FailureClass cls = FailureClass::none) {
    Event event;
    event.kind = kind;
    event.cls = cls;
    event.element = (*this)[name];
    event.attempt =
        static_cast<std::uint16_t>(run_->attempt(event.element) + (is_live(run_->state(event.element)) ? 0 : 1));
    EXPECT_EQ(find_misfit(*run_, event), "");
    Effects effects;
    apply(*run_, event, effects);
    run_->check_invariants();
  }
  void end(const std::string& name, FailureClass cls = FailureClass::none) {
    happen(EventKind::attempt_ended, name, cls);
  }
  void lose(const std::string& name) { happen(EventKind::value_lost, name); }

 private:
  std::optional<Graph> graph_;
  std::optional<RunState> run_;
};

Functions chain() { return Functions({{"a", {}}, {"b", {"a"}}, {"c", {"b"}}}); }

TEST(LostValue, lets_its_function_run_again_and_what_waits_for_it_wait) {
  Functions f({{"a", {}}, {"b", {}}, {"c", {"a", "b"}}});
  f.end("a");
  f.lose("a");
  EXPECT_EQ(f.state("a"), State::ready);
  f.end("b");
  EXPECT_EQ(f.state("c"), State::waiting);
  f.end("a");
  EXPECT_EQ(f.state("c"), State::ready);
}

TEST(LostValue, of_a_function_whose_own_need_is_lost_too_waits_for_that) {
  Functions f = chain();
  f.end("a");
  f.end("b");
  f.lose("a");
  EXPECT_EQ(f.state("b"), State::ok) << "it has ended, and nobody needs more of it";
  f.lose("b");
  EXPECT_EQ(f.state("b"), State::waiting);
  f.end("a");
  EXPECT_EQ(f.state("b"), State::ready);
  f.end("b");
  EXPECT_EQ(f.state("c"), State::ready);
}

TEST(LostValue, that_a_worker_finds_out_when_it_starts_sends_the_taker_back_to_wait) {
  Functions f = chain();
  f.end("a");
  EXPECT_EQ(f.state("b"), State::ready);
  f.lose("a");
  EXPECT_EQ(f.state("b"), State::ready) << "a worker may have begun it";
  f.happen(EventKind::attempt_started, "b");
  f.end("b", FailureClass::lost);
  EXPECT_EQ(f.state("b"), State::waiting);
  f.end("a");
  EXPECT_EQ(f.state("b"), State::ready);
  f.end("b");
  f.end("c");
  EXPECT_TRUE(f.run().is_complete());
}

TEST(LostValue, fits_only_what_is_ok) {
  Functions f = chain();
  Event event = event_of(EventKind::value_lost, Time{});
  event.element = f["a"];
  EXPECT_EQ(find_misfit(f.run(), event), "the loss of a result of a that is READY");
  f.end("a");
  EXPECT_EQ(find_misfit(f.run(), event), "");
}

TEST(ValueBook, knows_the_holder_until_the_last_taker_is_final) {
  Functions f({{"a", {}}, {"b", {"a"}}, {"c", {"a"}}});
  ValueBook book(f.run());
  EXPECT_FALSE(book.holder_of(f["a"]).is_valid());
  f.end("a");
  EXPECT_TRUE(book.made(f["a"], kSecond));
  EXPECT_EQ(book.holder_of(f["a"]), kSecond);
  book.copied(f["a"], kFirst);
  EXPECT_THAT(book.end(f["b"]), IsEmpty());
  const auto unneeded = book.end(f["c"]);
  ASSERT_EQ(unneeded.size(), 1u);
  EXPECT_EQ(unneeded[0].element, f["a"]);
  EXPECT_THAT(unneeded[0].holders, ElementsAre(kSecond, kFirst));
  EXPECT_FALSE(book.holder_of(f["a"]).is_valid());
}

TEST(ValueBook, needs_no_result_that_nobody_takes) {
  Functions f = chain();
  ValueBook book(f.run());
  EXPECT_FALSE(book.made(f["c"], kFirst));
}

TEST(ValueBook, loses_with_a_worker_what_was_there_alone) {
  Functions f({{"a", {}}, {"b", {}}, {"c", {"a", "b"}}});
  ValueBook book(f.run());
  (void)book.made(f["a"], kFirst);
  (void)book.made(f["b"], kFirst);
  book.copied(f["b"], kSecond);
  EXPECT_THAT(book.lose(kFirst), ElementsAre(f["a"]));
  EXPECT_EQ(book.holder_of(f["b"]), kSecond);
}

TEST(ValueBook, makes_again_what_a_lost_value_is_made_of) {
  Functions f = chain();
  ValueBook book(f.run());
  f.end("a");
  (void)book.made(f["a"], kFirst);
  f.end("b");
  (void)book.made(f["b"], kFirst);
  EXPECT_EQ(book.end(f["b"]).size(), 1u) << "nobody needs the result of a any more";
  EXPECT_THAT(book.lose(kFirst), ElementsAre(f["b"]));
  EXPECT_THAT(book.run_again(f["b"]), ElementsAre(f["a"], f["b"]));
}

TEST(ValueBook, in_a_new_life_takes_what_was_kept_and_lets_the_rest_run_again) {
  Functions f({{"a", {}}, {"b", {"a"}}, {"c", {"b"}}, {"d", {}}, {"e", {"d"}}});
  for (const char* name : {"a", "b", "d"}) f.end(name);
  ValueBook book(f.run());
  const auto is_kept = [&](ElementId e) { return e == f["d"]; };
  EXPECT_THAT(book.begin_life(is_kept, kFirst), ElementsAre(f["a"], f["b"]));
  EXPECT_EQ(book.holder_of(f["d"]), kFirst);
}

TEST(ValueBook, in_a_new_life_lets_nothing_run_again_that_nobody_needs) {
  Functions f = chain();
  for (const char* name : {"a", "b", "c"}) f.end(name);
  ValueBook book(f.run());
  EXPECT_THAT(book.begin_life([](ElementId) { return false; }, kFirst), IsEmpty());
}

}  // namespace
}  // namespace fugle::scheduler
