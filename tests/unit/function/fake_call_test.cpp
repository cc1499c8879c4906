// Functions of a plugin, tested alone: what a user of <fugle/fake_call.hpp> would write.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fugle/fake_call.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace fugle::plugin {
namespace {

struct Model {
  double scale = 2;
};

void scaled_sum(Model& model, Call& call) {
  double sum = 0;
  for (const double number : call.arguments().get<std::vector<double>>("numbers")) sum += model.scale * number;
  for (std::size_t i = 0; i < call.num_results(); ++i) sum += call.value<double>(i);
  call.log("adds " + std::to_string(call.num_results()) + " results");
  if (call.is_cancelled()) throw Failure(9, "cancelled");
  call.set_value(sum);
}

TEST(FakeCall, lets_a_function_be_tested_without_a_run) {
  Model model;
  const double before = 0.5;
  FakeCall fake(R"({"numbers": [1, 2.5]})");
  fake.result_before({reinterpret_cast<const char*>(&before), sizeof before});
  scaled_sum(model, fake.call());
  EXPECT_EQ(fake.value<double>(), 7.5);
  EXPECT_THAT(fake.lines(), testing::ElementsAre("adds 1 results"));
}

TEST(FakeCall, the_entry_of_the_table_turns_exceptions_into_codes) {
  Model model;
  FakeCall fake(R"({"numbers": []})");
  fake.cancel();
  EXPECT_EQ((detail::enter<Model, &scaled_sum>(&model, fake.raw())), 9);
  EXPECT_EQ(fake.error(), "cancelled");
  FakeCall empty("{}");
  EXPECT_EQ((detail::enter<Model, &scaled_sum>(&model, empty.raw())), 1);
  EXPECT_EQ(empty.error(), "argument 'numbers' is missing; give it under 'with'");
}

TEST(FakeCall, inputs_and_outputs_are_found_by_name) {
  FakeCall fake;
  fake.input("tables", "/a/1\n/a/2").output("mean", "/b/mean.txt").scratch("/s").index(4).cores(3);
  EXPECT_THAT(fake.call().inputs("tables"), testing::ElementsAre("/a/1", "/a/2"));
  EXPECT_EQ(fake.call().output("mean"), "/b/mean.txt");
  EXPECT_EQ(fake.call().scratch(), "/s");
  EXPECT_EQ(fake.call().index() + fake.call().cores(), 7u);
  EXPECT_THROW((void)fake.call().input("table"), std::out_of_range);
}

TEST(Call, a_vector_goes_through_bytes_and_back) {
  FakeCall fake;
  fake.call().set_value(std::vector<int>{3, 1, 2});
  EXPECT_THAT(fake.value<std::vector<int>>(), testing::ElementsAre(3, 1, 2));
  EXPECT_THROW((void)fake.value<double>(), std::invalid_argument);
}

}  // namespace
}  // namespace fugle::plugin
