// Values of sbatch's options as sbatch reads them (sbatch(1)): times, sizes, counts, arrays, dependencies. Text in,
// value out; nullopt for what sbatch would refuse. Who asks says what was expected.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace fugle::workflow {

/// "90" (minutes), "M:S", "H:M:S", "D-H", "D-H:M", "D-H:M:S"; seconds are rounded up to a minute, as Slurm does. 0, and
/// "UNLIMITED" or "INFINITE": no limit.
[[nodiscard]] std::optional<Duration> parse_slurm_time(std::string_view text);
/// "500" (MiB), "500M", "4G"; K M G T, with or without B.
[[nodiscard]] std::optional<std::uint64_t> parse_slurm_size(std::string_view text);
[[nodiscard]] std::optional<std::uint32_t> parse_slurm_count(std::string_view text);
/// "4", "2-8", "4k": the least.
[[nodiscard]] std::optional<std::uint32_t> parse_slurm_nodes(std::string_view text);
/// "2", "a100:2", "a100:1,v100:1": all of them.
[[nodiscard]] std::optional<std::uint32_t> parse_slurm_gpus(std::string_view text);

/// --gres: GPUs, and the first thing that is none.
struct Gres {
  std::uint32_t gpus = 0;
  std::string other;  ///< empty: there is nothing else
};
[[nodiscard]] std::optional<Gres> parse_gres(std::string_view text);

/// --array
struct ArraySpec {
  std::vector<std::int64_t> indices;  ///< ascending, each once
  std::uint32_t at_once = 0;          ///< after the '%'; 0: no limit
  std::int64_t step = 1;              ///< of a single range "1-9:2"
};
/// Indices up to 4,194,303, Slurm's greatest.
[[nodiscard]] std::optional<ArraySpec> parse_array(std::string_view text);

/// One condition of --dependency.
struct Dependency {
  std::string type;        ///< "afterok", "singleton", ...
  std::uint64_t job = 0;   ///< 0: none (singleton)
  std::string element;     ///< "3" of "12_3"; empty: the whole job
  bool has_delay = false;  ///< "after:12+5"
};
struct DependencySpec {
  std::vector<Dependency> all;
  bool is_any = false;  ///< joined by '?'
};
[[nodiscard]] std::optional<DependencySpec> parse_dependencies(std::string_view text);

/// --signal=[[R][B]:]NAME-OR-NUMBER[@SECONDS]
struct SignalSpec {
  int signal = 0;
  Duration before{std::chrono::seconds(60)};
};
[[nodiscard]] std::optional<SignalSpec> parse_signal(std::string_view text);

}  // namespace fugle::workflow
