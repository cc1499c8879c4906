#include "base/pattern.hpp"

#include <array>
#include <utility>

namespace fugle {
namespace {

constexpr std::size_t kNowhere = SIZE_MAX;
constexpr std::array kNothing = {kNowhere, kNowhere, kNowhere, kNowhere};

bool is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_word_edge(std::string_view line, std::size_t at) {
  const bool before = at > 0 && is_word_byte(line[at - 1]);
  const bool after = at < line.size() && is_word_byte(line[at]);
  return before != after;
}

}  // namespace

/// One search: the threads of the program that are alive at a byte of the text, the preferred ones first.
class PatternSearch {
 public:
  PatternSearch(const Pattern& pattern, std::string_view line)
      : pattern_(pattern), line_(line), seen_at_(pattern.program_.size(), kNowhere) {}

  std::optional<Pattern::Match> from(std::size_t begin) {
    for (std::size_t at = begin; at <= line_.size(); ++at) {
      if (!has_match_) add(0, at, kNothing);
      if (threads_.empty() && has_match_) break;
      step(at);
    }
    if (!has_match_) return std::nullopt;
    Pattern::Match match{best_[0], best_[1], {}};
    if (best_[2] != kNowhere && best_[3] != kNowhere) match.group = line_.substr(best_[2], best_[3] - best_[2]);
    return match;
  }

 private:
  using Op = Pattern::Op;
  using Saved = std::array<std::size_t, 4>;  ///< begin and end of the match and of its first group
  struct Thread {
    std::uint32_t pc;
    Saved saved;
  };

  /// All that `pc` leads to without reading a byte, in order of preference; each instruction once per byte. The stack
  /// is ours: a program may be long.
  void add(std::uint32_t pc, std::size_t at, const Saved& saved) {
    pending_.push_back({pc, saved});
    while (!pending_.empty()) {
      Thread thread = pending_.back();
      pending_.pop_back();
      if (seen_at_[thread.pc] == at) continue;
      seen_at_[thread.pc] = at;
      const Pattern::Instruction& instruction = pattern_.program_[thread.pc];
      const auto go_on = [&](std::uint32_t to) { pending_.push_back({to, thread.saved}); };
      switch (instruction.op) {
        case Op::bytes:
        case Op::match: threads_.push_back(thread); break;
        case Op::jump: go_on(instruction.x); break;
        case Op::split:
          go_on(instruction.y);
          go_on(instruction.x);
          break;
        case Op::save:
          thread.saved[instruction.x] = at;
          go_on(thread.pc + 1);
          break;
        case Op::line_begin:
          if (at == 0) go_on(thread.pc + 1);
          break;
        case Op::line_end:
          if (at == line_.size()) go_on(thread.pc + 1);
          break;
        case Op::word_edge:
          if (is_word_edge(line_, at)) go_on(thread.pc + 1);
          break;
        case Op::no_word_edge:
          if (!is_word_edge(line_, at)) go_on(thread.pc + 1);
          break;
      }
    }
  }

  /// All threads read the byte at `at`. Where one has matched those that are less preferred are given up.
  void step(std::size_t at) {
    std::swap(threads_, former_);
    threads_.clear();
    for (const Thread& thread : former_) {
      const Pattern::Instruction& instruction = pattern_.program_[thread.pc];
      if (instruction.op == Op::match) {
        has_match_ = true;
        best_ = thread.saved;
        return;
      }
      if (at < line_.size() && pattern_.sets_[instruction.x].test(static_cast<unsigned char>(line_[at])))
        add(thread.pc + 1, at + 1, thread.saved);
    }
  }

  const Pattern& pattern_;
  std::string_view line_;
  std::vector<std::size_t> seen_at_;  ///< [instruction] byte before which it was last added
  std::vector<Thread> threads_;
  std::vector<Thread> former_;
  std::vector<Thread> pending_;
  bool has_match_ = false;
  Saved best_{};
};

std::optional<Pattern::Match> Pattern::search(std::string_view line, std::size_t from) const {
  if (from > line.size()) return std::nullopt;
  return PatternSearch(*this, line).from(from);
}

}  // namespace fugle
