// Any bytes as what attempts give: values of C++ types, measures of metrics, a file of results that an earlier life has
// left, what the spawner found in an output, and the word that tells ranks their share of a node. What can be read
// gives bytes that are read as the same again; the rest is refused. The first byte says which of them it is.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fugle/serialize.hpp>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "executor/found.hpp"
#include "executor/rank_share.hpp"
#include "function/value_file.hpp"
#include "graph/measures.hpp"
#include "scratch_run.hpp"

namespace {

using namespace fugle;

/// One of each kind that serialize.hpp treats in its own way.
struct Tree {
  std::string name;
  std::vector<std::uint16_t> block;
  std::map<std::string, std::vector<double>> table;
  std::vector<bool> flags;
  std::variant<std::uint8_t, std::string, std::tuple<>> choice;
  std::optional<std::pair<int, float>> maybe;
  std::unique_ptr<Tree> next;
  friend auto fields(Tree& t) { return std::tie(t.name, t.block, t.table, t.flags, t.choice, t.maybe, t.next); }
};

void take_value(std::string_view bytes) {
  try {
    const Tree tree = from_bytes<Tree>(std::as_bytes(std::span(bytes)));
    const auto again = to_bytes(tree);
    if (serialized_size(tree) != again.size()) std::abort();
    if (to_bytes(from_bytes<Tree>(again)) != again) std::abort();
  } catch (const SerializeError&) {
  }
}

void take_measures(std::string_view bytes) {
  const auto series = graph::decode_measures(bytes);
  if (series && graph::encode_measures(*series) != bytes) std::abort();
}

void take_file(const fuzz::ScratchRun& run, std::string_view bytes) {
  run.put("values/worker-1.0", bytes);
  std::vector<std::pair<ElementId, std::uint16_t>> seen;
  const auto note = [&](ElementId element, std::uint16_t attempt) {
    seen.emplace_back(element, attempt);
    return true;
  };
  const function::KeptValues kept(run.path(), note);
  for (const auto& [element, attempt] : seen) {
    const auto value = kept.read(element);
    if (!value || value->size() > function::kMostKept || value->size() > bytes.size()) std::abort();
  }
}

void take_grown_file(const fuzz::ScratchRun& run, std::string_view bytes) {
  run.remove("values/worker-1.0");
  {
    function::ValueFile file(run.path(), WorkerId(1));
    file.add(ElementId(7), 2, bytes);
    file.flush();
  }
  const function::KeptValues kept(run.path(), [](ElementId element, std::uint16_t attempt) {
    return element == ElementId(7) && attempt == 2;
  });
  if (kept.read(ElementId(7)) != std::string(bytes)) std::abort();
}

std::string frame_of(const std::vector<executor::LineScanner::Found>& found) {
  std::string bytes;
  {
    executor::wire::FrameWriter frame(bytes, executor::wire::Kind::found);
    executor::put_found(frame, found);
  }
  return bytes.substr(executor::wire::FrameWriter::kHeaderBytes);
}

void take_found(std::string_view bytes) {
  executor::wire::FrameReader fields(bytes);
  const auto found = executor::get_found(fields);
  for (const auto& one : found)
    if (one.values.size() * sizeof(double) > bytes.size() || one.unreadable.size() > bytes.size()) std::abort();
  if (fields.failed()) return;
  const std::string frame = frame_of(found);
  executor::wire::FrameReader again(frame);
  if (frame_of(executor::get_found(again)) != frame || again.failed()) std::abort();
}

/// Ranks at the end that see no GPU leave nothing in a word.
executor::RankShare share_in(std::string_view word) {
  executor::RankShare share = executor::share_of_word(word);
  while (!share.variables.empty() && share.variables.back().empty()) share.variables.pop_back();
  return share;
}

void take_share(std::string_view bytes) {
  const executor::RankShare share = share_in(bytes);
  const executor::RankShare again = share_in(executor::word_of(share));
  if (share_in(executor::word_of(again)) != again) std::abort();
  for (const std::uint32_t rank : {0U, 1U, share.ranks - 1, share.ranks})
    if (share.cpus_of(rank).size() > share.cpus.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::ScratchRun run;
  static const bool has_folder = std::filesystem::create_directory(run.path() + "/values");
  if (size == 0 || !has_folder) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 6) {
    case 0: take_value(bytes); break;
    case 1: take_measures(bytes); break;
    case 2: take_file(run, bytes); break;
    case 3: take_grown_file(run, bytes); break;
    case 4: take_found(bytes); break;
    case 5: take_share(bytes); break;
  }
  return 0;
}
