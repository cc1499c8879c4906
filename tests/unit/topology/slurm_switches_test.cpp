#include "topology/slurm_switches.hpp"

#include <gtest/gtest.h>

namespace fugle::topology {
namespace {

TEST(SlurmSwitches, are_what_comes_before_the_node) {
  EXPECT_EQ(switch_path_of("s0.s4.node7", "switch.switch.node"), "s0.s4");
  EXPECT_EQ(switch_path_of("leaf.n1", "switch.node"), "leaf");
}

TEST(SlurmSwitches, do_not_depend_on_dots_in_the_name_of_the_node) {
  EXPECT_EQ(switch_path_of("s0.node7.site.org", "switch.node"), "s0");
}

TEST(SlurmSwitches, are_none_without_a_tree) {
  EXPECT_EQ(switch_path_of("node7", "node"), "");
  EXPECT_EQ(switch_path_of("node7", ""), "");
  EXPECT_EQ(switch_path_of("", ""), "");
  EXPECT_EQ(switch_path_of("node7", "switch.switch.node"), "") << "pattern and address do not fit";
}

TEST(SlurmSwitches, are_all_but_the_last_part_when_there_is_no_pattern) {
  EXPECT_EQ(switch_path_of("s0.s4.node7", ""), "s0.s4");
}

}  // namespace
}  // namespace fugle::topology
