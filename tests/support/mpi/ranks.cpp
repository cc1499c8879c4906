// What tests of MPI attempts start on each rank. Says where it is, then does what it was told to:
//   ranks [wait FILE | abort CODE | segfault | hang | exit CODE | environment | leave]...
// Each rank prints "rank R of N host H cpus C bound B gpus G threads T", C as it was told (FUGLE_CPUS), B as the kernel
// says.
#include <mpi.h>
#include <sched.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

extern char** environ;

namespace {

const char* variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "-" : value;
}

std::string own_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  std::string text;
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &set)) text += (text.empty() ? "" : ",") + std::to_string(i);
  return text;
}

void wait_for(const char* file) {
  while (access(file, F_OK) != 0) usleep(10'000);
}

void print_environment() {
  for (char** entry = environ; *entry != nullptr; ++entry) std::printf("env %s\n", *entry);
}

/// Open MPI 4.1 crashes or hangs in some of a thousand MPI_Finalize (open-mpi/ompi, issue 10117), more often under
/// load. Its mpirun takes this for a good end where OMPI_MCA_orte_allowed_exit_without_sync is set.
[[noreturn]] void leave(int code) {
  MPI_Barrier(MPI_COMM_WORLD);
  std::fflush(nullptr);
  _exit(code);
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0;
  int size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  int sum = 0;
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);  // that they are one world
  std::printf("rank %d of %d host %s cpus %s bound %s gpus %s threads %s sum %d\n", rank, size, host,
              variable("FUGLE_CPUS"), own_cpus().c_str(), variable("CUDA_VISIBLE_DEVICES"), variable("OMP_NUM_THREADS"),
              sum);
  std::fflush(stdout);
  int code = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string what = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (what == "wait") wait_for(value);
    if (what == "touch") std::fclose(std::fopen((std::string(value) + "." + std::to_string(rank)).c_str(), "w"));
    if (what == "abort" && rank == size - 1) MPI_Abort(MPI_COMM_WORLD, std::atoi(value));
    if (what == "segfault" && rank == size - 1) std::raise(SIGSEGV);
    if (what == "hang" || (what == "hang-others" && rank != size - 1)) pause();
    if (what == "exit") code = std::atoi(value);
    if (what == "environment") print_environment();
    if (what == "leave") leave(code);
  }
  MPI_Finalize();
  return code;
}
