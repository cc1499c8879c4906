// Every fuzz target with every file that was kept for it, and with some random changes of them, without clang: what was
// found once stays found. FUGLE_FUZZ_MUTATIONS says how many changes are tried (2,000), FUGLE_FUZZ_SEED which.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string>
#include <vector>

#include "base/random.hpp"

#define FUGLE_EACH_FUZZ_TARGET(DO) \
  DO(read_workflow)                \
  DO(run_time)                     \
  DO(import_wfformat)              \
  DO(import_lines)                 \
  DO(import_slurm)                 \
  DO(expression)                   \
  DO(message)                      \
  DO(wire)                         \
  DO(values)                       \
  DO(run_facts)                    \
  DO(log_index)                    \
  DO(journal)                      \
  DO(state_files)

#define FUGLE_DECLARE(name) extern "C" int fuzz_##name(const std::uint8_t* data, std::size_t size);
FUGLE_EACH_FUZZ_TARGET(FUGLE_DECLARE)

namespace fugle {
namespace {

namespace fs = std::filesystem;

struct Target {
  const char* name;
  int (*take)(const std::uint8_t*, std::size_t);
  /// For the names of the tests.
  friend void PrintTo(const Target& target, std::ostream* out) { *out << target.name; }
};

#define FUGLE_ROW(name) Target{#name, fuzz_##name},
const Target kTargets[] = {FUGLE_EACH_FUZZ_TARGET(FUGLE_ROW)};

constexpr std::size_t kLongestInput = 4096;

std::vector<std::string> corpus_of(const std::string& name) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(FUGLE_SOURCE_DIR "/tests/fuzz/corpus-" + name))
    paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> corpus;
  for (const fs::path& path : paths) {
    std::ifstream in(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return corpus;
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// One small change.
void change(std::string& bytes, const std::string& other, Random& random) {
  const std::size_t at = bytes.empty() ? 0 : random.below(bytes.size());
  const std::size_t length = 1 + random.below(16);
  const auto value = static_cast<char>(random.below(256));
  switch (random.below(6)) {
    case 0: bytes.insert(at, 1, value); break;
    case 1: bytes.erase(at, length); break;
    case 2: bytes.insert(at, bytes.substr(bytes.empty() ? 0 : random.below(bytes.size()), length)); break;
    case 3: bytes.replace(at, length, other.substr(0, length * 4)); break;
    case 4: bytes.resize(at); break;
    default:
      if (!bytes.empty()) bytes[at] = value;
  }
}

class Fuzz : public testing::TestWithParam<Target> {};

void feed(const Target& target, const std::string& bytes) {
  (void)target.take(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

TEST_P(Fuzz, target_bears_what_was_kept) {
  const auto corpus = corpus_of(GetParam().name);
  ASSERT_FALSE(corpus.empty());
  for (const std::string& bytes : corpus) feed(GetParam(), bytes);
}

TEST_P(Fuzz, target_bears_changes_of_what_was_kept) {
  const auto corpus = corpus_of(GetParam().name);
  ASSERT_FALSE(corpus.empty());
  Random random(number_from("FUGLE_FUZZ_SEED", 1));
  for (std::uint64_t i = number_from("FUGLE_FUZZ_MUTATIONS", 2000); i > 0; --i) {
    std::string bytes = corpus[random.below(corpus.size())];
    const std::string& other = corpus[random.below(corpus.size())];
    for (std::uint64_t changes = 1 + random.below(4); changes > 0; --changes) change(bytes, other, random);
    bytes.resize(std::min(bytes.size(), kLongestInput));
    feed(GetParam(), bytes);
  }
}

INSTANTIATE_TEST_SUITE_P(Each, Fuzz, testing::ValuesIn(kTargets),
                         [](const auto& target) { return std::string(target.param.name); });

}  // namespace
}  // namespace fugle
