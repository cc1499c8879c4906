#include "executor/launcher.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/shell_words.hpp"
#include "base/text.hpp"
#include "executor/environment.hpp"
#include "executor/find_program.hpp"

namespace fugle::executor {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

void append(Words& words, Words more) {
  for (std::string& word : more) words.push_back(std::move(word));
}

/// MPICH's and Intel's mpirun end up as "mpiexec.hydra", Open MPI's as "orterun" or "prterun".
Launchers::Mpirun kind_of(const std::string& mpirun) {
  if (mpirun.empty()) return Launchers::Mpirun::none;
  std::error_code error;
  const std::string real = fs::canonical(mpirun, error).filename();
  const bool is_hydra = real.find("hydra") != std::string::npos || real.find("mpich") != std::string::npos;
  return is_hydra ? Launchers::Mpirun::hydra : Launchers::Mpirun::open_mpi;
}

bool is_there_a_fast_network() {
  std::error_code error;
  const fs::directory_iterator devices("/sys/class/infiniband", error);
  return !error && devices != fs::directory_iterator();
}

Words bind_words(const Launchers& launchers, const RankOrder& order) {
  Words words{launchers.own_program, "--bind-rank"};
  if (!order.mark.empty()) append(words, {"--mark", order.mark});
  append(words, {"--threads", std::to_string(order.cores_per_rank)});
  for (const RankShare& share : order.shares) words.push_back(word_of(share));
  words.emplace_back("--");
  return words;
}

std::string node_list(const RankOrder& order) {
  Words names;
  for (const RankShare& share : order.shares) names.push_back(share.node);
  return join(names, ",");
}

std::string hosts_with_slots(const RankOrder& order) {
  Words hosts;
  for (const RankShare& share : order.shares) hosts.push_back(fmt::format("{}:{}", share.node, share.ranks));
  return join(hosts, ",");
}

/// "0x30" for {4, 5}.
std::string mask_of(const std::vector<std::uint32_t>& cpus) {
  std::vector<unsigned> digits(1);
  for (const std::uint32_t cpu : cpus) {
    if (cpu / 4 >= digits.size()) digits.resize(cpu / 4 + 1);
    digits[cpu / 4] |= 1u << (cpu % 4);
  }
  std::string mask = "0x";
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) mask += fmt::format("{:x}", *digit);
  return mask;
}

Words masks_of(const RankShare& share) {
  Words masks;
  for (std::uint32_t rank = 0; rank < share.ranks && share.is_real && !share.cpus.empty(); ++rank)
    masks.push_back(mask_of(share.cpus_of(rank)));
  return masks;
}

/// Of ranks that start inside an image, where our program is not to be had. Slurm takes one list for the ranks of any
/// node, so that where nodes differ they are not bound.
std::string binding_by_srun(const RankOrder& order) {
  const Words masks = masks_of(order.shares.front());
  for (const RankShare& share : order.shares) {
    const Words here = masks_of(share);
    if (here.empty() || here.size() > masks.size() || !std::equal(here.begin(), here.end(), masks.begin()))
      return "--cpu-bind=none";
  }
  return "--cpu-bind=mask_cpu:" + join(masks, ",");
}

/// Slurm takes what is not said from the job: so all is said.
Words srun_words(const Launchers& launchers, const RankOrder& order) {
  std::uint32_t most = 1;
  for (const RankShare& share : order.shares) most = std::max(most, share.ranks);
  Words words{
      launchers.srun,
      "--jobid=" + launchers.job_id,
      "--job-name=" + order.name,
      fmt::format("--nodes={}", order.shares.size()),
      "--nodelist=" + node_list(order),
      fmt::format("--ntasks={}", order.ranks),
      fmt::format("--ntasks-per-node={}", most),
      fmt::format("--cpus-per-task={}", order.cores_per_rank),
      "--distribution=block",
      "--overlap",
      "--exact",
      fmt::format("--mem={}",
                  order.mem_bytes == 0 ? "0" : fmt::format("{}M", std::max<std::uint64_t>(order.mem_bytes >> 20, 1))),
      order.gpus_per_node == 0 ? "--gres=none" : fmt::format("--gres=gpu:{}", order.gpus_per_node),
      "--mpi=pmix",
      order.srun_options.empty() ? "--cpu-bind=none" : binding_by_srun(order),
      "--export=ALL",
      "--input=none",
      "--kill-on-bad-exit=1"};
  if (!order.workdir.empty()) words.push_back("--chdir=" + order.workdir);
  append(words, order.srun_options);
  return words;
}

/// Slurm's PMIx meets over the nodes it believes to be the job's, and counts on a tree that small jobs do not have.
Words srun_variables(const RankOrder& order) {
  const std::string nodes = node_list(order);
  const std::string count = std::to_string(order.shares.size());
  return {"SLURM_JOB_NODELIST=" + nodes,  "SLURM_NODELIST=" + nodes,
          "SLURM_JOB_NUM_NODES=" + count, "SLURM_NNODES=" + count,
          "SLURM_PMIX_FENCE=ring",        fmt::format("SRUN_CPUS_PER_TASK={}", order.cores_per_rank)};
}

bool is_stand_in(const RankOrder& order) {
  return std::ranges::any_of(order.shares, [](const RankShare& share) { return !share.is_real; });
}

Words open_mpi_words(const Launchers& launchers, const RankOrder& order) {
  Words words{launchers.mpirun, "--host", hosts_with_slots(order), "-n",        std::to_string(order.ranks),
              "--map-by",       "slot",   "--oversubscribe",       "--bind-to", "none"};
  const auto set = [&words](const char* name, const std::string& value) { append(words, {"--mca", name, value}); };
  // The nodes are those above, whatever job we are in.
  set("ras", "^slurm,tm,lsf,gridengine,loadleveler");
  set("plm", "^slurm,tm,lsf,alps");
  if (order.shares.size() > 1) {
    set("plm_rsh_agent", fmt::format("{} --agent {}", launchers.own_program, order.agent));
    set("plm_rsh_no_tree_spawn", "1");
    set("orte_leave_session_attached", "1");  // the daemons stay children of those who watch them
  }
  set("odls_base_sigkill_timeout", "1");
  if (!launchers.has_fast_network && !order.user_chose_network) {
    set("pml", "ob1");  // else 0.2 s are spent on a search for networks that are not there
    set("btl", "vader,tcp,self");
  }
  if (is_stand_in(order)) set("mpi_yield_when_idle", "1");  // there are fewer cores than it seems
  if (launchers.is_root) words.emplace_back("--allow-run-as-root");
  return words;
}

Words hydra_words(const Launchers& launchers, const RankOrder& order) {
  Words words{launchers.mpirun, "-hosts", hosts_with_slots(order), "-n", std::to_string(order.ranks),
              "-bind-to",       "none"};
  if (order.shares.size() > 1)
    append(words, {"-launcher", "ssh"});
  else
    append(words, {"-launcher", "fork"});
  append(words, {"-rmk", "user"});  // the nodes are those above, whatever job we are in
  return words;
}

Words mpirun_words(const Launchers& launchers, const RankOrder& order) {
  if (launchers.kind == Launchers::Mpirun::none) return {};
  return launchers.kind == Launchers::Mpirun::hydra ? hydra_words(launchers, order) : open_mpi_words(launchers, order);
}

std::string fill(std::string_view text, const RankOrder& order) {
  const std::pair<std::string_view, std::string> names[] = {{"{ranks}", std::to_string(order.ranks)},
                                                            {"{nodes}", std::to_string(order.shares.size())},
                                                            {"{hostlist}", node_list(order)},
                                                            {"{cores}", std::to_string(order.cores_per_rank)}};
  std::string filled;
  while (!text.empty()) {
    const auto* const name =
        std::ranges::find_if(names, [text](const auto& entry) { return text.starts_with(entry.first); });
    if (name != std::end(names)) {
      filled += name->second;
      text.remove_prefix(name->first.size());
    } else {
      filled += text.front();
      text.remove_prefix(1);
    }
  }
  return filled;
}

Words words_of_template(std::string_view text, const RankOrder& order) {
  Words words = shell_words(text);
  for (std::string& word : words) word = fill(word, order);
  return words;
}

LaunchWords no_launcher(std::string problem) {
  LaunchWords none;
  none.problem = std::move(problem);
  return none;
}

}  // namespace

Launchers find_launchers(const std::vector<std::string>& environment, std::string own_program, std::string job_id) {
  Launchers launchers;
  launchers.own_program = std::move(own_program);
  launchers.job_id = std::move(job_id);
  if (!launchers.job_id.empty()) launchers.srun = find_in_path(environment, "srun");
  launchers.mpirun = find_in_path(environment, "mpirun");
  if (launchers.mpirun.empty()) launchers.mpirun = find_in_path(environment, "mpiexec");
  launchers.kind = kind_of(launchers.mpirun);
  launchers.is_root = ::geteuid() == 0;
  launchers.has_fast_network = is_there_a_fast_network();
  return launchers;
}

LaunchWords launch_words(const std::string& launcher, const Launchers& launchers, const RankOrder& order) {
  LaunchWords result;
  const bool is_automatic = launcher == "auto" || launcher.empty();
  if (launcher == "none") return result;
  result.by_srun = launcher == "srun" || (is_automatic && !launchers.srun.empty());
  result.is_known = is_automatic || launcher == "srun" || launcher == "mpirun";
  if (launcher == "srun" && launchers.srun.empty())
    return no_launcher(launchers.job_id.empty()
                           ? "launcher 'srun' works inside a Slurm job only; leave 'launcher' out to have what is there"
                           : "launcher 'srun' not found in PATH; add it, or try launcher: mpirun");
  if (result.is_known && !result.by_srun && launchers.mpirun.empty())
    return no_launcher(
        "launcher 'mpirun' not found in PATH; load your site's module (`module load openmpi`) or name a launcher");
  Words& words = result.words = {launchers.own_program, "--launch"};
  if (result.by_srun) {
    const Words srun = srun_words(launchers, order);
    const Words mpirun = is_automatic ? mpirun_words(launchers, order) : Words{};
    if (mpirun.empty())
      words.emplace_back("--srun");
    else
      append(words, {"--choose", std::to_string(srun.size()), std::to_string(mpirun.size())});
    append(words, srun_variables(order));
    words.emplace_back("--");
    append(words, srun);
    append(words, mpirun);
  } else {
    words.emplace_back("--");
    append(words, result.is_known ? mpirun_words(launchers, order) : words_of_template(launcher, order));
  }
  if (order.srun_options.empty()) append(words, bind_words(launchers, order));
  return result;
}

std::string host_file_text(const scheduler::Launch& launch, const std::string& host) {
  const graph::Shape& shape = launch.task->shape;
  const auto slots = [&](std::uint32_t node) { return shape.ranks > 0 ? shape.ranks_on(node) : launch.granted.cores; };
  if (launch.party.empty()) return fmt::format("{} slots={}\n", host, slots(0));
  std::string text;
  for (std::uint32_t i = 0; i < launch.party.size(); ++i)
    text += fmt::format("{} slots={}\n", launch.party[i].node, slots(i));
  return text;
}

}  // namespace fugle::executor
