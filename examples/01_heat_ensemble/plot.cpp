// The picture of the ensemble: mean, standard deviation, cooling curves, and each member.
//
//   plot --output FILE.png STATISTICS MEMBER...

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>

#include "field_file.hpp"
#include "image.hpp"
#include "options.hpp"

namespace heat {
namespace {

constexpr Color kBackground{18, 20, 28};
constexpr Color kText{226, 228, 235};
constexpr Color kDim{120, 124, 140};
constexpr int kMargin = 40;
constexpr int kLarge = 400;  // dots, edge of a large panel
constexpr int kColumns = 8;  // members in a row
constexpr int kGap = 16;
constexpr int kWidth = 1480;
constexpr int kTop = 110;

const ColorMap kEmber({{8, 8, 20}, {70, 18, 105}, {180, 42, 90}, {245, 125, 45}, {255, 245, 190}});
const ColorMap kSea({{8, 12, 24}, {16, 78, 100}, {40, 150, 140}, {160, 215, 130}, {250, 250, 210}});

struct Member {
  double diffusivity;
  double spot_width;
  Array field;
  Array times;
  Array history;
};

std::string label(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

double largest(const std::vector<double>& values) { return *std::max_element(values.begin(), values.end()); }

/// The field between its points, u and v from 0 to 1.
double interpolate(const Array& field, double u, double v) {
  const std::size_t columns = field.shape[1];
  const double x = u * static_cast<double>(columns - 1);
  const double y = v * static_cast<double>(field.shape[0] - 1);
  const auto i = std::min(static_cast<std::size_t>(x), columns - 2);
  const auto j = std::min(static_cast<std::size_t>(y), static_cast<std::size_t>(field.shape[0]) - 2);
  const double* lower = &field.values[j * columns + i];
  const double* upper = lower + columns;
  const double right = x - static_cast<double>(i);
  const double up = y - static_cast<double>(j);
  return (1 - up) * ((1 - right) * lower[0] + right * lower[1]) + up * ((1 - right) * upper[0] + right * upper[1]);
}

void draw_field(Image& image, int x, int y, int size, const Array& field, double top, const ColorMap& colors) {
  for (int row = 0; row < size; ++row) {
    for (int column = 0; column < size; ++column) {
      const double value = interpolate(field, column / (size - 1.0), 1 - row / (size - 1.0));
      image.set(x + column, y + row, colors.at(value / top));
    }
  }
  image.frame(x, y, size, size, kDim);
}

void draw_color_bar(Image& image, int x, int y, int height, double top, const ColorMap& colors) {
  for (int row = 0; row < height; ++row) image.fill(x, y + row, 16, 1, colors.at(1 - row / (height - 1.0)));
  for (int tick = 0; tick <= 4; ++tick) {
    const int at = y + (height - 1) * tick / 4;
    image.fill(x + 16, at, 5, 1, kDim);
    image.text(x + 26, std::clamp(at - 7, y, y + height - 14), label("%.1f", top * (4 - tick) / 4), kText);
  }
}

void draw_large_panel(Image& image, int x, const std::string& title, const Array& field, const ColorMap& colors) {
  const double top = largest(field.values);
  image.text(x, kTop - 26, title, kText);
  draw_field(image, x, kTop, kLarge, field, top, colors);
  draw_color_bar(image, x + kLarge + 12, kTop, kLarge, top, colors);
}

void draw_curves(Image& image, int x, int width, const std::vector<Member>& members) {
  double top = 0;
  double slowest = members.front().diffusivity;
  double fastest = slowest;
  for (const Member& member : members) {
    top = std::max(top, largest(member.history.values));
    slowest = std::min(slowest, member.diffusivity);
    fastest = std::max(fastest, member.diffusivity);
  }
  const double end = members.front().times.values.back();
  image.text(x, kTop - 26, "Mean of the plate (K)", kText);
  for (int tick = 0; tick <= 4; ++tick) {
    const int level = kTop + (kLarge - 1) * tick / 4;
    image.fill(x, level, width, 1, {44, 47, 60});
    if (tick < 4) image.text(x + 6, level + 6, label("%.1f", top * (4 - tick) / 4), kDim);
  }
  for (const Member& member : members) {
    const double share = fastest > slowest ? (member.diffusivity - slowest) / (fastest - slowest) : 0.5;
    const Color color = kEmber.at(0.35 + 0.55 * share);
    const auto at_x = [&](std::size_t i) { return x + member.times.values[i] / end * (width - 1); };
    const auto at_y = [&](std::size_t i) { return kTop + (1 - member.history.values[i] / top) * (kLarge - 1); };
    for (std::size_t i = 1; i < member.times.values.size(); ++i) {
      image.line(at_x(i - 1), at_y(i - 1), at_x(i), at_y(i), color);
    }
  }
  image.frame(x, kTop, width, kLarge, kDim);
  image.text(x, kTop + kLarge + 8, "0", kDim);
  image.text(x + width - 58, kTop + kLarge + 8, label("%.1f s", end), kDim);
}

void draw_members(Image& image, int y, int size, const std::vector<Member>& members) {
  double top = 0;
  for (const Member& member : members) top = std::max(top, largest(member.field.values));
  for (std::size_t i = 0; i < members.size(); ++i) {
    const int x = kMargin + static_cast<int>(i % kColumns) * (size + kGap);
    const int above = y + static_cast<int>(i / kColumns) * (size + 60);
    draw_field(image, x, above, size, members[i].field, top, kEmber);
    image.text(x, above + size + 8, label("%.2f cm2/s", members[i].diffusivity), kText);
    image.text(x, above + size + 28, label("spot %.1f cm", members[i].spot_width), kDim);
  }
}

void run(const Options& options) {
  if (options.words().size() < 2) throw std::invalid_argument("a statistics file and members are needed");
  const FieldFile statistics = FieldFile::open(options.words().front());
  std::vector<Member> members;
  for (std::size_t i = 1; i < options.words().size(); ++i) {
    const FieldFile file = FieldFile::open(options.words()[i]);
    members.push_back({file.read_number("diffusivity"), file.read_number("spot_width"), file.read("temperature"),
                       file.read("time"), file.read("mean_temperature")});
  }

  const int small = (kWidth - 2 * kMargin - (kColumns - 1) * kGap) / kColumns;
  const int members_top = kTop + kLarge + 80;
  const int rows = (static_cast<int>(members.size()) + kColumns - 1) / kColumns;
  Image image(kWidth, members_top + rows * (small + 60) + 10, kBackground);
  image.text(kMargin, 28, "Heat ensemble: a hot spot on a cooled plate", kText, 3);
  draw_large_panel(image, kMargin, label("Mean after %.1f s (K)", statistics.read_number("end_time")),
                   statistics.read("mean"), kEmber);
  draw_large_panel(image, kMargin + 530, "Standard deviation (K)", statistics.read("standard_deviation"), kSea);
  draw_curves(image, kMargin + 1060, kWidth - 2 * kMargin - 1060, members);
  image.text(kMargin, members_top - 26, "Members, one scale", kText);
  draw_members(image, members_top, small, members);

  std::ofstream out(options.text("output"), std::ios::binary);
  out << image.png();
  if (!out.flush()) throw std::runtime_error("cannot write '" + options.text("output") + "'");
  std::printf("%d x %d dots, %zu members\n", image.width(), image.height(), members.size());
}

}  // namespace
}  // namespace heat

int main(int argc, char** argv) {
  try {
    heat::run({argc, argv, {"output"}});
    return 0;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "plot: %s\n", problem.what());
    return 1;
  }
}
