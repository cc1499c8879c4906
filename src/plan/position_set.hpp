// A set of small numbers whose smallest member is found in a few instructions: the ready tasks, by position in a list.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace fugle::plan {

class PositionSet {
 public:
  static constexpr std::uint32_t kNone = ~0u;

  /// For numbers below `size`; empty.
  void reset(std::uint32_t size) {
    words_.assign((size + 63) / 64, 0);
    summary_.assign((words_.size() + 63) / 64, 0);
  }
  void insert(std::uint32_t position) {
    words_[position / 64] |= bit(position);
    summary_[position / 4096] |= bit(position / 64);
  }
  void erase(std::uint32_t position) {
    std::uint64_t& word = words_[position / 64];
    word &= ~bit(position);
    if (word == 0) summary_[position / 4096] &= ~bit(position / 64);
  }
  /// The smallest member that is not below `from`; kNone if there is none.
  [[nodiscard]] std::uint32_t first_from(std::uint32_t from) const {
    std::size_t word = from / 64;
    if (word >= words_.size()) return kNone;
    if (const std::uint64_t rest = words_[word] & (~std::uint64_t{0} << (from % 64)); rest != 0) return at(word, rest);
    if (++word >= words_.size()) return kNone;
    std::size_t block = word / 64;
    std::uint64_t rest = summary_[block] & (~std::uint64_t{0} << (word % 64));
    while (rest == 0) {
      if (++block >= summary_.size()) return kNone;
      rest = summary_[block];
    }
    word = block * 64 + static_cast<std::size_t>(std::countr_zero(rest));
    return at(word, words_[word]);
  }

 private:
  static std::uint64_t bit(std::uint32_t i) { return std::uint64_t{1} << (i % 64); }
  static std::uint32_t at(std::size_t word, std::uint64_t bits) {
    return static_cast<std::uint32_t>(word * 64) + static_cast<std::uint32_t>(std::countr_zero(bits));
  }

  std::vector<std::uint64_t> words_;
  std::vector<std::uint64_t> summary_;  ///< bit w: words_[w] is not zero
};

}  // namespace fugle::plan
