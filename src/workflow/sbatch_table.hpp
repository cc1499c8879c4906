// The options of sbatch (sbatch(1) of 20.11 to 25.05) as one table: how each is written, and what becomes of it in a
// workflow. Reading, spelling suggestions and refusals come from it. Knows nothing of values.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace fugle::workflow {

struct SbatchOption {
  enum class Takes : std::uint8_t { nothing, value, maybe };
  enum class Fate : std::uint8_t {
    used,     ///< by sbatch_job.cpp
    silent,   ///< says how sbatch talks, not what the job is
    dropped,  ///< can not change results: W50
    maybe,    ///< E501, or dropped with W51 where approximations are accepted
    refused,  ///< E501
  };
  std::string_view name;  ///< "cpus-per-task"
  char letter;            ///< 'c'; 0: none
  Takes takes;
  Fate fate;
  std::string_view reason;      ///< of a refusal: "why; what to do instead"
  std::string_view variable{};  ///< of sbatch's environment that says the same: "SBATCH_ACCOUNT"; empty: none
};

[[nodiscard]] std::span<const SbatchOption> sbatch_options();
/// By its name or an abbreviation that only one has, as getopt_long(3) takes it. nullptr: none, or several.
[[nodiscard]] const SbatchOption* find_sbatch_option(std::string_view name);
[[nodiscard]] const SbatchOption* find_sbatch_option(char letter);
/// "sbatch has no option '--mme'; did you mean '--mem'?"
[[nodiscard]] std::string describe_unknown_option(std::string_view name);

}  // namespace fugle::workflow
