// What the ranks of an MPI attempt have on one node, and how that is written as one word of a command: the same command
// runs on all nodes, and each rank finds its own share in it (spawner/bind_mode.hpp). Header only and needs nothing
// else of ours: the spawner includes it too.
//
//   NODE=RANKS=CPUS            CPUs in the order of the ranks, "0-1,8": each rank has an equal part of them,
//                              a rest is nobody's
//   NODE=RANKS=~CPUS           of a stand-in machine: told to the ranks, nobody is bound
//   NODE=RANKS=CPUS=V|V        V: what the first, the second, ... rank sees of the GPUs, "NAME:VALUE;NAME:VALUE"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fugle::executor {

struct RankShare {
  using Variables = std::vector<std::pair<std::string, std::string>>;

  std::string node;
  std::uint32_t ranks = 0;
  bool is_real = true;
  std::vector<std::uint32_t> cpus;   ///< those of the first rank first; empty: not bound
  std::vector<Variables> variables;  ///< per rank; empty: there are none
  bool operator==(const RankShare&) const = default;

  /// Of rank `local` of this node: as many as any other has. All of them where that would be none.
  [[nodiscard]] std::vector<std::uint32_t> cpus_of(std::uint32_t local) const {
    if (local >= ranks || cpus.size() < ranks) return cpus;
    const auto part = static_cast<std::ptrdiff_t>(cpus.size() / ranks);
    const auto begin = cpus.begin() + part * static_cast<std::ptrdiff_t>(local);
    return {begin, begin + part};
  }
};

namespace rank_share_text {

/// What is before `separator`, which is taken too.
inline std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view part = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return part;
}

inline std::uint32_t number(std::string_view text) {
  std::uint64_t value = 0;
  for (const char c : text)
    if (c >= '0' && c <= '9' && value < UINT32_MAX / 16) value = 10 * value + static_cast<std::uint64_t>(c - '0');
  return static_cast<std::uint32_t>(value);
}

/// Keeps their order, unlike topology::list_text().
inline std::string list(const std::vector<std::uint32_t>& numbers) {
  std::string text;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    if (!text.empty()) text += ',';
    text += std::to_string(numbers[i]);
    if (last > i) text += '-' + std::to_string(numbers[last]);
    i = last + 1;
  }
  return text;
}

inline std::vector<std::uint32_t> numbers(std::string_view text) {
  constexpr std::uint32_t kMostNumbers = 1 << 16;
  std::vector<std::uint32_t> found;
  while (!text.empty()) {
    std::string_view range = take_until(text, ',');
    const std::uint32_t first = number(take_until(range, '-'));
    const std::uint32_t last = range.empty() ? first : number(range);
    for (std::uint32_t i = first; i <= last && found.size() < kMostNumbers; ++i) found.push_back(i);
  }
  return found;
}

}  // namespace rank_share_text

[[nodiscard]] inline std::string word_of(const RankShare& share) {
  namespace text = rank_share_text;
  std::string word =
      share.node + '=' + std::to_string(share.ranks) + '=' + (share.is_real ? "" : "~") + text::list(share.cpus);
  for (std::size_t rank = 0; rank < share.variables.size(); ++rank) {
    word += rank == 0 ? '=' : '|';
    for (const auto& [name, value] : share.variables[rank]) {
      if (word.back() != '=' && word.back() != '|') word += ';';
      word.append(name).append(":").append(value);
    }
  }
  return word;
}

[[nodiscard]] inline RankShare share_of_word(std::string_view word) {
  namespace text = rank_share_text;
  RankShare share;
  share.node = text::take_until(word, '=');
  share.ranks = text::number(text::take_until(word, '='));
  std::string_view cpus = text::take_until(word, '=');
  share.is_real = !cpus.starts_with('~');
  if (!share.is_real) cpus.remove_prefix(1);
  share.cpus = text::numbers(cpus);
  while (!word.empty()) {
    std::string_view rank = text::take_until(word, '|');
    RankShare::Variables& variables = share.variables.emplace_back();
    while (!rank.empty()) {
      std::string_view variable = text::take_until(rank, ';');
      const std::string_view name = text::take_until(variable, ':');
      variables.emplace_back(name, variable);
    }
  }
  return share;
}

}  // namespace fugle::executor
