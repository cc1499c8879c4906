// Is the state of a run sound, and if not, what is lost? For `fugle doctor RUN`. Looks at every file of the run
// directory that this room writes, changes nothing, needs no lock, and never throws because of what is in the files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fugle::store {

enum class Soundness : std::uint8_t {
  sound,
  absent,   ///< and need not be there
  rebuilt,  ///< damaged or missing, and made anew by the next life: nothing is lost
  damaged,  ///< the run can not go on before something is done about it
  newer,    ///< written by a newer version
};
[[nodiscard]] const char* name_of(Soundness soundness);

struct FileInspection {
  std::string name;  ///< within the run directory
  Soundness soundness = Soundness::sound;
  std::string words;  ///< what is in it, or what is wrong and what to do
};

/// Rows of one segment of the journal. Zero rows count nowhere.
struct SegmentInspection {
  std::uint32_t number = 0;
  std::uint64_t epoch = 0;           ///< the life that wrote it, from 1; 0: not readable
  std::uint64_t first_seq = 0;       ///< 0: not readable
  std::uint64_t num_events = 0;      ///< rows that count
  std::uint64_t num_superseded = 0;  ///< whole rows that a later segment replaces, never acknowledged
  std::uint64_t num_torn = 0;        ///< rows of the last batch, never acknowledged: dropped by the next life
  std::uint64_t num_damaged = 0;     ///< rows that were acknowledged and can not be read
};

/// Where the events of one life are.
struct LifeInspection {
  std::uint64_t epoch = 0;
  std::uint64_t first_seq = 0;
  std::uint64_t num_events = 0;
  std::uint32_t first_segment = 0;
  std::uint32_t last_segment = 0;
};

struct Inspection {
  std::vector<FileInspection>
      files;  ///< plan, segments, live, snapshot, run.h5, lock, then what else belongs to repairs
  std::vector<SegmentInspection> segments;
  std::vector<LifeInspection> lives;
  std::uint64_t num_events = 0;    ///< that a resume would start from
  std::uint64_t acknowledged = 0;  ///< at least so many were known to be durable
  bool is_held = false;            ///< by a head; then the tail may move while it is looked at
  std::string holder;              ///< "process 123 on node7"
  bool can_resume = false;
  bool can_repair = false;          ///< `--repair` would make a run that can not be resumed go on
  std::vector<std::string> advice;  ///< what to do, and what a repair would keep and lose, a sentence each

  [[nodiscard]] bool is_sound() const;  ///< nothing is damaged or newer
};

/// Throws EnvironmentError only when the directory itself can not be listed.
[[nodiscard]] Inspection inspect(const std::string& run_dir);

}  // namespace fugle::store
