// Small results of functions in the run directory, so that the next life of a run has them: values/worker-<n>.<k>, one
// file per worker and life, which only grows. A record is little endian: "FGLV", element (u32), attempt (u16), 0 (u16),
// size (u32), FNV-1a of the four fields before and the bytes (u64), the bytes. What is cut off or damaged at the end of
// a file is as if it were not there: an element whose result is missing runs again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/descriptor.hpp"
#include "base/ids.hpp"

namespace fugle::function {

/// Larger results stay in memory only.
inline constexpr std::size_t kMostKept = 64 * 1024;

class ValueFile {
 public:
  /// Makes the file when the first result comes.
  ValueFile(std::string run_dir, WorkerId worker) : run_dir_(std::move(run_dir)), worker_(worker) {}

  /// Nothing when it is larger than kMostKept. It is written with the next flush().
  void add(ElementId element, std::uint16_t attempt, std::string_view bytes);
  /// A disk that is full costs a resume some repeated work, and that is all: said once on stderr.
  void flush();

 private:
  [[nodiscard]] bool open();

  std::string run_dir_;
  WorkerId worker_;
  Descriptor file_;
  std::string unwritten_;
  bool has_failed_ = false;
};

/// What earlier lives left, as of when it was made. Reads the bytes of a result when it is asked for.
class KeptValues {
 public:
  KeptValues() = default;
  /// Of elements and attempts that `is_wanted`.
  KeptValues(const std::string& run_dir, const std::function<bool(ElementId, std::uint16_t attempt)>& is_wanted);

  [[nodiscard]] bool has(ElementId element) const { return places_.contains(element); }
  /// Nothing: it was never there, or can not be read any more.
  [[nodiscard]] std::optional<std::string> read(ElementId element) const;

 private:
  struct Place {
    std::uint32_t file;
    std::uint64_t offset;  ///< of the bytes
    std::uint32_t size;
  };
  void scan(std::uint32_t file, const std::function<bool(ElementId, std::uint16_t)>& is_wanted);

  std::vector<std::string> files_;
  std::unordered_map<ElementId, Place> places_;
};

}  // namespace fugle::function
