// The new chain is written into the folder repair.new. Renaming that to repair.ready is the moment of the repair; from
// then on it is only completed: the old segments move to damaged.<n>, repair.ready becomes repair.place, its segments
// move to the run directory. Each step is durable before the next begins, and can be begun again after a crash.
#include "store/repair.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "base/error.hpp"
#include "base/text.hpp"
#include "store/consistency.hpp"
#include "store/file.hpp"
#include "store/journal_writer.hpp"
#include "store/repair_folders.hpp"
#include "store/salvage.hpp"

namespace fugle::store {
namespace {

using scheduler::Event;
using scheduler::Sequence;

constexpr std::uint32_t kDefaultCapacity = 4096;
constexpr std::size_t kEventsPerBatch = 1024;

struct Findings {
  Salvage salvage;
  Consistent kept;
};

/// Events that can be read, can be applied, and are all that were acknowledged.
bool is_sound(const std::string& run_dir, const graph::Graph& graph, std::uint64_t seed, Disk& disk) {
  try {
    return keep_consistent(graph, seed, read_journal(run_dir, disk).events).num_dropped == 0;
  } catch (const EnvironmentError&) {
    return false;
  }
}

Findings look(const std::string& run_dir, const graph::Graph& graph, std::uint64_t seed, Disk& disk) {
  Findings findings;
  findings.salvage = salvage_journal(run_dir, disk);
  findings.kept = keep_consistent(graph, seed, std::move(findings.salvage.events));
  return findings;
}

Repair describe(const Findings& findings) {
  Repair repair;
  repair.num_kept = findings.kept.events.size();
  repair.num_lost = findings.salvage.num_lost;
  repair.num_dropped = findings.kept.num_dropped;
  repair.again = findings.kept.again;
  repair.words = findings.salvage.words;
  repair.words.push_back(fmt::format("{} can be kept", counted(repair.num_kept, "event", "events")));
  if (repair.num_dropped > 0) {
    repair.words.push_back(fmt::format("{} of what cannot be counted on without the lost ones",
                                       counted(repair.num_dropped, "event tells", "events tell")));
  }
  if (!repair.again.empty()) {
    repair.words.push_back(
        fmt::format("{} that had ended OK will run again", counted(repair.again.size(), "element", "elements")));
  }
  return repair;
}

void add(RowBatch& batch, const Event& event, Sequence seq) {
  batch.rows.push_back(to_row(event, seq));
  batch.rows.back().text_len = static_cast<std::uint16_t>(event.text.size());
  batch.texts += event.text;
}

void write_chain(const std::string& folder, const Findings& findings, Disk& disk) {
  Recovered before;
  before.epoch = findings.salvage.epoch;
  const std::uint32_t capacity = findings.salvage.capacity > 0 ? findings.salvage.capacity : kDefaultCapacity;
  JournalWriter writer(folder, before, capacity, 0, disk);
  RowBatch batch;
  for (const Event& event : findings.kept.events) {
    add(batch, event, writer.durable() + batch.rows.size() + 1);
    if (batch.rows.size() < kEventsPerBatch) continue;
    writer.commit(batch);
    batch.clear();
  }
  if (!batch.empty()) writer.commit(batch);
}

void make_folder(const std::string& path, Disk& disk) {
  if (disk.mkdir(path.c_str(), 0700) != 0) throw_errno("cannot create", path, errno);
}

void remove_folder(const std::string& path, Disk& disk) {
  if (!file_exists(path)) return;
  for (const std::string& name : list_directory(path)) {
    if (name != "." && name != "..") remove_if_exists(path + "/" + name, disk);
  }
  if (disk.rmdir(path.c_str()) != 0) throw_errno("cannot remove", path, errno);
}

void move_segments(const std::string& from, const std::string& to, Disk& disk) {
  for (const std::uint32_t number : list_segments(from)) {
    rename_over(segment_path(from, number), segment_path(to, number), disk);
  }
  sync_directory(from, disk);
  sync_directory(to, disk);
}

/// damaged.<n> with the largest n there is, or the first one that is free.
std::string damaged_folder(const std::string& run_dir, bool is_new) {
  std::uint32_t n = 0;
  while (file_exists(fmt::format("{}/{}{}", run_dir, kDamagedFolder, n + 1))) ++n;
  return fmt::format("{}{}", kDamagedFolder, is_new ? n + 1 : n);
}

void prepare(const std::string& run_dir, const Findings& findings, Disk& disk) {
  const std::string folder = run_dir + "/" + kNewFolder;
  remove_folder(folder, disk);
  make_folder(folder, disk);
  write_chain(folder, findings, disk);
  make_folder(run_dir + "/" + damaged_folder(run_dir, true), disk);
  sync_directory(run_dir, disk);
  rename_over(folder, run_dir + "/" + kReadyFolder, disk);
  sync_directory(run_dir, disk);
}

/// From wherever it was left.
void complete(const std::string& run_dir, Disk& disk) {
  const std::string ready = run_dir + "/" + kReadyFolder;
  const std::string place = run_dir + "/" + kPlaceFolder;
  if (file_exists(ready)) {
    move_segments(run_dir, run_dir + "/" + damaged_folder(run_dir, false), disk);
    rename_over(ready, place, disk);
    sync_directory(run_dir, disk);
  }
  if (!file_exists(place)) return;
  move_segments(place, run_dir, disk);
  remove_folder(place, disk);
  sync_directory(run_dir, disk);
}

}  // namespace

std::optional<Repair> repair_journal(const std::string& run_dir, const graph::Graph& graph, std::uint64_t seed,
                                     Disk& disk) {
  std::optional<Repair> completed;
  if (is_repair_unfinished(run_dir)) {
    complete(run_dir, disk);
    completed.emplace();
    completed->set_aside = damaged_folder(run_dir, false);
    completed->words.emplace_back("an earlier repair that was interrupted is complete now");
  }
  if (is_sound(run_dir, graph, seed, disk)) return completed;
  const Findings findings = look(run_dir, graph, seed, disk);
  Repair repair = describe(findings);
  prepare(run_dir, findings, disk);
  complete(run_dir, disk);
  repair.set_aside = damaged_folder(run_dir, false);
  repair.words.push_back(fmt::format("the damaged files are kept in '{}/{}'", run_dir, repair.set_aside));
  return repair;
}

std::optional<Repair> preview_repair(const std::string& run_dir, const graph::Graph& graph, std::uint64_t seed) {
  if (is_repair_unfinished(run_dir)) {
    Repair repair;
    repair.words.emplace_back("a repair was interrupted and can be completed");
    return repair;
  }
  if (is_sound(run_dir, graph, seed, real_disk())) return std::nullopt;
  return describe(look(run_dir, graph, seed, real_disk()));
}

}  // namespace fugle::store
