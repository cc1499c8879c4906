#include "executor/launcher.hpp"

#include <gmock/gmock.h>

#include <memory>

namespace fugle::executor {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

Launchers slurm_and_open_mpi() {
  return {"/x/fugle-spawner", "/usr/bin/srun", "17", "/usr/bin/mpirun", Launchers::Mpirun::open_mpi, false, false};
}

/// Three ranks of two cores on two nodes.
RankOrder two_nodes() {
  RankOrder order;
  order.name = "wrf[3]";
  order.shares = {{"n1", 2, true, {0, 1, 2, 3}, {}}, {"n4", 1, true, {6, 7}, {}}};
  order.ranks = 3;
  order.cores_per_rank = 2;
  order.mem_bytes = std::uint64_t{3} << 30;
  order.agent = "socket/3/1";
  return order;
}

std::string text_of(const Words& words) {
  std::string text;
  for (const std::string& word : words) text += " " + word;
  return text + " ";
}

TEST(LaunchWords, of_srun_say_everything) {
  const LaunchWords launch = launch_words("srun", slurm_and_open_mpi(), two_nodes());
  EXPECT_TRUE(launch.by_srun);
  for (const char* word :
       {"/usr/bin/srun", "--jobid=17", "--nodes=2", "--ntasks=3", "--ntasks-per-node=2", "--cpus-per-task=2", "--exact",
        "--overlap", "--mem=3072M", "--nodelist=n1,n4", "--mpi=pmix", "--cpu-bind=none", "--gres=none",
        "--job-name=wrf[3]", "SRUN_CPUS_PER_TASK=2", "SLURM_PMIX_FENCE=ring", "SLURM_JOB_NODELIST=n1,n4"})
    EXPECT_THAT(launch.words, Contains(word));
}

TEST(LaunchWords, of_srun_open_all_gpus_of_the_node_and_leave_the_choice_to_the_binding) {
  RankOrder order = two_nodes();
  order.gpus_per_node = 4;
  order.shares[0].variables = {{{"CUDA_VISIBLE_DEVICES", "2"}}, {{"CUDA_VISIBLE_DEVICES", "3"}}};
  const Words words = launch_words("srun", slurm_and_open_mpi(), order).words;
  EXPECT_THAT(words, Contains("--gres=gpu:4"));
  EXPECT_THAT(words, Contains("n1=2=0-3=CUDA_VISIBLE_DEVICES:2|CUDA_VISIBLE_DEVICES:3"));
}

TEST(LaunchWords, of_mpirun_name_nodes_and_slots_and_bind_nothing) {
  const LaunchWords launch = launch_words("mpirun", slurm_and_open_mpi(), two_nodes());
  EXPECT_FALSE(launch.by_srun);
  const std::string text = text_of(launch.words);
  EXPECT_THAT(text, HasSubstr(" /usr/bin/mpirun --host n1:2,n4:1 -n 3 --map-by slot --oversubscribe --bind-to none "));
  EXPECT_THAT(text, HasSubstr(" --mca ras ^slurm"));
  EXPECT_THAT(launch.words, Contains("/x/fugle-spawner --agent socket/3/1"));
  EXPECT_THAT(text, HasSubstr(" --mca btl vader,tcp,self "));
}

TEST(LaunchWords, of_mpirun_leave_the_network_to_who_chose_one_or_has_a_fast_one) {
  RankOrder order = two_nodes();
  order.user_chose_network = true;
  EXPECT_THAT(launch_words("mpirun", slurm_and_open_mpi(), order).words, Not(Contains("btl")));
  Launchers fast = slurm_and_open_mpi();
  fast.has_fast_network = true;
  EXPECT_THAT(launch_words("mpirun", fast, two_nodes()).words, Not(Contains("btl")));
}

TEST(LaunchWords, of_mpichs_mpirun_are_its_own) {
  Launchers launchers = slurm_and_open_mpi();
  launchers.kind = Launchers::Mpirun::hydra;
  const std::string text = text_of(launch_words("mpirun", launchers, two_nodes()).words);
  EXPECT_THAT(text, HasSubstr(" -hosts n1:2,n4:1 -n 3 -bind-to none "));
  EXPECT_THAT(text, Not(HasSubstr("--mca")));
}

TEST(LaunchWords, are_srun_in_a_job_and_mpirun_outside) {
  EXPECT_TRUE(launch_words("auto", slurm_and_open_mpi(), two_nodes()).by_srun);
  Launchers outside = slurm_and_open_mpi();
  outside.srun.clear();
  EXPECT_FALSE(launch_words("auto", outside, two_nodes()).by_srun);
  EXPECT_THAT(launch_words("auto", outside, two_nodes()).words, Contains("/usr/bin/mpirun"));
}

/// What srun can do is asked where it is called: then one of the two is taken.
TEST(LaunchWords, in_a_job_leave_the_choice_between_srun_and_mpirun_to_the_moment) {
  const Words words = launch_words("auto", slurm_and_open_mpi(), two_nodes()).words;
  const auto choose = std::ranges::find(words, "--choose");
  ASSERT_NE(choose, words.end());
  const std::size_t num_of_srun = std::stoul(choose[1]);
  const auto begin = std::ranges::find(words, "--") + 1;
  EXPECT_EQ(begin[0], "/usr/bin/srun");
  EXPECT_EQ(begin[static_cast<std::ptrdiff_t>(num_of_srun)], "/usr/bin/mpirun");
  EXPECT_EQ(begin[static_cast<std::ptrdiff_t>(num_of_srun + std::stoul(choose[2]))], "/x/fugle-spawner");
}

TEST(LaunchWords, fill_a_template_and_keep_its_quotes) {
  const Words words = launch_words("aprun -n {ranks} -N{nodes} '-d {cores}' {hostlist}", {"/x/s"}, two_nodes()).words;
  EXPECT_THAT(text_of(words), HasSubstr(" aprun -n 3 -N2 -d 2 n1,n4 /x/s --bind-rank "));
  EXPECT_THAT(words, Contains("-d 2"));
}

TEST(LaunchWords, are_none_without_a_launcher) {
  EXPECT_THAT(launch_words("none", slurm_and_open_mpi(), two_nodes()).words, testing::IsEmpty());
}

TEST(LaunchWords, say_what_is_missing) {
  EXPECT_THAT(launch_words("srun", {"/x/s"}, two_nodes()).problem, HasSubstr("inside a Slurm job only"));
  EXPECT_THAT(launch_words("auto", {"/x/s"}, two_nodes()).problem, HasSubstr("'mpirun' not found in PATH"));
}

TEST(RankShare, survives_its_word) {
  const RankShare share{"n1", 2, false, {0, 64, 1, 65}, {{{"A", "1,2"}, {"B", ""}}, {{"A", "GPU-7/3"}}}};
  EXPECT_EQ(share_of_word(word_of(share)), share);
  EXPECT_EQ(word_of(share), "n1=2=~0,64,1,65=A:1,2;B:|A:GPU-7/3");
}

TEST(RankShare, gives_equal_parts_in_order) {
  const RankShare share{"n1", 2, true, {0, 64, 1, 65}, {}};
  EXPECT_THAT(share.cpus_of(0), ElementsAre(0, 64));
  EXPECT_THAT(share.cpus_of(1), ElementsAre(1, 65));
  EXPECT_EQ(share.cpus_of(2), share.cpus);  // nobody we know
  const RankShare narrow{"n1", 3, true, {4, 5}, {}};
  EXPECT_EQ(narrow.cpus_of(1), narrow.cpus);
}

scheduler::Launch launch_on(std::uint32_t ranks, scheduler::Place place) {
  graph::Task task;
  task.shape.ranks = ranks;
  task.shape.gpus_per_rank = 1;
  scheduler::Launch launch;
  launch.task = std::make_shared<graph::Task>(task);
  launch.place = std::move(place);
  launch.granted = {ranks, 0, static_cast<std::uint32_t>(launch.place.gpus.size())};
  return launch;
}

TEST(RankShares, give_each_rank_the_gpu_nearest_to_its_cores) {
  const std::vector<topology::Device> gpus{{"cuda0", "nvidia", 0, 0, 0, {}}, {"cuda1", "nvidia", 1, 1, 0, {}}};
  const std::vector<topology::Pu> pus{{0, 0, 0, 0, 0}, {1, 1, 1, 1, 0}};
  const auto shares = rank_shares(launch_on(2, {{1, 0}, {}, {0, 1}, true}), "here", gpus, pus, {});
  ASSERT_EQ(shares.size(), 1u);
  ASSERT_EQ(shares[0].variables.size(), 2u);
  EXPECT_THAT(shares[0].variables[0], Contains(std::pair<std::string, std::string>("CUDA_VISIBLE_DEVICES", "1")));
  EXPECT_THAT(shares[0].variables[1], Contains(std::pair<std::string, std::string>("CUDA_VISIBLE_DEVICES", "0")));
}

TEST(RankShares, let_ranks_share_gpus_that_are_of_no_rank) {
  scheduler::Launch launch = launch_on(2, {{0, 1}, {}, {1, 0}, true});
  graph::Task task = *launch.task;
  task.shape.gpus_per_rank = 0;
  launch.task = std::make_shared<graph::Task>(task);
  const std::vector<RankShare> shares = rank_shares(launch, "here", {}, {}, {});
  for (const RankShare::Variables& rank : shares.at(0).variables)
    EXPECT_THAT(rank, Contains(std::pair<std::string, std::string>("CUDA_VISIBLE_DEVICES", "1,0")));
  EXPECT_EQ(shares.at(0).variables.size(), 2u);
}

TEST(HostFile, names_exactly_the_lease) {
  scheduler::Launch alone = launch_on(0, {});
  alone.granted.cores = 4;
  EXPECT_EQ(host_file_text(alone, "here"), "here slots=4\n");
  graph::Task task;
  task.shape.nodes = 2;
  task.shape.ranks = 3;
  scheduler::Launch party;
  party.task = std::make_shared<graph::Task>(task);
  party.party = {{WorkerId(0), "n7", {}}, {WorkerId(1), "n2", {}}};
  EXPECT_EQ(host_file_text(party, "here"), "n7 slots=2\nn2 slots=1\n");
}

}  // namespace
}  // namespace fugle::executor
