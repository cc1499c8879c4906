// From the text of a pattern to its program. A recursive descent into a small tree, which is then written out: counted
// repeats are written out as many times as they count, so their number is limited.
#include <algorithm>
#include <memory>
#include <utility>

#include "base/pattern.hpp"

namespace fugle {
namespace {

using Set = std::bitset<256>;

constexpr std::size_t kMostInstructions = 4000;
constexpr std::uint32_t kMostRepeats = 1000;
constexpr std::uint32_t kEndless = UINT32_MAX;
constexpr int kDeepest = 100;

std::size_t index_of(char c) { return static_cast<unsigned char>(c); }

Set range(char first, char last) {
  Set set;
  for (std::size_t c = index_of(first); c <= index_of(last); ++c) set.set(c);
  return set;
}
Set one(char c) { return range(c, c); }
Set digits() { return range('0', '9'); }
Set word_bytes() { return range('a', 'z') | range('A', 'Z') | digits() | one('_'); }
Set blanks() { return one(' ') | range('\t', '\r'); }

struct Node {
  enum class Kind : std::uint8_t { empty, set, sequence, choice, repeat, group, assertion } kind = Kind::empty;
  Set set{};
  std::vector<Node> children{};
  std::uint32_t min = 0;  ///< of a repeat
  std::uint32_t max = 0;
  bool is_greedy = true;
  std::uint32_t group = 0;  ///< from 1; 0: it captures nothing
  std::uint8_t assertion = 0;
};

}  // namespace

class PatternParser {
 public:
  explicit PatternParser(std::string_view text) : text_(text) {}

  std::variant<Pattern, Pattern::Problem> parse() {
    try {
      const Node root = choice(0);
      if (at_ < text_.size()) fail("')' without '('");
      save(0);
      write(root);
      save(1);
      add(Pattern::Op::match);
      find_literal(root);
      pattern_.num_groups_ = num_groups_;
      return std::move(pattern_);
    } catch (const Pattern::Problem& problem) {
      return problem;
    }
  }

 private:
  using Op = Pattern::Op;

  [[noreturn]] void fail(std::string why) const { throw Pattern::Problem{std::move(why), at_}; }
  [[nodiscard]] bool is_at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] bool sees(char c) const { return !is_at_end() && text_[at_] == c; }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  // ---- reading

  Node choice(int depth) {
    if (depth > kDeepest) fail("too many parentheses in each other");
    Node node{Node::Kind::choice};
    do node.children.push_back(sequence(depth));
    while (take("|"));
    return node.children.size() == 1 ? std::move(node.children.front()) : node;
  }

  Node sequence(int depth) {
    Node node{Node::Kind::sequence};
    while (!is_at_end() && !sees('|') && !sees(')')) node.children.push_back(repeated(depth));
    return node;
  }

  Node repeated(int depth) {
    Node node = atom(depth);
    while (!is_at_end()) {
      std::uint32_t min = 0;
      std::uint32_t max = kEndless;
      if (take("?"))
        max = 1;
      else if (take("+"))
        min = 1;
      else if (!take("*") && !take_counts(min, max))
        break;
      if (node.kind == Node::Kind::assertion) fail("nothing to repeat");
      if (node.kind == Node::Kind::repeat) fail("a repeat of a repeat; use (?:...)");
      Node outer{Node::Kind::repeat};
      outer.min = min;
      outer.max = max;
      outer.is_greedy = !take("?");
      outer.children.push_back(std::move(node));
      node = std::move(outer);
    }
    return node;
  }

  /// "{2}", "{2,}", "{2,5}"; a brace that is none of these stands for itself.
  bool take_counts(std::uint32_t& min, std::uint32_t& max) {
    const std::size_t before = at_;
    const auto number = [&]() -> std::optional<std::uint32_t> {
      std::uint32_t value = 0;
      const std::size_t begin = at_;
      while (!is_at_end() && text_[at_] >= '0' && text_[at_] <= '9')
        value = std::min(value * 10 + static_cast<std::uint32_t>(text_[at_++] - '0'), kMostRepeats + 1);
      return at_ == begin ? std::nullopt : std::optional(value);
    };
    if (!take("{")) return false;
    const auto first = number();
    const bool has_comma = first && take(",");
    const auto last = has_comma ? number() : first;
    if (!first || !take("}")) {
      at_ = before;
      return false;
    }
    if (*first > kMostRepeats || (last && *last > kMostRepeats)) fail("a count is at most 1000");
    min = *first;
    max = last.value_or(kEndless);
    if (max < min) fail("the counts of a repeat are in the wrong order");
    return true;
  }

  Node atom(int depth) {
    const char c = text_[at_];
    switch (c) {
      case '(': return group(depth);
      case '[': return of(set());
      case '\\': return escape();
      case '.': ++at_; return of(~(one('\n') | one('\r')));
      case '^': ++at_; return assertion(Op::line_begin);
      case '$': ++at_; return assertion(Op::line_end);
      case '*':
      case '+':
      case '?': fail("nothing to repeat");
      default: break;
    }
    ++at_;
    return of(one(c));
  }

  static Node of(const Set& set) {
    Node node{Node::Kind::set};
    node.set = set;
    return node;
  }
  static Node assertion(Op op) {
    Node node{Node::Kind::assertion};
    node.assertion = static_cast<std::uint8_t>(op);
    return node;
  }

  Node group(int depth) {
    const std::size_t open = at_;
    ++at_;
    Node node{Node::Kind::group};
    if (take("?:")) {
      node.group = 0;
    } else if (take("?<=") || take("?<!") || take("?=") || take("?!")) {
      at_ = open;
      fail("look-around is not read");
    } else if (take("?<") || take("?P<")) {
      const std::size_t end = text_.find('>', at_);
      if (end == std::string_view::npos) fail("'>' is missing after the name of a group");
      at_ = end + 1;
      node.group = ++num_groups_;
    } else if (sees('?')) {
      at_ = open;
      fail("this kind of group is not read; only (...), (?:...) and (?<name>...) are");
    } else {
      node.group = ++num_groups_;
    }
    node.children.push_back(choice(depth + 1));
    if (!take(")")) {
      at_ = open;
      fail("')' is missing");
    }
    return node;
  }

  /// \d \w \s and their opposites; nothing for others.
  static std::optional<Set> class_of(char c) {
    switch (c) {
      case 'd': return digits();
      case 'D': return ~digits();
      case 'w': return word_bytes();
      case 'W': return ~word_bytes();
      case 's': return blanks();
      case 'S': return ~blanks();
      default: return std::nullopt;
    }
  }

  /// What follows a backslash, which has been read, and stands for one byte.
  char escaped_byte() {
    if (is_at_end()) fail("a backslash at the end");
    const char c = text_[at_];
    switch (c) {
      case 't': ++at_; return '\t';
      case 'n': ++at_; return '\n';
      case 'r': ++at_; return '\r';
      case 'f': ++at_; return '\f';
      case 'v': ++at_; return '\v';
      case 'x': return hexadecimal();
      default: break;
    }
    if (c >= '0' && c <= '9') fail("references to groups are not read");
    if (word_bytes().test(index_of(c))) fail(std::string("\\") + c + " is not known");
    ++at_;
    return c;
  }

  char hexadecimal() {
    constexpr std::string_view kDigits = "0123456789abcdef";
    unsigned value = 0;
    for (std::size_t i = at_ + 1; i <= at_ + 2; ++i) {
      const char lower = i < text_.size() ? static_cast<char>(text_[i] | 0x20) : ' ';
      const std::size_t digit = kDigits.find(lower);
      if (digit == std::string_view::npos) fail("\\x needs two hexadecimal digits");
      value = value * 16 + static_cast<unsigned>(digit);
    }
    at_ += 3;
    return static_cast<char>(value);
  }

  Node escape() {
    ++at_;
    if (take("b")) return assertion(Op::word_edge);
    if (take("B")) return assertion(Op::no_word_edge);
    if (!is_at_end())
      if (const auto known = class_of(text_[at_])) {
        ++at_;
        return of(*known);
      }
    return of(one(escaped_byte()));
  }

  /// One byte of a set, or a whole class, which has no ends of a range.
  std::optional<char> set_item(Set& classes) {
    if (take("[:")) {
      named_class(classes);
      return std::nullopt;
    }
    if (!take("\\")) return text_[at_++];
    if (!is_at_end()) {
      if (const auto known = class_of(text_[at_])) {
        ++at_;
        classes |= *known;
        return std::nullopt;
      }
      if (take("b")) return '\b';
    }
    return escaped_byte();
  }

  void named_class(Set& classes) {
    const Set letters = range('a', 'z') | range('A', 'Z');
    const std::pair<std::string_view, Set> known[] = {
        {"digit", digits()},
        {"alpha", letters},
        {"alnum", letters | digits()},
        {"space", blanks()},
        {"blank", one(' ') | one('\t')},
        {"upper", range('A', 'Z')},
        {"lower", range('a', 'z')},
        {"xdigit", digits() | range('a', 'f') | range('A', 'F')},
        {"punct", range('!', '/') | range(':', '@') | range('[', '`') | range('{', '~')},
    };
    for (const auto& [name, set] : known)
      if (take(std::string(name) + ":]")) {
        classes |= set;
        return;
      }
    fail("a class of this name is not known");
  }

  Set set() {
    const std::size_t open = at_;
    ++at_;
    const bool is_negated = take("^");
    Set chosen;
    while (!is_at_end() && !sees(']')) {
      const auto first = set_item(chosen);
      const bool is_range = first && sees('-') && at_ + 1 < text_.size() && text_[at_ + 1] != ']';
      if (!is_range) {
        if (first) chosen |= one(*first);
        continue;
      }
      ++at_;
      const auto last = set_item(chosen);
      if (!last) {
        chosen |= one(*first) | one('-');
        continue;
      }
      if (index_of(*last) < index_of(*first)) fail("the ends of a range are in the wrong order");
      chosen |= range(*first, *last);
    }
    if (!take("]")) {
      at_ = open;
      fail("']' is missing");
    }
    return is_negated ? ~chosen : chosen;
  }

  // ---- writing

  std::uint32_t add(Op op, std::uint32_t x = 0, std::uint32_t y = 0) {
    if (pattern_.program_.size() >= kMostInstructions) {
      at_ = 0;
      fail("it is too long, or repeats too much");
    }
    pattern_.program_.push_back({op, x, y});
    return static_cast<std::uint32_t>(pattern_.program_.size() - 1);
  }
  [[nodiscard]] std::uint32_t here() const { return static_cast<std::uint32_t>(pattern_.program_.size()); }
  void save(std::uint32_t slot) { add(Op::save, slot); }

  void write(const Node& node) {
    switch (node.kind) {
      case Node::Kind::empty: break;
      case Node::Kind::set:
        pattern_.sets_.push_back(node.set);
        add(Op::bytes, static_cast<std::uint32_t>(pattern_.sets_.size() - 1));
        break;
      case Node::Kind::sequence:
        for (const Node& child : node.children) write(child);
        break;
      case Node::Kind::assertion: add(static_cast<Op>(node.assertion)); break;
      case Node::Kind::group:
        // Of all groups only the first is ever asked for.
        if (node.group == 1) save(2);
        write(node.children.front());
        if (node.group == 1) save(3);
        break;
      case Node::Kind::choice: write_choice(node); break;
      case Node::Kind::repeat: write_repeat(node); break;
    }
  }

  void write_choice(const Node& node) {
    std::vector<std::uint32_t> ends;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      const bool is_last = i + 1 == node.children.size();
      const std::uint32_t split = is_last ? 0 : add(Op::split);
      write(node.children[i]);
      if (is_last) break;
      ends.push_back(add(Op::jump));
      pattern_.program_[split].x = split + 1;
      pattern_.program_[split].y = here();
    }
    for (const std::uint32_t end : ends) pattern_.program_[end].x = here();
  }

  /// Begins something that may be left out; its end is filled in later.
  std::uint32_t add_way_out(const Node& node) {
    const std::uint32_t split = add(Op::split);
    (node.is_greedy ? pattern_.program_[split].x : pattern_.program_[split].y) = split + 1;
    return split;
  }
  void end_way_out(const Node& node, std::uint32_t split) {
    (node.is_greedy ? pattern_.program_[split].y : pattern_.program_[split].x) = here();
  }

  void write_repeat(const Node& node) {
    const Node& what = node.children.front();
    for (std::uint32_t i = 0; i < node.min; ++i) write(what);
    if (node.max == kEndless) {
      const std::uint32_t split = add_way_out(node);
      write(what);
      add(Op::jump, split);
      return end_way_out(node, split);
    }
    std::vector<std::uint32_t> splits;
    for (std::uint32_t i = node.min; i < node.max; ++i) {
      splits.push_back(add_way_out(node));
      write(what);
    }
    for (const std::uint32_t split : splits) end_way_out(node, split);
  }

  // ---- what stands in every match

  void find_literal(const Node& node) {
    std::string run;
    collect(node, run);
    keep_longer(run);
  }
  void keep_longer(std::string& run) {
    if (run.size() > pattern_.literal_.size()) pattern_.literal_ = run;
    run.clear();
  }
  void collect(const Node& node, std::string& run) {
    switch (node.kind) {
      case Node::Kind::empty:
      case Node::Kind::assertion: return;
      case Node::Kind::set:
        if (node.set.count() != 1) return keep_longer(run);
        for (std::size_t c = 0; c < node.set.size(); ++c)
          if (node.set.test(c)) run += static_cast<char>(c);
        return;
      case Node::Kind::sequence:
        for (const Node& child : node.children) collect(child, run);
        return;
      case Node::Kind::group: return collect(node.children.front(), run);
      case Node::Kind::choice: return keep_longer(run);
      case Node::Kind::repeat:
        if (node.min > 0) collect(node.children.front(), run);
        return keep_longer(run);
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t num_groups_ = 0;
  Pattern pattern_;
};

std::variant<Pattern, Pattern::Problem> Pattern::parse(std::string_view text) { return PatternParser(text).parse(); }

}  // namespace fugle
