#include "app/job_board.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>

namespace fugle::app {
namespace {

using std::chrono::seconds;

/// Slurm as the questions see it, and several that wait for jobs of it.
class Board : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "fugle-board-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  JobBoard& waiter(const std::string& job) {
    auto& board = boards_.emplace_back(std::make_unique<JobBoard>(folder_ + "/jobs", [this](const auto& argv) {
      asked_.push_back(argv);
      at_.push_back(now_);
      const auto answer = answers_.find(argv[0]);
      return answer == answers_.end() ? slurm::Answer{0, 1, "", argv[0] + ": error: cannot be reached"}
                                      : answer->second;
    }));
    board->enter({job, ""}, now_);
    return *board;
  }
  void squeue_says(const std::string& lines) { answers_["squeue"] = {0, 0, lines, ""}; }
  static std::string line(const std::string& job, const std::string& state, int status = 0) {
    return fmt::format("{0:<16}{0:<16}{1:<20}{2:<12}{3:<256}\n", job, state, status, "/out");
  }
  /// All look once a second.
  void pass(int num_seconds, std::vector<std::pair<JobBoard*, std::string>> waiters) {
    for (int i = 0; i < num_seconds; ++i, now_ += seconds(1))
      for (auto& [board, job] : waiters) view_ = board->look({job, ""}, now_);
  }

  std::string folder_;
  std::vector<std::unique_ptr<JobBoard>> boards_;
  std::map<std::string, slurm::Answer> answers_;
  std::vector<std::vector<std::string>> asked_;
  std::vector<Time> at_;
  JobBoard::View view_;
  Time now_ = std::chrono::floor<seconds>(std::chrono::system_clock::now());  // files carry times of this clock
};

TEST_F(Board, asks_once_for_all_that_wait) {
  squeue_says(line("1", "RUNNING") + line("2", "RUNNING"));
  JobBoard &a = waiter("1"), &b = waiter("2");
  pass(4, {{&a, "1"}, {&b, "2"}});
  ASSERT_EQ(asked_.size(), 1u);
  EXPECT_EQ(asked_[0], squeue_command({"1", "2"}, ""));
}

TEST_F(Board, asks_soon_for_short_jobs_and_every_30_seconds_for_long_ones) {
  squeue_says(line("1", "RUNNING"));
  JobBoard& a = waiter("1");
  const Time begin = now_;
  pass(200, {{&a, "1"}});
  std::vector<std::int64_t> when;
  for (const Time t : at_) when.push_back(std::chrono::duration_cast<seconds>(t - begin).count());
  EXPECT_EQ(when, (std::vector<std::int64_t>{2, 5, 15, 30, 60, 90, 120, 150, 180}));
}

TEST_F(Board, who_comes_later_does_not_make_it_ask_more_often) {
  squeue_says(line("1", "RUNNING"));
  JobBoard& a = waiter("1");
  pass(100, {{&a, "1"}});
  const std::size_t before = asked_.size();
  JobBoard& b = waiter("2");
  pass(30, {{&a, "1"}, {&b, "2"}});
  EXPECT_EQ(asked_.size(), before + 1);
}

TEST_F(Board, the_answer_reaches_who_did_not_ask) {
  squeue_says(line("1", "FAILED", 768) + line("2", "RUNNING"));
  JobBoard &a = waiter("1"), &b = waiter("2");
  pass(3, {{&b, "2"}});
  pass(1, {{&a, "1"}});
  ASSERT_EQ(view_.news.size(), 1u);
  EXPECT_EQ(view_.news[0].state, "FAILED");
  EXPECT_EQ(view_.news[0].exit_code, 3);
  EXPECT_EQ(asked_.size(), 1u);
}

TEST_F(Board, who_has_ended_is_not_asked_for_again) {
  squeue_says(line("1", "COMPLETED") + line("2", "RUNNING"));
  JobBoard &a = waiter("1"), &b = waiter("2");
  pass(10, {{&a, "1"}, {&b, "2"}});
  EXPECT_EQ(asked_.back(), squeue_command({"2"}, ""));
}

TEST_F(Board, a_squeue_that_fails_changes_nothing) {
  JobBoard& a = waiter("1");
  pass(3600, {{&a, "1"}});
  EXPECT_TRUE(view_.news.empty());
  EXPECT_FALSE(view_.is_lost);
  EXPECT_TRUE(std::ranges::all_of(asked_, [](const auto& argv) { return argv[0] == "squeue"; }));
}

TEST_F(Board, answers_that_are_empty_change_nothing) {
  for (const char* program : {"squeue", "sacct", "scontrol"}) answers_[program] = {0, 0, "", ""};
  JobBoard& a = waiter("1");
  pass(3600, {{&a, "1"}});
  EXPECT_FALSE(view_.is_lost);
}

TEST_F(Board, what_squeue_has_forgotten_is_asked_of_the_accounting) {
  squeue_says("");
  answers_["sacct"] = {0, 0, "1|1|FAILED|4:0\n", ""};
  JobBoard& a = waiter("1");
  pass(10, {{&a, "1"}});
  ASSERT_EQ(view_.news.size(), 1u);
  EXPECT_EQ(view_.news[0].exit_code, 4);
  EXPECT_EQ(asked_.size(), 2u) << "one command at a time";
}

TEST_F(Board, a_job_is_lost_when_slurm_denies_it_and_nothing_keeps_accounts) {
  answers_["squeue"] = {0, 1, "", "slurm_load_jobs error: Invalid job id specified"};
  JobBoard& a = waiter("1");
  pass(5, {{&a, "1"}});
  EXPECT_FALSE(view_.is_lost) << "the accounting was not asked yet";
  answers_["sacct"] = {0, 1, "", "sacct: error: Slurm accounting storage is disabled"};
  pass(120, {{&a, "1"}});
  EXPECT_TRUE(view_.is_lost);
}

TEST_F(Board, a_job_that_is_seen_again_was_never_lost) {
  answers_["squeue"] = {0, 1, "", "slurm_load_jobs error: Invalid job id specified"};
  JobBoard& a = waiter("1");
  pass(5, {{&a, "1"}});
  squeue_says(line("1", "RUNNING"));
  pass(200, {{&a, "1"}});
  answers_["sacct"] = {0, 1, "", "sacct: error: Slurm accounting storage is disabled"};
  pass(200, {{&a, "1"}});
  EXPECT_FALSE(view_.is_lost);
  EXPECT_EQ(view_.news.at(0).state, "RUNNING");
}

TEST_F(Board, who_died_while_waiting_is_not_asked_for_for_ever) {
  squeue_says(line("1", "RUNNING") + line("2", "RUNNING"));
  JobBoard &a = waiter("1"), &dead = waiter("2");
  pass(5, {{&a, "1"}, {&dead, "2"}});
  pass(700, {{&a, "1"}});
  EXPECT_EQ(asked_.back(), squeue_command({"1"}, ""));
}

TEST_F(Board, who_died_while_asking_holds_nobody_up_for_long) {
  squeue_says(line("1", "RUNNING"));
  JobBoard& a = waiter("1");
  std::filesystem::create_directories(folder_ + "/jobs");
  ASSERT_NE(std::fopen((folder_ + "/jobs/ask.1").c_str(), "w"), nullptr);
  pass(60, {{&a, "1"}});
  EXPECT_TRUE(asked_.empty());
  pass(120, {{&a, "1"}});
  EXPECT_FALSE(asked_.empty());
}

TEST_F(Board, one_question_goes_to_one_cluster) {
  squeue_says("");
  JobBoard& a = waiter("1");
  a.enter({"2", "east"}, now_);
  pass(60, {{&a, "1"}});
  for (const auto& argv : asked_)
    EXPECT_TRUE(argv.back() == "--clusters=east" || !argv.back().starts_with("--clusters")) << argv.back();
  EXPECT_TRUE(std::ranges::any_of(asked_, [](const auto& argv) { return argv.back() == "--clusters=east"; }));
}

TEST_F(Board, is_read_as_it_was_written) {
  JobBoard::Board board;
  board.question = 7;
  board.asked = now_;
  board.pause = 3;
  board.kind = 1;
  auto& known = board.jobs[{"5", "east"}];
  known.is_missing = true;
  known.rows["6"] = {"5", "6", "FAILED", 3, 0, "/a path/with  blanks"};
  known.rows["7"] = {"5", "7", "PENDING", 0, 0, ""};
  const auto again = decode_board(encode(board));
  EXPECT_EQ(encode(again), encode(board));
  EXPECT_EQ(again.jobs.at({"5", "east"}).rows.at("6").output, "/a path/with  blanks");
  EXPECT_TRUE(decode_board("rubbish\nrow 1\njob\n\n").jobs.empty());
}

}  // namespace
}  // namespace fugle::app
