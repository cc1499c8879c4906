// What a process found in its environment in a real Slurm 22.05.8 of four nodes: what env prints, less what is of no
// interest here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.hpp"
#include "slurm/job.hpp"

namespace fugle::slurm {

/// `text`: NAME=VALUE lines. Later ones win.
inline Environment environment_of(std::string_view text) {
  std::map<std::string, std::string> variables;
  for (const std::string_view line : split(text, '\n'))
    if (const std::size_t equals = line.find('='); equals != std::string_view::npos)
      variables[std::string(line.substr(0, equals))] = line.substr(equals + 1);
  return [variables](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

// sbatch --nodes=3 --ntasks-per-node=2 --gres=gpu:1
inline const std::string kBatchScript = R"(CUDA_VISIBLE_DEVICES=0
SLURMD_NODENAME=n1
SLURM_CLUSTER_NAME=lab
SLURM_CPUS_ON_NODE=2
SLURM_GPUS_ON_NODE=1
SLURM_GTIDS=0
SLURM_JOBID=1
SLURM_JOB_CPUS_PER_NODE=2(x3)
SLURM_JOB_GPUS=0
SLURM_JOB_ID=1
SLURM_JOB_NODELIST=n[1-3]
SLURM_JOB_NUM_NODES=3
SLURM_LOCALID=0
SLURM_MEM_PER_CPU=500
SLURM_NNODES=3
SLURM_NODEID=0
SLURM_NODELIST=n[1-3]
SLURM_NPROCS=6
SLURM_NTASKS=6
SLURM_NTASKS_PER_NODE=2
SLURM_PROCID=0
SLURM_SUBMIT_DIR=/home/ada/climate
SLURM_SUBMIT_HOST=login
SLURM_TASKS_PER_NODE=2(x3)
SLURM_TASK_PID=64
SLURM_TOPOLOGY_ADDR=spine.leaf1.n1
SLURM_TOPOLOGY_ADDR_PATTERN=switch.switch.node
)";

// srun program, in the script above; the fifth of six tasks
inline const std::string kPlainStep = kBatchScript + R"(SLURMD_NODENAME=n3
SLURM_DISTRIBUTION=block
SLURM_GTIDS=4,5
SLURM_LAUNCH_NODE_IPADDR=10.77.0.1
SLURM_NODEID=2
SLURM_PROCID=4
SLURM_SRUN_COMM_PORT=44887
SLURM_STEPID=1
SLURM_STEP_GPUS=0
SLURM_STEP_ID=1
SLURM_STEP_LAUNCHER_PORT=44887
SLURM_STEP_NODELIST=n[1-3]
SLURM_STEP_NUM_NODES=3
SLURM_STEP_NUM_TASKS=6
SLURM_STEP_TASKS_PER_NODE=2(x3)
)";

// srun --mpi=pmix program, the fifth of six tasks
inline const std::string kPmixRank = kPlainStep + R"(PMIX_NAMESPACE=slurm.pmix.1.1
PMIX_RANK=4
SLURM_MPI_TYPE=pmix
SLURM_PMIX_MAPPING_SERV=(vector,(0,3,2))
)";

// mpirun -n 2 program, in the script
inline const std::string kMpirunRank = kBatchScript + R"(OMPI_COMM_WORLD_LOCAL_RANK=1
OMPI_COMM_WORLD_RANK=1
OMPI_COMM_WORLD_SIZE=2
PMIX_NAMESPACE=430637057
PMIX_RANK=1
)";

// salloc --nodes=2 --ntasks=3 --mem-per-cpu=300, on the login node
inline const std::string kSallocShell = R"(SLURM_CLUSTER_NAME=lab
SLURM_JOBID=2
SLURM_JOB_CPUS_PER_NODE=2,1
SLURM_JOB_ID=2
SLURM_JOB_NAME=interactive
SLURM_JOB_NODELIST=n[1-2]
SLURM_JOB_NUM_NODES=2
SLURM_MEM_PER_CPU=300
SLURM_NTASKS=3
SLURM_SUBMIT_DIR=/home/ada/climate
SLURM_TASKS_PER_NODE=2,1
)";

// salloc --nodes=2 --ntasks=2 --gres=gpu:2 --mem=300 with LaunchParameters=use_interactive_step
inline const std::string kInteractiveStep = R"(CUDA_VISIBLE_DEVICES=0,1
SLURMD_NODENAME=n1
SLURM_CPUS_ON_NODE=1
SLURM_GPUS_ON_NODE=2
SLURM_JOBID=7
SLURM_JOB_CPUS_PER_NODE=1(x2)
SLURM_JOB_GPUS=0,1
SLURM_JOB_ID=7
SLURM_JOB_NODELIST=n[1-2]
SLURM_LOCALID=0
SLURM_MEM_PER_NODE=300
SLURM_MPI_TYPE=none
SLURM_NODEID=0
SLURM_PROCID=0
SLURM_PTY_PORT=44081
SLURM_STEPID=4294967290
SLURM_STEP_ID=4294967290
SLURM_STEP_NODELIST=n1
SLURM_STEP_NUM_NODES=1
SLURM_STEP_NUM_TASKS=1
SLURM_STEP_TASKS_PER_NODE=1
)";

// srun --pty --mpi=pmix --ntasks=1 bash
inline const std::string kPtyStep = R"(PMIX_NAMESPACE=slurm.pmix.10.0
PMIX_RANK=0
SLURMD_NODENAME=n1
SLURM_CPUS_ON_NODE=1
SLURM_JOB_CPUS_PER_NODE=1
SLURM_JOB_ID=10
SLURM_JOB_NODELIST=n1
SLURM_MPI_TYPE=pmix
SLURM_PROCID=0
SLURM_PTY_PORT=42827
SLURM_STEP_ID=0
SLURM_STEP_NODELIST=n1
SLURM_STEP_NUM_TASKS=1
)";

// sbatch --array=3-4 --ntasks=1 --mem=200, its first element
inline const std::string kArrayElement = R"(SLURMD_NODENAME=n1
SLURM_ARRAY_JOB_ID=3
SLURM_ARRAY_TASK_COUNT=2
SLURM_ARRAY_TASK_ID=3
SLURM_CPUS_ON_NODE=1
SLURM_JOBID=4
SLURM_JOB_CPUS_PER_NODE=1
SLURM_JOB_ID=4
SLURM_JOB_NODELIST=n1
SLURM_JOB_NUM_NODES=1
SLURM_MEM_PER_NODE=200
SLURM_NTASKS=1
SLURM_PROCID=0
)";

// sbatch --nodes=1 --cpus-per-task=2 : --nodes=2 --cpus-per-task=1
inline const std::string kHetScript = R"(SLURMD_NODENAME=n1
SLURM_CPUS_ON_NODE=2
SLURM_HET_SIZE=2
SLURM_JOBID=5
SLURM_JOB_CPUS_PER_NODE=2
SLURM_JOB_CPUS_PER_NODE_HET_GROUP_0=2
SLURM_JOB_CPUS_PER_NODE_HET_GROUP_1=1(x2)
SLURM_JOB_ID=5
SLURM_JOB_ID_HET_GROUP_0=5
SLURM_JOB_ID_HET_GROUP_1=6
SLURM_JOB_NODELIST=n1
SLURM_JOB_NODELIST_HET_GROUP_0=n1
SLURM_JOB_NODELIST_HET_GROUP_1=n[3-4]
SLURM_JOB_NUM_NODES=1
SLURM_MEM_PER_CPU=500
SLURM_MEM_PER_CPU_HET_GROUP_0=500
SLURM_MEM_PER_CPU_HET_GROUP_1=500
SLURM_NNODES=1
SLURM_PROCID=0
)";

// srun --mpi=pmix --het-group=0,1 program, the last of three tasks
inline const std::string kHetRank = kHetScript + R"(PMIX_NAMESPACE=slurm.pmix.5.0
PMIX_RANK=2
SLURMD_NODENAME=n4
SLURM_CPUS_ON_NODE=1
SLURM_JOB_NODELIST=n[1,3-4]
SLURM_NODELIST=n[1,3-4]
SLURM_PROCID=2
SLURM_STEP_ID=0
SLURM_STEP_NODELIST=n[1,3-4]
SLURM_STEP_NUM_TASKS=3
)";

// sbatch typed inside a step of job 8 (srun --mpi=pmix --ntasks=1 sbatch ...): the script of job 9
inline const std::string kSubmittedFromStep = R"(PMIX_NAMESPACE=slurm.pmix.8.0
PMIX_RANK=0
SLURM_JOB_CPUS_PER_NODE=1
SLURM_JOB_ID=9
SLURM_JOB_NODELIST=n1
SLURM_PROCID=0
SLURM_STEPID=0
SLURM_STEP_ID=0
SLURM_STEP_NODELIST=n1
SLURM_STEP_NUM_TASKS=1
)";

// srun --mpi=pmi2 --ntasks=2 program
inline const std::string kPmi2Rank = R"(PMI_FD=11
PMI_JOBID=8.1
PMI_RANK=0
PMI_SIZE=2
SLURM_JOB_CPUS_PER_NODE=2
SLURM_JOB_ID=8
SLURM_JOB_NODELIST=n1
SLURM_STEP_ID=1
SLURM_STEP_NUM_TASKS=2
)";

}  // namespace fugle::slurm
