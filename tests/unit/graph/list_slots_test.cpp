#include "graph/list_slots.hpp"

#include <gmock/gmock.h>

#include "base/error.hpp"

namespace fugle::graph {
namespace {

std::string path_of(std::size_t input) { return "/tmp/list " + std::to_string(input); }

TEST(ListSlots, are_filled_and_all_others_left) {
  const std::string text = "cat " + list_slot(3, true) + " " + output_slot(0, false) + " " + escape_slots("\x1F");
  EXPECT_EQ(fill_list_slots(text, path_of), "cat '/tmp/list 3' " + output_slot(0, false) + " " + escape_slots("\x1F"));
  EXPECT_EQ(fill_list_slots(list_slot(12, false), path_of), "/tmp/list 12");
}

TEST(ListSlots, bytes_of_a_user_are_none) {
  ElementText text;
  text.command = {escape_slots("\x1Fi0\x1F")};
  fill_list_slots(text, path_of);
  EXPECT_EQ(text.command.front(), escape_slots("\x1Fi0\x1F"));
}

TEST(ListSlots, are_found_in_all_that_an_attempt_runs) {
  const auto with = [](auto member) {
    ElementText text;
    text.*member = list_slot(0, false);
    return text;
  };
  for (auto member :
       {&ElementText::cleanup, &ElementText::setup, &ElementText::ready_command, &ElementText::stop_command}) {
    ElementText text = with(member);
    EXPECT_TRUE(has_list_slots(text));
    fill_list_slots(text, path_of);
    EXPECT_EQ(text.*member, "/tmp/list 0");
  }
  ElementText text;
  text.command = {"cat", list_slot(0, false)};
  EXPECT_TRUE(has_list_slots(text));
  text.command = {"cat", output_slot(0, false)};
  EXPECT_FALSE(has_list_slots(text));
}

TEST(ListSlots, one_that_is_not_closed_is_damage) {
  EXPECT_THROW((void)fill_list_slots("\x1Fi0", path_of), EnvironmentError);
}

}  // namespace
}  // namespace fugle::graph
