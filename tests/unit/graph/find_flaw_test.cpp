#include "graph/find_flaw.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"

namespace fugle::graph {
namespace {

using testing::HasSubstr;

/// Two of them need a third.
GraphData good_data() {
  GraphBuilder builder;
  Task task;
  task.matrix_names = {"i"};
  const TaskId t = builder.add_task(task);
  std::vector<ElementId> elements;
  for (const char* i : {"0", "1", "2"}) {
    ElementText text;
    text.matrix = {i};
    text.command = {"echo"};
    elements.push_back(builder.add_element(t, i, text));
  }
  builder.add_edge(elements[2], elements[0], 10);
  builder.add_edge(elements[2], elements[1], 20);
  return std::move(builder).build();
}

TEST(FindFlaw, finds_none_in_what_the_builder_makes) {
  EXPECT_EQ(find_flaw(good_data()), "");
  EXPECT_EQ(find_flaw({}), "");
}

TEST(FindFlaw, finds_numbers_out_of_range) {
  GraphData data = good_data();
  data.task_of[1] = 1;
  EXPECT_THAT(find_flaw(data), HasSubstr("task there is not"));
  data = good_data();
  data.needs.columns[0] = 3;
  EXPECT_THAT(find_flaw(data), HasSubstr("needs one there is not"));
}

TEST(FindFlaw, finds_columns_of_other_lengths) {
  const auto flaw_after = [](auto change) {
    GraphData data = good_data();
    change(data);
    return find_flaw(data);
  };
  EXPECT_NE(flaw_after([](GraphData& data) { data.task_of.push_back(0); }), "");
  EXPECT_NE(flaw_after([](GraphData& data) { data.ids.add("x"); }), "");
  EXPECT_NE(flaw_after([](GraphData& data) { data.texts = {}; }), "");
  EXPECT_NE(flaw_after([](GraphData& data) { data.needs.offsets.clear(); }), "");
  EXPECT_NE(flaw_after([](GraphData& data) { data.needs.offsets = {0, 2, 1, 2}; }), "");
  EXPECT_NE(flaw_after([](GraphData& data) { data.needs.offsets = {1, 1, 2, 2}; }), "");
  EXPECT_NE(flaw_after([](GraphData& data) { data.estimate_s = {1.0F}; }), "");
  EXPECT_NE(flaw_after([](GraphData& data) { data.need_bytes.push_back(1.0F); }), "");
}

TEST(FindFlaw, finds_texts_that_can_not_be_unpacked) {
  GraphData data = good_data();
  StringColumn texts;
  texts.add(
      "\x01"
      "0\x04"
      "echo");
  texts.add("\x7f");
  texts.add("");
  data.texts = texts;
  EXPECT_THAT(find_flaw(data), HasSubstr("element 1"));
}

TEST(FindFlaw, finds_circles) {
  GraphData data = good_data();
  data.needs.offsets = {0, 1, 2, 3};
  data.needs.columns = {1, 2, 0};
  data.need_bytes.clear();
  EXPECT_THAT(find_flaw(data), HasSubstr("circle"));
}

TEST(ElementText, that_is_damaged_is_refused) {
  const Task task;
  for (const std::string_view packed : {"\xff", "\x05", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", "\x05 abc"})
    EXPECT_THROW((void)unpack(task, packed), EnvironmentError) << packed;
}

TEST(ElementText, slots_that_are_damaged_are_refused) {
  const std::vector<std::string> outputs{"out"};
  EXPECT_EQ(fill_slots("\x1fo0\x1f", {outputs, 1, "", ""}), "out");
  for (const std::string_view text :
       {"\x1f", "\x1fo0", "\x1f\x1f", "\x1fo1\x1f", "\x1fq99999999999999999999\x1f", "\x1fz0\x1f"})
    EXPECT_THROW((void)fill_slots(text, {outputs, 1, "", ""}), EnvironmentError) << text;
}

}  // namespace
}  // namespace fugle::graph
