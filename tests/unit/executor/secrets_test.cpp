// Who is given secrets, and where they are masked.
#include "graph/values.hpp"
#include "unit/executor/executor_fixture.hpp"

namespace fugle::executor {
namespace {

using testing::HasSubstr;
using testing::Not;

class SecretsTest : public ExecutorTest {
 protected:
  SecretsTest() {
    ExecutorOptions with = options({"PATH=/usr/bin:/bin", "TMPDIR=" + folder_.path(), "TOKEN=s3cret-value", "HOME=/h"});
    with.secrets = {{"TOKEN", "s3cret-value"}, {"OTHER", "an0ther"}};
    restart(std::move(with));
  }
  [[nodiscard]] Job job_with(const std::string& script, std::vector<std::string> secrets) const {
    Job job = shell(script);
    job.task.secrets = std::move(secrets);
    return job;
  }
};

TEST_F(SecretsTest, are_in_the_environment_of_those_who_list_them_alone) {
  EXPECT_EQ(output_of(job_with("echo ${#TOKEN} ${OTHER-none} $HOME", {"TOKEN"})), "12 none /h\n");
}

TEST_F(SecretsTest, need_not_be_in_the_environment_of_the_run) {
  EXPECT_EQ(output_of(job_with("echo ${TOKEN-none} ${#OTHER}", {"OTHER"})), "none 7\n");
}

TEST_F(SecretsTest, are_in_no_environment_of_those_who_list_none) {
  EXPECT_EQ(output_of(job_with("env | grep -c -e TOKEN -e OTHER || true", {})), "0\n");
}

TEST_F(SecretsTest, are_masked_in_the_output_also_where_it_comes_in_pieces) {
  EXPECT_EQ(output_of(job_with("echo \"<$TOKEN>\"; printf s3cr; sleep 0.1; printf 'et-value s3cret-'", {"TOKEN"})),
            "<***>\n*** s3cret-");
}

TEST_F(SecretsTest, are_masked_in_both_streams_and_in_a_log_of_its_own) {
  Job job = job_with("echo $TOKEN >&2; echo $TOKEN", {"TOKEN"});
  job.task.log = graph::LogMode::split;
  EXPECT_THAT(output_of(job), Not(HasSubstr("s3cret")));
  Job other = job_with("printf 'a%s' $TOKEN; printf s3", {"TOKEN"});
  other.task.log = graph::LogMode::file;
  other.text.log = folder_ / "own.log";
  EXPECT_EQ(run(other).reason, "");
  EXPECT_EQ(read_text(folder_ / "own.log"), "a***s3");
}

TEST_F(SecretsTest, are_masked_in_values_and_reasons) {
  Job job = job_with("echo \"v=is $TOKEN!\" >> \"$FUGLE_OUTPUT\"", {"TOKEN"});
  add_output(job, "v", "");
  job.task.output_kinds = {graph::OutputKind::value};
  const auto values = graph::decode_values(run(job).values);
  ASSERT_TRUE(values.has_value());
  EXPECT_EQ(values->front().text, "is ***!");
  Job failing = job_with("echo \"x: $TOKEN\" >> \"$FUGLE_OUTPUT\"", {"TOKEN"});
  add_output(failing, "v", "");
  failing.task.output_kinds = {graph::OutputKind::value};
  const AttemptReport report = run(failing);
  EXPECT_EQ(report.cls, FailureClass::output);
  EXPECT_THAT(report.reason, HasSubstr("'x: ***'"));
}

TEST_F(SecretsTest, that_nobody_knows_are_told_when_the_attempt_starts) {
  const AttemptReport report = run(job_with("true", {"MISSING"}));
  EXPECT_EQ(report.cls, FailureClass::launch);
  EXPECT_EQ(report.reason, "secret 'MISSING' is not set");
}

}  // namespace
}  // namespace fugle::executor
