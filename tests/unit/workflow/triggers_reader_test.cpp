#include "workflow/triggers_reader.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "workflow/reader.hpp"

namespace fugle::workflow {
namespace {

struct Read {
  std::optional<Workflow> workflow;
  std::vector<std::string> mistakes;  ///< "4:13 E112 text"
};

Read read(const std::string& triggers) {
  Diagnostics diagnostics("f");
  Read result;
  result.workflow =
      read_workflow("version: 1\nname: w\ntriggers:\n" + triggers + "tasks: {a: {run: \"true\"}}\n", diagnostics);
  for (const Diagnostic& d : diagnostics.all())
    result.mistakes.push_back(fmt::format("{}:{} {} {}", d.at.line, d.at.column, d.code, d.text));
  return result;
}

using Mistakes = std::vector<std::string>;

TEST(Triggers, a_schedule_has_a_timezone_and_a_rule_for_missed_times) {
  const Read r = read("  - {schedule: \"30 4 * * *\", timezone: Europe/Berlin, catch_up: all}\n");
  ASSERT_EQ(r.mistakes, Mistakes{});
  ASSERT_EQ(r.workflow->triggers.schedules.size(), 1u);
  const ScheduleTrigger& trigger = r.workflow->triggers.schedules[0];
  EXPECT_EQ(trigger.text, "30 4 * * *");
  EXPECT_TRUE(trigger.cron.minutes[30]);
  EXPECT_EQ(trigger.timezone, "Europe/Berlin");
  EXPECT_EQ(trigger.catch_up, CatchUp::all);
}

TEST(Triggers, have_defaults) {
  const Read r = read("  - {schedule: \"@daily\"}\n  - run: prepare\n");
  ASSERT_EQ(r.mistakes, Mistakes{});
  EXPECT_EQ(r.workflow->triggers.schedules.at(0).timezone, "UTC");
  EXPECT_EQ(r.workflow->triggers.schedules.at(0).catch_up, CatchUp::latest);
  EXPECT_EQ(r.workflow->triggers.runs.at(0).run, "prepare");
  EXPECT_EQ(r.workflow->triggers.runs.at(0).state, RunEnd::ok);
}

TEST(Triggers, a_wrong_field_is_named_with_its_column) {
  EXPECT_EQ(read("  - {schedule: \"30 25 * * *\"}\n").mistakes,
            Mistakes{"4:20 E112 hour '25' in 'schedule' is not in 0..23"});
  EXPECT_EQ(read("  - schedule: 30 25 * * *\n").mistakes,
            Mistakes{"4:18 E112 hour '25' in 'schedule' is not in 0..23"});
}

TEST(Triggers, words_are_checked) {
  EXPECT_EQ(read("  - {run: x, state: okay}\n").mistakes,
            Mistakes{"4:21 E112 'state' is 'okay'; one of ok, failed, done"});
  EXPECT_EQ(read("  - {schedule: \"@daily\", catch_up: every}\n").mistakes,
            Mistakes{"4:36 E112 'catch_up' is 'every'; one of none, latest, all"});
  EXPECT_EQ(read("  - {schedule: \"@daily\", timezone: \"../etc/passwd\"}\n").mistakes,
            Mistakes{"4:36 E112 'timezone' is '../etc/passwd'; a name like UTC or Europe/Berlin"});
  EXPECT_EQ(read("  - {run: \"a/b\"}\n").mistakes,
            Mistakes{"4:11 E112 'run' of a trigger is 'a/b'; the name of a workflow, or the id of a run"});
}

TEST(Triggers, have_one_kind_each) {
  EXPECT_EQ(read("  - {timezone: UTC}\n").mistakes, Mistakes{"4:5 E105 a trigger needs 'schedule' or 'run'"});
  EXPECT_EQ(read("  - {schedule: \"@daily\", run: x}\n").mistakes,
            Mistakes{"4:26 E113 'schedule' and 'run' exclude each other in one trigger; write two"});
  EXPECT_EQ(read("  - {schedule: \"@daily\", state: ok}\n").mistakes,
            Mistakes{"4:26 E113 'state' goes with 'run' only"});
  EXPECT_EQ(read("  - {run: x, catch_up: all}\n").mistakes, Mistakes{"4:14 E113 'catch_up' goes with 'schedule' only"});
}

TEST(Triggers, kinds_that_are_not_built_and_unknown_keys_are_refused_by_name) {
  EXPECT_EQ(read("  - {file: \"in/(.*)\", settle: 5s}\n").mistakes,
            (Mistakes{"4:6 E103 'triggers.file' is not in this version of fugle",
                      "4:23 E103 'triggers.settle' is not in this version of fugle"}));
  EXPECT_EQ(read("  - {shedule: \"@daily\"}\n").mistakes,
            Mistakes{"4:6 E103 unknown key 'shedule' in triggers; did you mean 'schedule'?"});
}

TEST(Triggers, take_no_expressions_and_no_other_shapes) {
  EXPECT_EQ(read("  - {run: \"${{ params.x }}\"}\n").mistakes, Mistakes{"4:11 E104 'run' takes no ${{ }} expression"});
  EXPECT_EQ(read("  - daily\n").mistakes, Mistakes{"4:5 E104 'triggers' expects maps in its list, got 'daily'"});
  EXPECT_EQ(read("  schedule: daily\n").mistakes, Mistakes{"4:3 E104 'triggers' expects a list, got a map"});
  EXPECT_EQ(read("  - {run: }\n").mistakes, Mistakes{"4:6 E105 'run' of a trigger has no value"});
}

}  // namespace
}  // namespace fugle::workflow
