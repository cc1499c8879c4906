// The one table of keys of the workflow format: where each may stand, what it takes, whether this version has it, and
// a line of help. Reading, spelling suggestions, `fugle help keys` and the editor schema come from it. A key of the
// format that this version lacks is in the table too: it is refused by name, never ignored.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace fugle::workflow {

/// Which map a key stands in.
enum class Scope : std::uint8_t {
  top,
  limits,
  slurm,
  task,
  resources,
  retries,
  scale,
  container,
  restart,
  service,
  metric,
  metric_hdf5,
  report,
  need,
  matrix,
  param,
  input,
  output,
  trigger,
  notify,
  concurrency,
  on_failure,
  pool,
};

/// What a key takes.
enum class KeyType : std::uint8_t {
  whole_number,
  number,
  boolean,
  duration,
  size,
  text,
  name,
  word,       ///< one of a few
  words,      ///< a list of texts
  list,       ///< a list of anything
  map,        ///< keys of its own scope
  named_map,  ///< names chosen by the user
  command,    ///< text or a list of words
  retry,      ///< a whole number or a map
  tolerance,  ///< a whole number or a percent
  needs,      ///< a list of names or a map
  any,        ///< a scalar without fixed type, or a list of them
};

struct Key {
  Scope scope;
  std::string_view name;
  KeyType type;
  bool is_built;        ///< in this version
  bool is_in_defaults;  ///< of task keys: may stand in `defaults`
  std::string_view help;
};

[[nodiscard]] std::span<const Key> keys_of(Scope scope);
/// nullptr: not a key of the format.
[[nodiscard]] const Key* find_key(Scope scope, std::string_view name);
/// As messages have it after "expects": "a whole number".
[[nodiscard]] std::string_view expectation(KeyType type);

struct UnknownKey {
  std::string text;        ///< of the E103
  std::string suggestion;  ///< the word to write; empty: none
};
/// Words of other systems first, else the nearest key. `where`: "task 'wrf'", "defaults"; empty: the top level.
[[nodiscard]] UnknownKey describe_unknown_key(Scope scope, std::string_view name, std::string_view where);

}  // namespace fugle::workflow
