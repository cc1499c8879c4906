// What the command line says to mistakes.
#include <gtest/gtest.h>

#include <set>

#include "app/arguments.hpp"
#include "app/command_table.hpp"
#include "base/error.hpp"

namespace fugle::app {
namespace {

template <class Action>
std::string refusal(Action action) {
  try {
    action();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no refusal";
}

std::string refused_verb(const Args& args) {
  return refusal([&] { dispatch(args); });
}

TEST(CommandTable, suggests_the_nearest_verb) {
  EXPECT_EQ(refused_verb({"stauts"}), "unknown verb 'stauts'; did you mean 'status'?");
  EXPECT_EQ(refused_verb({"frobnicate"}), "unknown verb 'frobnicate'; 'fugle help' lists the verbs");
}

TEST(CommandTable, says_which_verbs_are_still_to_come) {
  EXPECT_EQ(refused_verb({"lineage", "x.h5"}),
            "'lineage' is not in this version of fugle; 'fugle help' lists the verbs");
}

TEST(CommandTable, has_each_verb_once_with_a_line_of_help) {
  std::set<std::string_view> names;
  for (const Command& command : command_table()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name;
    EXPECT_FALSE(command.help.empty()) << command.name;
  }
}

TEST(CommandTable, answers_help_of_every_verb) {
  for (const Command& command : command_table()) {
    testing::internal::CaptureStdout();
    EXPECT_EQ(dispatch({"help", std::string(command.name)}), 0);
    const std::string help = testing::internal::GetCapturedStdout();
    EXPECT_TRUE(help.starts_with("usage: fugle " + std::string(command.name))) << help;
  }
}

TEST(CommandTable, keeps_the_old_words) {
  for (const char* old : {"explain", "watch"}) {
    testing::internal::CaptureStdout();
    EXPECT_EQ(dispatch({old, "--help"}), 0) << old;
    EXPECT_NE(testing::internal::GetCapturedStdout(), "");
  }
}

Usage usage_with_options() {
  Usage usage("status", "[RUN]", "Counts.", 0, 1);
  usage.options.add_options()("json", "as JSON")("jobs,j", boost::program_options::value<unsigned>(), "cores");
  return usage;
}

TEST(Arguments, reads_options_and_words_in_any_order) {
  const auto arguments = parse_arguments(usage_with_options(), {"--json", "demo", "-j4"});
  ASSERT_TRUE(arguments);
  EXPECT_TRUE(arguments->has("json"));
  EXPECT_EQ(arguments->get<unsigned>("jobs"), 4u);
  EXPECT_EQ(arguments->words, std::vector<std::string>{"demo"});
}

TEST(Arguments, names_the_nearest_option_and_accepts_no_abbreviation) {
  const auto refuse = [](const Args& args) {
    return refusal([&] { (void)parse_arguments(usage_with_options(), args); });
  };
  EXPECT_EQ(refuse({"--jsn"}), "'fugle status' has no option '--jsn'; did you mean '--json'?");
  EXPECT_EQ(refuse({"--js"}), "'fugle status' has no option '--js'; see 'fugle status --help'");
  EXPECT_EQ(refuse({"a", "b"}), "'b' is one word too many for 'fugle status [RUN]'; see 'fugle status --help'");
  EXPECT_TRUE(refuse({"--jobs=x"}).ends_with("; see 'fugle status --help'")) << refuse({"--jobs=x"});
  EXPECT_EQ(refuse({"-j", "-1"}), "--jobs -1 is negative (it is a count); see 'fugle status --help'");
}

}  // namespace
}  // namespace fugle::app
