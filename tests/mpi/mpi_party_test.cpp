// MPI attempts over several nodes without Slurm: two executors in this process, connected by hand as the head would do
// it. The second one's spawner sits under a host name of its own, so that MPI sees another node.
#include <sys/stat.h>

#include <cstdlib>

#include "transport/debris.hpp"
#include "unit/executor/executor_fixture.hpp"

namespace fugle::executor {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kOtherNode = "127.0.1.2";  // a name that nobody has to look up
const std::string kUnshare = std::string("unshare ") + (::geteuid() == 0 ? "" : "-Ur ") + "--uts ";

std::string own_host() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

class MpiParty : public ExecutorTest {
 protected:
  void SetUp() override {
    if (std::system((kUnshare + "hostname there 2>/dev/null").c_str()) != 0)
      GTEST_SKIP() << "no host names of their own here (unshare --uts is refused): nodes can not be played";
    const std::string starter = folder_ / "spawner-there";
    write_text(starter, "#!/bin/sh\nexec " + kUnshare + "sh -c 'hostname " + kOtherNode + "; exec " +
                            FUGLE_SPAWNER_PROGRAM + "'\n");
    ::chmod(starter.c_str(), 0700);
    other_spawner_.emplace(starter);
    ExecutorOptions here = options({"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/nowhere", "TMPDIR=" + folder_.path()});
    ExecutorOptions there = here;
    there.worker = WorkerId(4);
    there.host = kOtherNode;
    restart(std::move(here));
    other_.emplace(*other_spawner_, std::move(there));
  }

  /// On stand-in machines; the cores of the other node have other numbers.
  [[nodiscard]] scheduler::Launch launch(Job job, std::uint32_t ranks) const {
    job.task.shape.nodes = 2;
    job.task.shape.ranks = ranks;
    scheduler::Launch launch = job.launch();
    launch.granted.cores = job.task.shape.ranks_on(0);
    scheduler::Member here{WorkerId(3), own_host(), {{}, {}, {}, false}};
    scheduler::Member there{WorkerId(4), kOtherNode, {{}, {}, {}, false}};
    for (std::uint32_t i = 0; i < launch.granted.cores; ++i) {
      here.place.cpus.push_back(i);
      there.place.cpus.push_back(10 + i);
    }
    launch.party = {here, there};
    launch.place = here.place;
    return launch;
  }
  void start_both(const scheduler::Launch& launch) {
    scheduler::Launch part = launch;
    part.position = 1;
    part.place = launch.party[1].place;
    other_->host(part);
    executor_->start(launch);
  }
  void pump() {
    ::usleep(2000);
    executor_->poll(reports_);
    other_->poll(other_reports_);
    std::vector<scheduler::PartyWord> words;
    executor_->poll_words(words);
    other_->poll_words(words);
    for (const scheduler::PartyWord& word : words) (word.to == 0 ? *executor_ : *other_).hear(word);
  }
  static const AttemptReport* find_end(const std::vector<AttemptReport>& reports) {
    for (const AttemptReport& report : reports)
      if (report.kind == AttemptReport::Kind::ended) return &report;
    return nullptr;
  }
  /// Of both, once the leader's part has ended and the other was dismissed.
  std::pair<AttemptReport, AttemptReport> ends() {
    const bool has_ended = becomes_true([&] {
      pump();
      return find_end(reports_) != nullptr;
    });
    EXPECT_TRUE(has_ended);
    other_->dismiss(ElementId(0));
    const bool has_left = becomes_true([&] {
      pump();
      return find_end(other_reports_) != nullptr;
    });
    EXPECT_TRUE(has_left);
    if (!has_ended || !has_left) return {};
    return {*find_end(reports_), *find_end(other_reports_)};
  }
  [[nodiscard]] Job ranks(std::vector<std::string> words) const {
    words.insert(words.begin(), FUGLE_RANKS_PROGRAM);
    return program(std::move(words));
  }
  /// Of this run, whoever started them.
  [[nodiscard]] std::vector<std::string> processes_left() const {
    std::vector<std::string> left;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      const std::string environment = read_text(entry.path() / "environ");
      if (environment.find("FUGLE_RUN_DIR=" + folder_.path() + '\0') != std::string::npos)
        left.push_back(read_text(entry.path() / "comm"));
    }
    return left;
  }

  std::optional<Spawner> other_spawner_;
  std::optional<ProcessExecutor> other_;
  std::vector<AttemptReport> other_reports_;
};

TEST_F(MpiParty, has_its_ranks_on_both_nodes_as_one_world) {
  const Job job = ranks({});
  start_both(launch(job, 3));
  const auto [here, there] = ends();
  EXPECT_EQ(here.reason, "") << output(job);
  EXPECT_EQ(there.reason, "");
  const std::string text = output(job);
  EXPECT_THAT(text, AllOf(HasSubstr("rank 0 of 3 host " + own_host() + " cpus 0 "),
                          HasSubstr("rank 1 of 3 host " + own_host() + " cpus 1 "),
                          HasSubstr("rank 2 of 3 host " + std::string(kOtherNode) + " cpus 10 ")));
  EXPECT_GT(there.cpu_ms, 0u);
}

TEST_F(MpiParty, gives_ranks_on_the_other_node_the_environment_of_the_attempt) {
  Job job = ranks({"environment"});
  job.task.env = {{"MY_WORD", "shibboleth"}};
  start_both(launch(job, 2));
  EXPECT_EQ(ends().first.reason, "") << output(job);
  const std::string text = output(job);
  const std::size_t first = text.find("MY_WORD=shibboleth");
  ASSERT_NE(first, std::string::npos) << text;
  EXPECT_NE(text.find("MY_WORD=shibboleth", first + 1), std::string::npos) << text;
}

TEST_F(MpiParty, tells_a_script_its_nodes) {
  Job job = shell("cat $FUGLE_HOSTFILE; echo nodes $FUGLE_NODES ranks $FUGLE_RANKS; \x1FL0\x1F " +
                  std::string(FUGLE_RANKS_PROGRAM));
  start_both(launch(job, 4));
  EXPECT_EQ(ends().first.reason, "") << output(job);
  EXPECT_THAT(output(job),
              AllOf(HasSubstr(own_host() + " slots=2\n" + kOtherNode + " slots=2\n"), HasSubstr("nodes 2 ranks 4"),
                    HasSubstr("rank 3 of 4 host " + std::string(kOtherNode))));
}

TEST_F(MpiParty, leaves_nothing_on_either_node_when_a_rank_is_killed) {
  start_both(launch(ranks({"touch", folder_ / "here", "segfault", "hang"}), 2));
  const auto [here, there] = ends();
  EXPECT_EQ(here.cls, FailureClass::signal) << here.reason;
  EXPECT_EQ(here.exit, -SIGSEGV);
  EXPECT_THAT(processes_left(), testing::IsEmpty());
}

TEST_F(MpiParty, leaves_nothing_on_either_node_when_it_is_stopped) {
  start_both(launch(ranks({"touch", folder_ / "here", "hang"}), 2));
  ASSERT_TRUE(becomes_true([&] {
    pump();
    return std::filesystem::exists(folder_ / "here.0") && std::filesystem::exists(folder_ / "here.1");
  }));
  executor_->stop(ElementId(0), scheduler::StopReason::cancelled);
  EXPECT_EQ(ends().first.cls, FailureClass::cancelled);
  EXPECT_THAT(processes_left(), testing::IsEmpty());
}

TEST_F(MpiParty, of_which_one_node_has_not_enough_memory_ends_for_that) {
  if (kIsSanitized) GTEST_SKIP() << "a sanitizer's own memory is over any limit";
  Job job =
      program({"bash", "-c", "[ $(hostname) = 127.0.1.2 ] && x=$(head -c 90000000 /dev/zero | tr '\\0' x); sleep 60"});
  job.task.request.mem_bytes = 100 << 20;
  scheduler::Launch two = launch(job, 2);
  two.granted.mem_bytes = 100 << 20;
  start_both(two);
  const auto [here, there] = ends();
  EXPECT_EQ(here.cls, FailureClass::oom) << here.reason << output(job);
  EXPECT_EQ(there.cls, FailureClass::oom) << there.reason;
}

}  // namespace
}  // namespace fugle::executor
