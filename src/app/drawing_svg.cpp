// A drawing as SVG: boxes in layers, each below all that it needs. Arrows over several layers bend at the places that
// are kept free for them there. Layers are put in order by the mean place of what is above or below, a few times.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "app/drawing.hpp"

namespace fugle::app {
namespace {

constexpr double kHeight = 44, kGap = 28, kLayerGap = 56, kMargin = 20, kBendWidth = 14;
constexpr int kSweeps = 8;

/// A box, or a place that an arrow passes.
struct Place {
  double width = kBendWidth;
  double x = 0;  ///< of the middle
  std::uint32_t layer = 0;
  std::vector<std::size_t> above, below;
};

class Layout {
 public:
  explicit Layout(const Drawing& drawing) : drawing_(drawing), places_(drawing.boxes.size()) {
    for (std::size_t i = 0; i < drawing.boxes.size(); ++i) {
      const std::size_t letters = std::max(drawing.boxes[i].name.size(), drawing.boxes[i].detail.size());
      places_[i].width = 28 + 7.6 * static_cast<double>(letters);
    }
    find_layers();
    put_the_end_below();
    for (const Drawing::Arrow& arrow : drawing.arrows) paths_.push_back(path_of(arrow));
    layers_.resize(1);
    for (std::size_t i = 0; i < places_.size(); ++i) {
      layers_.resize(std::max<std::size_t>(layers_.size(), places_[i].layer + 1));
      layers_[places_[i].layer].push_back(i);
    }
    for (auto& layer : layers_) spread(layer);
    for (int sweep = 0; sweep < kSweeps; ++sweep) sweep_once(sweep % 2 == 0);
    shift_to_margin();
  }

  [[nodiscard]] const Place& place(std::size_t i) const { return places_[i]; }
  [[nodiscard]] double top(std::size_t i) const { return kMargin + places_[i].layer * (kHeight + kLayerGap); }
  [[nodiscard]] const std::vector<std::size_t>& path(std::size_t arrow) const { return paths_[arrow]; }
  [[nodiscard]] double width() const { return width_; }
  [[nodiscard]] double height() const {
    return 2 * kMargin + static_cast<double>(layers_.size()) * (kHeight + kLayerGap) - kLayerGap;
  }

 private:
  /// Tasks may need each other in a circle where their elements do not: then one of them is taken as it comes.
  void find_layers() {
    std::vector<std::uint32_t> open(places_.size());
    std::vector<std::vector<std::uint32_t>> next(places_.size());
    for (const Drawing::Arrow& arrow : drawing_.arrows) ++open[arrow.to], next[arrow.from].push_back(arrow.to);
    std::vector<bool> is_placed(places_.size());
    std::vector<std::uint32_t> ready;
    for (std::uint32_t i = 0; i < places_.size(); ++i)
      if (open[i] == 0) ready.push_back(i);
    std::uint32_t first_left = 0;
    for (std::size_t num_placed = 0; num_placed < places_.size();) {
      while (ready.empty() && is_placed[first_left]) ++first_left;
      const std::uint32_t i = ready.empty() ? first_left : ready.back();
      if (!ready.empty()) ready.pop_back();
      if (is_placed[i]) continue;
      is_placed[i] = true;
      ++num_placed;
      for (const std::uint32_t to : next[i]) {
        if (is_placed[to]) continue;
        places_[to].layer = std::max(places_[to].layer, places_[i].layer + 1);
        if (--open[to] == 0) ready.push_back(to);
      }
    }
  }

  /// What runs when all else has ended.
  void put_the_end_below() {
    std::uint32_t below = 0;
    for (std::size_t i = 0; i < drawing_.boxes.size(); ++i)
      if (!drawing_.boxes[i].runs_finally) below = std::max(below, places_[i].layer + 1);
    for (std::size_t i = 0; i < drawing_.boxes.size(); ++i)
      if (drawing_.boxes[i].runs_finally) places_[i].layer += below;
  }

  /// What the arrow passes, its ends included.
  std::vector<std::size_t> path_of(const Drawing::Arrow& arrow) {
    std::vector<std::size_t> path{arrow.from};
    for (std::uint32_t layer = places_[arrow.from].layer + 1; layer < places_[arrow.to].layer; ++layer) {
      path.push_back(places_.size());
      places_.push_back({});
      places_.back().layer = layer;
    }
    path.push_back(arrow.to);
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
      places_[path[i]].below.push_back(path[i + 1]);
      places_[path[i + 1]].above.push_back(path[i]);
    }
    return path;
  }

  void spread(const std::vector<std::size_t>& layer) {
    double x = 0;
    for (const std::size_t i : layer) {
      places_[i].x = x + places_[i].width / 2;
      x += places_[i].width + kGap;
    }
  }

  void sweep_once(bool is_downward) {
    for (std::size_t n = 0; n < layers_.size(); ++n) {
      auto& layer = layers_[is_downward ? n : layers_.size() - 1 - n];
      for (const std::size_t i : layer) {
        const auto& neighbours = is_downward ? places_[i].above : places_[i].below;
        double sum = 0;
        for (const std::size_t other : neighbours) sum += places_[other].x;
        if (!neighbours.empty()) places_[i].x = sum / static_cast<double>(neighbours.size());
      }
      std::ranges::stable_sort(layer, {}, [this](std::size_t i) { return places_[i].x; });
      push_apart(layer);
    }
  }

  /// To the right as far as is needed, then the whole layer back by the mean of that.
  void push_apart(const std::vector<std::size_t>& layer) {
    double moved = 0;
    for (std::size_t n = 1; n < layer.size(); ++n) {
      const Place& left = places_[layer[n - 1]];
      Place& right = places_[layer[n]];
      const double least = left.x + left.width / 2 + kGap + right.width / 2;
      moved += std::max(0.0, least - right.x);
      right.x = std::max(right.x, least);
    }
    for (const std::size_t i : layer) places_[i].x -= moved / static_cast<double>(layer.size());
  }

  void shift_to_margin() {
    double left = 0;
    double right = 0;
    bool is_first = true;
    for (const Place& place : places_) {
      left = is_first ? place.x - place.width / 2 : std::min(left, place.x - place.width / 2);
      right = is_first ? place.x + place.width / 2 : std::max(right, place.x + place.width / 2);
      is_first = false;
    }
    for (Place& place : places_) place.x += kMargin - left;
    width_ = right - left + 2 * kMargin;
    const bool has_labels =
        std::ranges::any_of(drawing_.arrows, [](const auto& arrow) { return !arrow.condition.empty(); });
    if (has_labels) width_ += kMargin;  // one may stand at the edge
  }

  const Drawing& drawing_;
  std::vector<Place> places_;  ///< the boxes come first
  std::vector<std::vector<std::size_t>> layers_;
  std::vector<std::vector<std::size_t>> paths_;  ///< [arrow]
  double width_ = 0;
};

std::string in_xml(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '&': safe += "&amp;"; break;
      case '"': safe += "&quot;"; break;
      default: safe += c;
    }
  }
  return safe;
}

std::string box_svg(const Drawing::Box& box, const Place& place, double top) {
  const char* fill = box.is_handler ? "#fbe9e7" : box.is_service ? "#e3f1e5" : box.runs_finally ? "#eeeeee" : "#e8eefb";
  std::string svg = fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" rx=\"{}\" fill=\"{}\" stroke=\"#44546a\"{}/>\n",
      place.x - place.width / 2, top, place.width, kHeight, box.is_service ? 20 : 5, fill,
      box.is_conditional ? " stroke-dasharray=\"5 3\"" : "");
  const double line = top + (box.detail.empty() ? 27 : 19);
  svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", place.x, line, in_xml(box.name));
  if (!box.detail.empty())
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"detail\">{}</text>\n", place.x, line + 16,
                       in_xml(box.detail));
  return svg;
}

std::string arrow_svg(const Drawing::Arrow& arrow, const Layout& layout, const std::vector<std::size_t>& path) {
  double x = layout.place(path[0]).x;
  double y = layout.top(path[0]) + kHeight;
  std::string curve = fmt::format("M{:.1f} {:.1f}", x, y);
  for (std::size_t i = 1; i < path.size(); ++i) {
    const double to_x = layout.place(path[i]).x;
    const double to_y = layout.top(path[i]) - (i + 1 == path.size() ? 2 : 0);
    const double half = (y + to_y) / 2;
    curve += fmt::format(" C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", x, half, to_x, half, to_x, to_y);
    x = to_x;
    y = to_y;
    if (i + 1 == path.size()) continue;
    y += kHeight;
    curve += fmt::format(" V{:.1f}", y);
  }
  std::string svg =
      fmt::format("<path d=\"{}\"{}/>\n", curve, arrow.condition.empty() ? "" : " stroke-dasharray=\"5 3\"");
  if (arrow.condition.empty()) return svg;
  const double label_x = (layout.place(path[path.size() - 2]).x + x) / 2;
  return svg + fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"condition\">{}</text>\n", label_x,
                           layout.top(path.back()) - kLayerGap / 2 + 4, in_xml(arrow.condition));
}

}  // namespace

std::string svg_of(const Drawing& drawing) {
  const Layout layout(drawing);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} "
      "{1:.0f}\">\n<title>{2}</title>\n"
      "<style>text{{font:13px sans-serif;text-anchor:middle;fill:#1b2733}}.detail{{font-size:11px;fill:#5a6775}}"
      ".condition{{font-size:11px;fill:#8a4b08;stroke:white;stroke-width:4px;paint-order:stroke}}path{{fill:none;"
      "stroke:#44546a;"
      "marker-end:url(#head)}}</style>\n"
      "<defs><marker id=\"head\" markerWidth=\"9\" markerHeight=\"8\" refX=\"8\" refY=\"4\" orient=\"auto\">"
      "<polygon points=\"0 0,9 4,0 8\" fill=\"#44546a\"/></marker></defs>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
      layout.width(), layout.height(), in_xml(drawing.name));
  for (std::size_t i = 0; i < drawing.arrows.size(); ++i) svg += arrow_svg(drawing.arrows[i], layout, layout.path(i));
  for (std::size_t i = 0; i < drawing.boxes.size(); ++i)
    svg += box_svg(drawing.boxes[i], layout.place(i), layout.top(i));
  return svg + "</svg>\n";
}

}  // namespace fugle::app
