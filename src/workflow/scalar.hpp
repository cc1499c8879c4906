// Scalar texts to typed values, by the rules of FORMAT.md section 2.1 and with its messages. The key decides the type;
// these functions never guess. Used for literals of the file, results of expressions and command line values alike, so
// a value is judged the same wherever it comes from. Knows nothing of YAML.
//
// The parse_ functions add one error at `at` and return nullopt when the text is not of the type; to_int, to_number
// only answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "workflow/diagnostic.hpp"
#include "workflow/value.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// A text as shown in messages: in single quotes, control characters escaped, cut after 80 bytes.
[[nodiscard]] std::string in_quotes(std::string_view text);
/// True when the text holds a ${{ that is not written $${{.
[[nodiscard]] bool has_marker(std::string_view text);

/// `-?(0|[1-9][0-9]*)` within 64 bits.
[[nodiscard]] std::optional<std::int64_t> to_int(std::string_view text);
/// A JSON number that a double can hold.
[[nodiscard]] std::optional<double> to_number(std::string_view text);
/// `[A-Za-z_][A-Za-z0-9_-]*`, at most 64 bytes.
[[nodiscard]] bool is_name(std::string_view text);

/// The word of a key in messages, and the values it takes (both ends allowed).
struct IntKey {
  std::string_view key;
  std::int64_t min;
  std::int64_t max;
};
struct NumberKey {
  std::string_view key;
  double min;
  double max;
};
inline constexpr IntKey kCores{"cores", 1, 1'000'000};
inline constexpr IntKey kNodes{"nodes", 1, 1'000'000};
inline constexpr IntKey kRanks{"ranks", 1, 100'000'000};
inline constexpr IntKey kRanksPerNode{"ranks_per_node", 1, 1'000'000};
inline constexpr IntKey kGpus{"gpus", 0, 1'000'000};
inline constexpr IntKey kGpusPerRank{"gpus_per_rank", 0, 1000};
inline constexpr IntKey kPriority{"priority", -1000, 1000};
inline constexpr IntKey kRetriesMax{"max", 0, 1'000'000};
inline constexpr IntKey kMaxParallel{"max_parallel", 1, 1'000'000'000};
inline constexpr std::int64_t kMostTokens = 1'000'000'000;
inline constexpr IntKey kMaxExpand{"max_expand", 1, 100'000'000};
inline constexpr IntKey kMaxRuns{"max", 1, 1'000'000};
inline constexpr IntKey kMaxFailures{"max_failures", 1, 1'000'000'000};
inline constexpr IntKey kMaxInfraRetries{"max_infra_retries", 0, 10};
inline constexpr IntKey kMaxRequeues{"max_requeues", 0, 1'000'000};
inline constexpr IntKey kSlurmNodes{"nodes", 1, 1'000'000};
inline constexpr IntKey kGpusPerNode{"gpus_per_node", 0, 1000};
inline constexpr NumberKey kBackoff{"backoff", 1.0, 1000.0};
inline constexpr NumberKey kJitter{"jitter", 0.0, 1.0};
inline constexpr NumberKey kScale{"scale", 1.0, 1000.0};

/// E104; E112 outside min..max.
[[nodiscard]] std::optional<std::int64_t> parse_int(const IntKey& key, std::string_view text, Position at,
                                                    Diagnostics& diagnostics);
/// E104; E112 outside min..max.
[[nodiscard]] std::optional<double> parse_number(const NumberKey& key, std::string_view text, Position at,
                                                 Diagnostics& diagnostics);
/// `true` or `false`; E104.
[[nodiscard]] std::optional<bool> parse_bool(std::string_view key, std::string_view text, Position at,
                                             Diagnostics& diagnostics);
/// `1h30m`, `HH:MM:SS`, `D-HH:MM:SS`, up to 100 years; E109.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text, Position at, Diagnostics& diagnostics);
/// `4G`, `1.5TiB`, `0`, in powers of 1024; E111.
[[nodiscard]] std::optional<Size> parse_size(std::string_view text, Position at, Diagnostics& diagnostics);
/// `5%`: 5.0; E112.
[[nodiscard]] std::optional<double> parse_percent(std::string_view key, std::string_view text, Position at,
                                                  Diagnostics& diagnostics);
/// `3` or `10%`; E104, E112.
[[nodiscard]] std::optional<graph::Tolerance> parse_tolerance(std::string_view text, Position at,
                                                              Diagnostics& diagnostics);
/// `skip_dependents`, `drain`, `stop` or `ignore`; E112.
[[nodiscard]] std::optional<graph::OnFailure> parse_on_failure(std::string_view text, Position at,
                                                               Diagnostics& diagnostics);
/// `core`, `l3`, `numa`, `socket` or `none`; E112.
[[nodiscard]] std::optional<graph::Bind> parse_bind(std::string_view text, Position at, Diagnostics& diagnostics);
/// `auto` or `never`; E112.
[[nodiscard]] std::optional<Requeue> parse_requeue(std::string_view text, Position at, Diagnostics& diagnostics);
/// `apptainer`, `podman` or `pyxis`; E112.
[[nodiscard]] std::optional<graph::ContainerRuntime> parse_runtime(std::string_view text, Position at,
                                                                   Diagnostics& diagnostics);
/// `pack`, `spread` or `near: TASK`; E112. Whether there is such a task is for the caller to say.
[[nodiscard]] std::optional<Placing> parse_place(std::string_view text, Position at, Diagnostics& diagnostics);
/// `auto`, `srun`, `mpirun`, `none`, or a template that holds one of {ranks} {nodes} {hostlist} {cores}; E112.
[[nodiscard]] std::optional<std::string> parse_launcher(std::string_view text, Position at, Diagnostics& diagnostics);
/// "USR1", "SIGUSR1": a signal that a program can act upon; E112.
[[nodiscard]] std::optional<int> parse_signal(std::string_view key, std::string_view text, Position at,
                                              Diagnostics& diagnostics);
/// "library:function", or ":function" of the program that runs the workflow; E112.
[[nodiscard]] std::optional<std::string> parse_plugin(std::string_view text, Position at, Diagnostics& diagnostics);
/// E107.
[[nodiscard]] bool check_name(std::string_view text, Position at, Diagnostics& diagnostics);

/// `1..20`, `0..72..6`, `001..120`: both ends included, step above 0.
struct Range {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t step = 1;
  std::size_t width = 0;  ///< above 0: items are texts with leading zeros to this width

  [[nodiscard]] std::uint64_t count() const {
    return (static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first)) / static_cast<std::uint64_t>(step) +
           1;
  }
  /// Ints, or texts where zeros are kept. The caller has looked at count().
  [[nodiscard]] std::vector<Value> items() const;
};
/// True when the text has the shape of a range, whether or not its end is above its start.
[[nodiscard]] bool looks_like_range(std::string_view text);
/// E112 for an end before the start or a step below 1, E104 (with the key) when it is no range at all.
[[nodiscard]] std::optional<Range> parse_range(std::string_view key, std::string_view text, Position at,
                                               Diagnostics& diagnostics);

}  // namespace fugle::workflow
