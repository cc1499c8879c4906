// A member of a party that does not lead: it keeps its place until it is dismissed or stopped, and runs what the leader
// asks for in the meantime. Here the tests are the leader. With MPI and two nodes: tests/mpi/mpi_party_test.cpp.
#include <algorithm>

#include "unit/executor/executor_fixture.hpp"

namespace fugle::executor {
namespace {

using scheduler::PartyWord;
using testing::IsEmpty;
using testing::StartsWith;

class PartyTest : public ExecutorTest {
 protected:
  void host(std::uint32_t element = 1) {
    Job job = program({"/bin/true"}, element);
    job.task.shape.nodes = 2;
    job.task.shape.ranks = 2;
    scheduler::Launch launch = job.launch();
    launch.party = {{WorkerId(0), "n0", {}}, {WorkerId(3), "n1", {}}};
    launch.position = 1;
    executor_->host(launch);
  }
  void ask_for(const std::string& command, std::uint16_t attempt = 1) {
    executor_->hear({ElementId(1), attempt, 0, 1, std::string("run\0", 4) + command});
  }
  /// "CODE CLASS REASON", the parts divided by commas.
  std::string answer() {
    for (int i = 0; i < 3000 && words_.empty(); ++i) {
      pollfd waiting{executor_->fd(), POLLIN, 0};
      ::poll(&waiting, 1, 10);
      executor_->poll(reports_);
      executor_->poll_words(words_);
    }
    if (words_.empty()) return "no word came";
    const PartyWord word = words_.front();
    words_.erase(words_.begin());
    EXPECT_EQ(word.element, ElementId(1));
    EXPECT_EQ(word.from, 1u);
    EXPECT_EQ(word.to, 0u);
    std::string text = word.bytes;
    EXPECT_TRUE(text.starts_with(std::string("ended\0", 6))) << text;
    std::ranges::replace(text, '\0', ',');
    return text.substr(6);
  }
  void expect_end(FailureClass cls) {
    const AttemptReport end = ended();
    EXPECT_EQ(end.element, ElementId(1));
    EXPECT_EQ(end.attempt, 1);
    EXPECT_EQ(end.cls, cls) << end.reason;
    executor_->poll(reports_);
    EXPECT_THAT(reports_, IsEmpty()) << "it is told once, and never as started";
  }

  std::vector<PartyWord> words_;
};

TEST_F(PartyTest, a_part_ends_when_it_is_dismissed_and_not_before) {
  host();
  EXPECT_EQ(run(shell("true", 2)).element, ElementId(2)) << "the others go on";
  reports_.clear();
  executor_->dismiss(ElementId(9));
  executor_->poll(reports_);
  EXPECT_THAT(reports_, IsEmpty());
  executor_->dismiss(ElementId(1));
  expect_end(FailureClass::none);
  executor_->dismiss(ElementId(1));
  executor_->poll(reports_);
  EXPECT_THAT(reports_, IsEmpty());
}

TEST_F(PartyTest, a_part_that_is_stopped_is_cancelled) {
  host();
  executor_->stop(ElementId(1), scheduler::StopReason::cancelled);
  expect_end(FailureClass::cancelled);
}

TEST_F(PartyTest, what_the_leader_asks_for_runs_one_after_the_other_and_is_answered) {
  host();
  ask_for("echo first >> order; exit 4");
  ask_for("echo second >> order");
  EXPECT_THAT(answer(), StartsWith("4,"));
  EXPECT_THAT(answer(), StartsWith("0,0,"));
  EXPECT_EQ(read_text(folder_ / "order"), "first\nsecond\n");
  executor_->dismiss(ElementId(1));
  expect_end(FailureClass::none);
}

TEST_F(PartyTest, what_still_runs_ends_with_the_part) {
  host();
  ask_for("echo $$ > pid; exec sleep 600");
  ask_for("touch late");
  const pid_t pid = read_pid(folder_ / "pid");
  executor_->dismiss(ElementId(1));
  const AttemptReport end = ended();
  EXPECT_EQ(end.element, ElementId(1));
  EXPECT_FALSE(is_alive(pid)) << "nothing is left when the end is told";
  EXPECT_FALSE(std::filesystem::exists(folder_ / "late"));
}

TEST_F(PartyTest, what_is_asked_of_a_part_that_is_not_here_is_refused) {
  ask_for("touch wrong");
  EXPECT_EQ(answer(), "255");
  host();
  ask_for("touch wrong", 2);
  EXPECT_EQ(answer(), "255");
  executor_->dismiss(ElementId(1));
  expect_end(FailureClass::none);
  ask_for("touch wrong");
  EXPECT_EQ(answer(), "255");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "wrong"));
}

TEST_F(PartyTest, a_word_that_was_taken_wakes_nobody_again) {
  ask_for("true");
  EXPECT_EQ(answer(), "255");
  pollfd waiting{executor_->fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 0), 0);
}

TEST_F(PartyTest, a_part_is_lost_with_the_spawner) {
  host();
  ::kill(spawner_->pid(), SIGKILL);
  expect_end(FailureClass::lost);
  host();
  expect_end(FailureClass::lost);
}

}  // namespace
}  // namespace fugle::executor
