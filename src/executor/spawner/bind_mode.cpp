// Ranks of an MPI attempt are bound and get their variables: `bind_rank` of rank_modes.hpp.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>

#include "executor/rank_share.hpp"
#include "executor/spawner/binding.hpp"
#include "executor/spawner/bit_set.hpp"
#include "executor/spawner/rank_modes.hpp"

namespace fugle::spawner {
namespace {

using executor::RankShare;

struct BindOrder {
  std::string mark;
  std::string threads;
  std::vector<RankShare> shares;
  std::vector<std::string> program;
};

BindOrder read_order(std::vector<std::string> words) {
  BindOrder order;
  std::size_t at = 0;
  for (; at < words.size() && words[at] != "--"; ++at) {
    if (words[at] == "--mark" && at + 1 < words.size())
      order.mark = words[++at];
    else if (words[at] == "--threads" && at + 1 < words.size())
      order.threads = words[++at];
    else
      order.shares.push_back(executor::share_of_word(words[at]));
  }
  for (++at; at < words.size(); ++at) order.program.push_back(std::move(words[at]));
  return order;
}

/// As the launchers say it: Open MPI, Hydra (MPICH, Intel), MVAPICH, PALS (Cray), Slurm. Slurm last: its variables are
/// also there where an mpirun was started by srun.
std::optional<std::uint32_t> local_rank() {
  for (const char* name : {"OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "MV2_COMM_WORLD_LOCAL_RANK",
                           "PALS_LOCAL_RANKID", "PMI_LOCAL_RANK", "SLURM_LOCALID"})
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0')
      return static_cast<std::uint32_t>(std::strtoul(value, nullptr, 10));
  return std::nullopt;
}

bool is_same_host(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const auto is_short_for = [](std::string_view name, std::string_view whole) {
    return whole.starts_with(name) && whole.substr(name.size()).starts_with('.');
  };
  return is_short_for(a, b) || is_short_for(b, a);
}

const RankShare* share_of_this_node(const std::vector<RankShare>& shares) {
  if (shares.size() == 1) return &shares.front();
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  const char* slurms = std::getenv("SLURMD_NODENAME");
  for (const RankShare& share : shares)
    if (is_same_host(share.node, host) || (slurms != nullptr && share.node == slurms)) return &share;
  std::fprintf(stderr, "fugle: node '%s' is not of this attempt, ranks are not bound there\n", host);
  return nullptr;
}

/// What Slurm gave a step may be less than the job has: then the share that it leaves.
void bind(const std::vector<std::uint32_t>& cpus, bool says_so) {
  const BitSet wanted(cpus);
  const bool is_bound = ::syscall(SYS_sched_setaffinity, 0, wanted.num_bytes(), wanted.data()) == 0;
  const int error = errno;
  const BitSet found = affinity_of(0);
  if ((is_bound && found == wanted) || !says_so) return;
  std::fprintf(stderr, "fugle: cpus %s of this attempt are not all open to its ranks (%s); they run on %s\n",
               executor::rank_share_text::list(wanted.numbers()).c_str(),
               is_bound ? "the launcher allows others" : std::strerror(error),
               executor::rank_share_text::list(found.numbers()).c_str());
}

void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }

void take_share(const RankShare& share, std::optional<std::uint32_t> local) {
  const std::vector<std::uint32_t> cpus = local ? share.cpus_of(*local) : share.cpus;
  if (!cpus.empty()) {
    if (share.is_real) bind(cpus, !local || *local == 0);
    set("FUGLE_CPUS", executor::rank_share_text::list(BitSet(cpus).numbers()));
  }
  if (local && *local < share.variables.size())
    for (const auto& [name, value] : share.variables[*local]) set(name.c_str(), value);
}

/// A rank of the attempt has started, in this step of Slurm's if it is one: all ranks write the same.
void leave_mark(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return;
  const char* const job = std::getenv("SLURM_JOB_ID");
  const char* const step = std::getenv("SLURM_STEP_ID");
  if (job != nullptr && step != nullptr) ::dprintf(fd, "%s.%s\n", job, step);
  ::close(fd);
}

}  // namespace

int bind_rank(std::vector<std::string> words) {
  BindOrder order = read_order(std::move(words));
  if (order.shares.empty() || order.program.empty()) {
    std::fputs("fugle-spawner --bind-rank is used by fugle itself; use 'fugle run'\n", stderr);
    return 2;
  }
  const RankShare* const share = share_of_this_node(order.shares);
  if (share == &order.shares.front() && !order.mark.empty()) leave_mark(order.mark);
  if (share != nullptr) take_share(*share, local_rank());
  if (!order.threads.empty()) ::setenv("OMP_NUM_THREADS", order.threads.c_str(), 0);
  return become(std::move(order.program));
}

}  // namespace fugle::spawner
