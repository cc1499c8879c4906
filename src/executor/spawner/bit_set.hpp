// Numbers of CPUs or NUMA nodes, laid out as the kernel takes them.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace fugle::spawner {

class BitSet {
 public:
  BitSet() = default;
  explicit BitSet(const std::vector<std::uint32_t>& numbers) {
    for (const std::uint32_t number : numbers) {
      if (number >= kMostNumbers) continue;  // no machine has it
      if (number / kWordBits >= words_.size()) words_.resize(number / kWordBits + 1);
      words_[number / kWordBits] |= 1ul << number % kWordBits;
    }
  }
  explicit BitSet(std::vector<unsigned long> words) : words_(std::move(words)) { trim(); }

  [[nodiscard]] bool is_empty() const { return words_.empty(); }
  /// Allocates nothing: asked between clone and exec.
  [[nodiscard]] bool is_single() const {
    int count = 0;
    for (const unsigned long word : words_) count += std::popcount(word);
    return count == 1;
  }
  [[nodiscard]] std::vector<std::uint32_t> numbers() const {
    std::vector<std::uint32_t> numbers;
    for (std::size_t i = 0; i < words_.size(); ++i)
      for (unsigned long rest = words_[i]; rest != 0; rest &= rest - 1)
        numbers.push_back(static_cast<std::uint32_t>(i * kWordBits + static_cast<std::size_t>(std::countr_zero(rest))));
    return numbers;
  }
  void add(const BitSet& other) {
    words_.resize(std::max(words_.size(), other.words_.size()));
    for (std::size_t i = 0; i < other.words_.size(); ++i) words_[i] |= other.words_[i];
  }
  [[nodiscard]] bool contains(const BitSet& other) const {
    BitSet both = *this;
    both.add(other);
    return both == *this;
  }
  bool operator==(const BitSet&) const = default;

  [[nodiscard]] const unsigned long* data() const { return words_.data(); }
  [[nodiscard]] std::size_t num_bytes() const { return words_.size() * sizeof(unsigned long); }

 private:
  static constexpr std::size_t kWordBits = 64;
  static constexpr std::uint32_t kMostNumbers = 1 << 16;

  void trim() {
    while (!words_.empty() && words_.back() == 0) words_.pop_back();
  }

  std::vector<unsigned long> words_;  ///< the last is not 0
};

}  // namespace fugle::spawner
