// What `fugle bench` found, as text and as JSON. Pure: data in, text out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fugle::app {

/// Empty figures could not be measured; `notes` says why.
struct BenchFigures {
  std::string version;
  std::string host;
  std::string cpu;  ///< "AMD EPYC 9654"; empty: unknown
  std::uint32_t num_cores = 0;
  std::uint64_t mem_bytes = 0;
  std::string mpi;
  std::optional<double> metg_us;            ///< METG(50 %) of stencil_1d, functions, one thread
  std::optional<double> metg_all_cores_us;  ///< the same, a thread on each core
  std::optional<double> calls_per_s;        ///< calls that do nothing, one thread
  std::optional<double> processes_per_s;    ///< /bin/true on all cores, by a real run
  std::optional<double> process_ms;         ///< one after the other: from process to process
  std::optional<double> mpi_task_ms;        ///< the same for tasks of MPI ranks
  std::optional<double> mpirun_ms;          ///< the same by bare mpirun
  std::uint32_t num_ranks = 0;              ///< of those
  std::vector<std::string> notes;
};

[[nodiscard]] std::string bench_text(const BenchFigures& figures);
/// {fugle, host, cpu, cores, mem_bytes, mpi, metg50_stencil_1d_us: {one_thread, all_cores}, calls_per_s,
/// processes_per_s, process_ms, mpi_task: {ranks, fugle_ms, mpirun_ms}, notes}; null: not measured.
[[nodiscard]] std::string bench_json(const BenchFigures& figures);

}  // namespace fugle::app
