// Functions that several workers call together, as far as one worker sees it: the others are played.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "function/function_executor.hpp"
#include "graph/element_text.hpp"

namespace fugle::function {
namespace {

using graph::FailureClass;
using scheduler::AttemptReport;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Played final : public Callable {
 public:
  CallOutcome call(const CallInput& input) override {
    ++num_calls;
    return what_it_does ? what_it_does(input) : CallOutcome{};
  }
  std::function<CallOutcome(const CallInput&)> what_it_does;
  std::atomic<int> num_calls = 0;
};

class FunctionParty : public ::testing::Test {
 protected:
  FunctionParty() {
    run_dir_ = (std::filesystem::temp_directory_path() / "fugle-test-XXXXXX").string();
    EXPECT_NE(::mkdtemp(run_dir_.data()), nullptr);
    FunctionOptions options;
    options.worker = WorkerId(4);
    options.run_id = "run";
    options.run_dir = run_dir_;
    options.find = [this](const std::string&) -> Callable& { return function_; };
    options.join_party = [this](const PartyWish& wish, const std::function<bool()>& is_given_up) {
      wishes_.push_back(wish);
      return join_(wish, is_given_up);
    };
    options.log = [this](ElementId element, std::uint16_t attempt, std::string_view text) {
      log_ += std::to_string(element.value()) + "." + std::to_string(attempt) + ": " + std::string(text);
    };
    executor_ = std::make_unique<FunctionExecutor>(std::move(options));
    join_ = [this](const PartyWish& wish, const std::function<bool()>&) {
      PartyAnswer answer;
      answer.cls = wish.cls;
      answer.reason = wish.reason;
      if (wish.cls == FailureClass::none) answer.communicator = std::make_shared<int>(7);
      answer.keep = [this] { ++num_kept_; };
      return answer;
    };
  }
  ~FunctionParty() override {
    executor_.reset();
    std::filesystem::remove_all(run_dir_);
  }

  /// The third member of workers 6, 2 and 4.
  scheduler::Launch launch(std::uint16_t attempt = 1, const std::string& scratch_root = {}) const {
    graph::Task task;
    task.kind = graph::TaskKind::function;
    task.isolate = false;
    task.name = task.function = "job";
    task.workdir = "/";
    task.grace = std::chrono::milliseconds(20);
    task.has_scratch = !scratch_root.empty();
    task.scratch_root = scratch_root;
    scheduler::Launch launch;
    launch.element = ElementId(5);
    launch.attempt = attempt;
    launch.id = "job";
    launch.party = {{WorkerId(6), "n0", {}}, {WorkerId(2), "n0", {}}, {WorkerId(4), "n1", {}}};
    launch.position = 2;
    launch.party_number = 40u + attempt;
    graph::pack(task, graph::ElementText{}, launch.packed_text);
    launch.task = std::make_shared<graph::Task>(std::move(task));
    return launch;
  }

  AttemptReport end() {
    std::vector<AttemptReport> reports;
    for (int i = 0; i < 20'000; ++i) {
      executor_->poll(reports);
      for (const AttemptReport& report : reports)
        if (report.kind == AttemptReport::Kind::ended) return report;
      pollfd waiting{executor_->fd(), POLLIN, 0};
      ::poll(&waiting, 1, 1);
    }
    ADD_FAILURE() << "the attempt does not end";
    return {};
  }

  std::string run_dir_;
  Played function_;
  JoinParty join_;
  std::vector<PartyWish> wishes_;
  std::atomic<int> num_kept_ = 0;
  std::string log_;
  std::unique_ptr<FunctionExecutor> executor_;
};

TEST_F(FunctionParty, is_joined_with_the_workers_in_order_and_calls_with_its_communicator) {
  function_.what_it_does = [](const CallInput& input) {
    EXPECT_EQ(*static_cast<const int*>(input.communicator), 7);
    EXPECT_EQ(input.rank, 2u);
    EXPECT_EQ(input.num_ranks, 3u);
    return CallOutcome{};
  };
  executor_->host(launch());
  EXPECT_EQ(end().cls, FailureClass::none);
  ASSERT_EQ(wishes_.size(), 1u);
  EXPECT_THAT(wishes_[0].workers, ElementsAre(6u, 2u, 4u));
  EXPECT_EQ(wishes_[0].position, 2u);
  EXPECT_EQ(wishes_[0].number, 41u);
  EXPECT_EQ(num_kept_, 1);
}

TEST_F(FunctionParty, whose_function_failed_does_not_keep_its_communicator) {
  function_.what_it_does = [](const CallInput&) { return CallOutcome{FailureClass::error, 1, "no", {}}; };
  executor_->host(launch());
  EXPECT_EQ(end().cls, FailureClass::error);
  EXPECT_EQ(num_kept_, 0) << "somebody may still send on it";
}

TEST_F(FunctionParty, hears_of_a_member_that_is_not_ready_and_nobody_calls) {
  executor_->host(launch(1, run_dir_ + "/there-is-no-such-folder"));
  const AttemptReport report = end();
  EXPECT_EQ(wishes_.at(0).cls, FailureClass::setup) << "the others do not wait for it";
  EXPECT_EQ(report.cls, FailureClass::setup);
  EXPECT_THAT(report.reason, HasSubstr("no scratch directory"));
  EXPECT_EQ(function_.num_calls, 0);
}

TEST_F(FunctionParty, that_does_not_come_together_ends_when_it_is_stopped) {
  join_ = [](const PartyWish&, const std::function<bool()>& is_given_up) {
    while (!is_given_up()) std::this_thread::yield();
    return PartyAnswer{{}, {}, FailureClass::cancelled, "given up"};
  };
  executor_->host(launch());
  executor_->stop(ElementId(5), scheduler::StopReason::cancelled);
  EXPECT_EQ(end().cls, FailureClass::cancelled);
  EXPECT_FALSE(executor_->has_abandoned());
  EXPECT_EQ(function_.num_calls, 0);
}

/// As one that waits in MPI for a rank that is gone.
TEST_F(FunctionParty, that_can_not_be_ended_is_abandoned_after_its_grace_and_may_be_called_again) {
  const auto gate = std::make_shared<std::atomic<bool>>(false);
  const auto is_over = std::make_shared<std::atomic<bool>>(false);
  function_.what_it_does = [gate, is_over](const CallInput& input) {
    while (input.attempt == 1 && !*gate) std::this_thread::yield();
    if (input.attempt == 1) *is_over = true;
    return CallOutcome{FailureClass::none, 0, {}, "result"};
  };
  executor_->host(launch());
  while (function_.num_calls == 0) std::this_thread::yield();
  executor_->stop(ElementId(5), scheduler::StopReason::cancelled);
  const AttemptReport first = end();
  EXPECT_EQ(first.cls, FailureClass::cancelled);
  EXPECT_THAT(first.reason, HasSubstr("abandoned"));
  EXPECT_TRUE(executor_->has_abandoned());
  executor_->host(launch(2));
  *gate = true;
  while (!*is_over) std::this_thread::yield();
  const AttemptReport second = end();
  EXPECT_EQ(second.attempt, 2) << "the end of the first one is nobody's any more";
  EXPECT_EQ(second.cls, FailureClass::none);
}

TEST_F(FunctionParty, says_lines_for_the_log_of_its_attempt_before_its_end_is_told) {
  function_.what_it_does = [](const CallInput& input) {
    (*input.log)("one");
    (*input.log)("two");
    return CallOutcome{};
  };
  executor_->host(launch(3));
  (void)end();
  EXPECT_EQ(log_, "5.3: one\ntwo\n");
}

}  // namespace
}  // namespace fugle::function
