#include "app/placement_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "base/time.hpp"
#include "report/text_table.hpp"

namespace fugle::app {
namespace {

using topology::Level;
using topology::Node;
using topology::Pu;

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::size_t kNumTaskLetters = 26;
constexpr char kFree = '.', kFurther = '*';

/// Which letter stands for what. All parts of an element have the same one.
class Letters {
 public:
  explicit Letters(std::span<const PlacedElement* const> drawn) {
    std::map<std::string_view, char> letter_of;
    for (const PlacedElement* part : drawn) letter_of.emplace(part->id, kFree);
    is_per_element_ = letter_of.size() <= kLetters.size();
    std::size_t num_lettered = 0;
    std::map<std::string_view, std::size_t> number_of_task;
    std::map<std::string_view, bool> next_is_capital;
    for (const PlacedElement* part : drawn) {
      char& letter = letter_of.at(part->id);
      if (letter == kFree && is_per_element_) {
        letter = kLetters[num_lettered++];
      } else if (letter == kFree) {
        const std::size_t task = number_of_task.emplace(part->task, number_of_task.size()).first->second;
        const std::size_t offset = std::exchange(next_is_capital[part->task], !next_is_capital[part->task]);
        letter = task < kNumTaskLetters ? kLetters[task + offset * kNumTaskLetters] : kFurther;
      }
      letters_.push_back(letter);
    }
  }
  [[nodiscard]] char of(std::size_t i) const { return letters_[i]; }
  [[nodiscard]] bool is_per_element() const { return is_per_element_; }

 private:
  bool is_per_element_ = true;
  std::vector<char> letters_;
};

/// One node and whose its units and GPUs are.
class NodeDrawing {
 public:
  NodeDrawing(const Node& node, std::uint32_t number, std::span<const PlacedElement* const> drawn,
              const Letters& letters)
      : node_(node), pu_(node.pus.size(), kFree), owner_(node.pus.size(), -1), gpu_(node.gpus.size(), kFree) {
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      if (drawn[i]->node != number) continue;
      for (const std::uint32_t pu : drawn[i]->holding.pus) {
        pu_[pu] = letters.of(i);
        owner_[pu] = static_cast<int>(i);
      }
      for (const std::uint32_t gpu : drawn[i]->holding.gpus) gpu_[gpu] = letters.of(i);
    }
    for (std::size_t i = 1; i < node.pus.size(); ++i)
      if (node.pus[i].core == node.pus[i - 1].core && owner_[i] != owner_[i - 1]) draws_units_ = true;
  }

  [[nodiscard]] std::string text(std::size_t width) const {
    const auto busy =
        static_cast<std::size_t>(std::count_if(owner_.begin(), owner_.end(), [](int o) { return o >= 0; }));
    std::string text = fmt::format("{}  {} of {} cores busy{}\n", node_.name, busy, node_.pus.size(), unit_note());
    for (std::uint32_t package = 0; package < node_.num_groups(Level::package); ++package)
      text += package_text(package, width);
    return text;
  }

 private:
  [[nodiscard]] std::string unit_note() const {
    if (node_.num_groups(Level::core) == node_.pus.size()) return {};
    return draws_units_ ? " (a letter is a thread)" : " (a letter is a core with all its threads)";
  }

  /// The L3 groups of a package, each with a separator before it.
  [[nodiscard]] std::vector<std::string> groups_of(std::uint32_t package) const {
    std::vector<std::string> groups;
    const Pu* before = nullptr;
    for (std::size_t i = 0; i < node_.pus.size(); ++i) {
      const Pu& pu = node_.pus[i];
      if (pu.package != package) continue;
      if (before == nullptr)
        groups.emplace_back();
      else if (before->numa != pu.numa)
        groups.emplace_back(" | ");
      else if (before->l3 != pu.l3)
        groups.emplace_back(" ");
      if (before == nullptr || draws_units_ || before->core != pu.core) groups.back() += pu_[i];
      before = &pu;
    }
    return groups;
  }

  [[nodiscard]] std::string package_text(std::uint32_t package, std::size_t width) const {
    const std::string head = fmt::format("  package {:<3}", package);
    const std::string indent(head.size(), ' ');
    std::string text, line = head;
    for (std::string group : groups_of(package)) {
      if (line.size() + group.size() > width && line.size() > head.size()) {
        text += line + "\n";
        line = indent;
        group.erase(0, group.find_first_not_of(" |"));
      }
      line += group;
      while (line.size() > width) {  // a group wider than the terminal
        text += line.substr(0, width) + "\n";
        line = indent + line.substr(width);
      }
    }
    text += line + "\n";
    std::string gpus;
    for (std::size_t i = 0; i < node_.gpus.size(); ++i) {
      const topology::Device& gpu = node_.gpus[i];
      if (gpu.package == package || (gpu.package == topology::kNoGroup && package == 0))
        gpus += fmt::format(" {}:{}", gpu.index, gpu_[i]);
    }
    if (!gpus.empty()) text += fmt::format("{}gpus{}\n", indent, gpus);
    return text;
  }

  const Node& node_;
  std::string pu_;          ///< letter of each unit
  std::vector<int> owner_;  ///< position among the drawn; -1: free
  std::string gpu_;
  bool draws_units_ = false;
};

std::string count_of(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string time_text(double seconds) {
  return format_duration(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)));
}

std::string holding_text(const PlacedElement& element) {
  if (element.holding.pus.empty()) return "no cores found";
  std::string text = count_of(element.holding.pus.size(), "core");
  if (!element.is_bound) return text + ", not bound";
  if (element.holding.pus.size() > 1 && element.holding.level != Level::node)
    text += fmt::format(" of one {}", topology::name_of(element.holding.level));
  return text;
}

/// What an element has on all its nodes, also on those that are not drawn.
struct Sum {
  std::set<std::uint32_t> nodes;
  std::size_t num_cores = 0, num_gpus = 0;
};

std::map<std::string_view, Sum> sums_of(std::span<const PlacedElement> running) {
  std::map<std::string_view, Sum> sums;
  for (const PlacedElement& part : running) {
    Sum& sum = sums[part.id];
    sum.nodes.insert(part.node);
    sum.num_cores += part.holding.pus.size();
    sum.num_gpus += part.holding.gpus.size();
  }
  return sums;
}

std::string all_holdings_text(const PlacedElement& part, const Sum& sum) {
  std::string text = sum.nodes.size() == 1 && sum.num_cores == part.holding.pus.size()
                         ? holding_text(part)
                         : fmt::format("{} of {}", count_of(sum.num_cores, "core"), count_of(sum.nodes.size(), "node"));
  return sum.num_gpus > 0 ? text + ", " + count_of(sum.num_gpus, "GPU") : text;
}

std::string element_legend(std::span<const PlacedElement* const> drawn, const Letters& letters,
                           std::span<const PlacedElement> running, std::size_t width) {
  const auto sums = sums_of(running);
  std::set<std::string_view> told;
  std::string text;
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    const PlacedElement& element = *drawn[i];
    if (!told.insert(element.id).second) continue;
    const std::string line = fmt::format("  {}  {} to {}  {}  {}", letters.of(i), time_text(element.start_s),
                                         time_text(element.end_s), all_holdings_text(element, sums.at(element.id)),
                                         element.id);
    text += report::cut_to_width(line, width) + "\n";
  }
  return text;
}

std::string task_legend(std::span<const PlacedElement* const> drawn, const Letters& letters, std::size_t width) {
  struct Line {
    std::string letters;
    std::set<std::string_view> elements;
    std::size_t num_cores = 0;
  };
  std::map<std::string, Line> lines;
  std::vector<std::string> order;
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    const auto [found, is_new] = lines.try_emplace(drawn[i]->task);
    if (is_new) order.push_back(drawn[i]->task);
    Line& line = found->second;
    if (line.letters.find(letters.of(i)) == std::string::npos) line.letters += letters.of(i);
    line.elements.insert(drawn[i]->id);
    line.num_cores += drawn[i]->holding.pus.size();
  }
  std::string text;
  for (const std::string& task : order) {
    const Line& line = lines.at(task);
    const std::string row = fmt::format("  {:<2}  {} on {}  {}", line.letters, count_of(line.elements.size(), "element"),
                                        count_of(line.num_cores, "core"), task);
    text += report::cut_to_width(row, width) + "\n";
  }
  return text;
}

/// Like those that are drawn, if they have as many groups on each level.
bool has_shape_of(const Node& a, const Node& b) {
  for (const Level level : {Level::core, Level::l3, Level::numa, Level::package})
    if (a.num_groups(level) != b.num_groups(level)) return false;
  return a.pus.size() == b.pus.size() && a.gpus.size() == b.gpus.size();
}

std::string further_nodes(std::span<const Node> nodes, std::size_t num_drawn, std::span<const PlacedElement> running) {
  const std::span<const Node> further = nodes.subspan(num_drawn);
  const bool are_alike = std::all_of(further.begin(), further.end(),
                                     [&](const Node& node) { return has_shape_of(node, nodes[num_drawn - 1]); });
  std::size_t busy = 0, cores = 0;
  std::set<std::string_view> elements;
  for (const Node& node : further) cores += node.pus.size();
  for (const PlacedElement& element : running) {
    if (element.node < num_drawn) continue;
    elements.insert(element.id);
    busy += element.holding.pus.size();
  }
  return fmt::format("and {} more{}: {}, {} of {} cores busy\n", further.size(), are_alike ? " like these" : "",
                     count_of(elements.size(), "element"), busy, cores);
}

}  // namespace

std::string placement_text(std::span<const Node> nodes, std::span<const PlacedElement> running,
                           const PlacementDrawing& drawing) {
  const std::size_t num_drawn = std::min(nodes.size(), std::max<std::size_t>(1, drawing.max_nodes));
  std::vector<const PlacedElement*> drawn;
  for (const PlacedElement& element : running)
    if (element.node < num_drawn) drawn.push_back(&element);
  // Letters in the order in which they are met.
  const auto place = [](const PlacedElement* element) {
    return std::pair(element->node, element->holding.pus.empty() ? ~0u : element->holding.pus.front());
  };
  std::stable_sort(drawn.begin(), drawn.end(),
                   [&](const PlacedElement* a, const PlacedElement* b) { return place(a) < place(b); });
  const Letters letters(drawn);
  std::string text;
  for (std::uint32_t number = 0; number < num_drawn; ++number)
    text += NodeDrawing(nodes[number], number, drawn, letters).text(drawing.width);
  if (nodes.size() > num_drawn) text += further_nodes(nodes, num_drawn, running);
  if (drawn.empty()) return text;
  return text + "\n" +
         (letters.is_per_element() ? element_legend(drawn, letters, running, drawing.width)
                                   : task_legend(drawn, letters, drawing.width));
}

}  // namespace fugle::app
