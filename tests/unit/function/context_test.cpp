// A function of a C++ program, tested alone: with a context that the test makes by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fugle/context.hpp>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace fugle {
namespace {

using ::testing::ElementsAre;

/// What a user would write: says how far it is, and ends when it should.
int steps(const Context& context, int wanted) {
  int done = 0;
  for (; done < wanted && !context.is_cancelled(); ++done)
    context.log("rank " + std::to_string(context.rank()) + ": step " + std::to_string(done));
  return done;
}

TEST(Context, that_is_made_by_hand_records_what_the_function_says) {
  std::vector<std::string> lines;
  const std::function<void(std::string_view)> log = [&](std::string_view line) { lines.emplace_back(line); };
  Context::Facts facts;
  facts.rank = 1;
  facts.num_ranks = 2;
  facts.log = &log;
  EXPECT_EQ(steps(Context(facts), 2), 2);
  EXPECT_THAT(lines, ElementsAre("rank 1: step 0", "rank 1: step 1"));
}

TEST(Context, that_is_cancelled_ends_the_function) {
  const bool is_cancelled = true;
  Context::Facts facts;
  facts.is_cancelled = &is_cancelled;
  EXPECT_EQ(steps(Context(facts), 2), 0);
}

TEST(Context, without_a_log_says_lines_on_stderr) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(steps(Context(), 1), 1);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "rank 0: step 0\n");
}

TEST(Context, knows_what_it_was_given_and_nothing_else) {
  const std::vector<Context::NamedPath> outputs{{"table", "/work/t.csv"}};
  Context::Facts facts;
  facts.outputs = outputs;
  facts.cores = 3;
  const Context context(facts);
  EXPECT_EQ(context.output("table"), "/work/t.csv");
  EXPECT_THROW((void)context.output("figure"), std::out_of_range);
  EXPECT_EQ(context.cores(), 3u);
  EXPECT_EQ(context.raw_communicator(), nullptr);
  EXPECT_EQ(context.attempt(), 1u);
}

}  // namespace
}  // namespace fugle
