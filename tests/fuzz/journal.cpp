// Any events, and any damage, as a journal: read_journal() gives events or says what is damaged, and what it gives can
// be replayed as far as it fits the plan. The first byte chooses: rows made of the input with right check sums, or
// edits of a good segment, or the input as the file itself.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "base/error.hpp"
#include "file_edits.hpp"
#include "report/attempts_table.hpp"
#include "report/event_text.hpp"
#include "report/lives.hpp"
#include "report/workers_table.hpp"
#include "scheduler/find_misfit.hpp"
#include "scratch_run.hpp"
#include "store/journal_reader.hpp"
#include "store/segment.hpp"

namespace {

using namespace fugle;

/// A good segment without events, made once.
struct Template {
  explicit Template(const fuzz::ScratchRun& run) {
    store::SegmentInfo wanted;
    wanted.run = "11111111-2222-3333-4444-555555555555";
    wanted.capacity = store::kMinCapacity;
    wanted.text_capacity = std::uint64_t{wanted.capacity} * store::kTextBytesPerRow;
    wanted.epoch = 1;
    info = store::create_segment(run.path(), wanted, store::IfExists::replace).info;
    std::ifstream in(store::segment_path(run.path(), 0), std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
    run.remove("journal.0.h5");
  }
  store::SegmentInfo info;
  std::string bytes;
};

/// Each 24 bytes of the input are one row; what they do not say follows from its number.
std::string with_rows(const Template& base, std::string_view input) {
  std::string file = base.bytes;
  const std::string text = "n1 4711 ann";
  file.replace(base.info.text_offset, text.size(), text);
  for (std::uint64_t i = 0; i < base.info.capacity && input.size() >= 24; ++i, input.remove_prefix(24)) {
    store::Row row;
    row.seq = base.info.first_seq + i;
    auto get = [&, at = std::size_t{0}](auto& field) mutable {
      std::memcpy(&field, input.data() + at, sizeof field);
      at += sizeof field;
    };
    std::uint8_t kind = 0, element = 0, attempt = 0, bits = 0;
    get(kind), get(element), get(attempt), get(bits), get(row.start_ns), get(row.exit), get(row.cpu_ms), get(row.flags);
    row.kind = kind % 16;
    row.element = element == 255 ? 0xFFFFFFFF : element;
    row.attempt = attempt;
    row.end_ns = (bits & 1U) != 0 ? row.start_ns : 7;
    row.worker = bits >> 4;
    row.lag = (bits & 2U) != 0 ? 1 : 0;
    row.text_len = (bits & 4U) != 0 ? static_cast<std::uint16_t>(text.size()) : 0;
    row.crc = store::crc_of(row, std::string_view(text).substr(0, row.text_len));
    std::memcpy(file.data() + base.info.rows_offset + i * sizeof row, &row, sizeof row);
  }
  return file;
}

void replay(const store::Recovered& recovered) {
  static const graph::Graph graph = fuzz::small_graph();
  scheduler::RunState state(graph, 1);
  scheduler::Effects effects;
  report::AttemptsTable attempts;
  report::WorkersTable workers(graph);
  report::Lives lives;
  for (const scheduler::Event& event : recovered.events) {
    if (!scheduler::find_misfit(state, event).empty()) break;
    effects.clear();
    apply(state, event, effects);
    attempts.add(event);
    workers.add(event);
    lives.add(event);
    (void)report::event_line(graph, 1, event);
    (void)report::event_json(graph, 1, event);
  }
  state.check_invariants();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::ScratchRun run;
  static const Template base(run);
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string file = data[0] % 3 == 0 ? with_rows(base, input) : data[0] % 3 == 1 ? base.bytes : std::string(input);
  if (data[0] % 3 == 1) fuzz::apply_edits(input, file);
  run.put("journal.0.h5", file);
  try {
    replay(store::read_journal(run.path()));
  } catch (const Error&) {
  }
  return 0;
}
