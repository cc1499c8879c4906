// A picture of coloured dots, drawn in memory and written as PNG. y grows downwards.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heat {

struct Color {
  std::uint8_t red = 0, green = 0, blue = 0;
};

/// Colours in equal steps from 0 to 1, with straight lines between them.
class ColorMap {
 public:
  explicit ColorMap(std::vector<Color> stops) : stops_(std::move(stops)) {}
  [[nodiscard]] Color at(double value) const;  ///< below 0 and above 1: the ends

 private:
  std::vector<Color> stops_;
};

class Image {
 public:
  Image(int width, int height, Color background);

  [[nodiscard]] int width() const { return width_; }
  [[nodiscard]] int height() const { return height_; }
  void set(int x, int y, Color color);  ///< outside: nothing
  void fill(int x, int y, int width, int height, Color color);
  void frame(int x, int y, int width, int height, Color color);
  /// Two dots wide and smoothed.
  void line(double x0, double y0, double x1, double y1, Color color);
  /// x, y: upper left corner; `scale` dots for each dot of the font.
  void text(int x, int y, std::string_view words, Color color, int scale = 2);

  [[nodiscard]] std::string png() const;

 private:
  void blend(int x, int y, Color color, double share);

  int width_;
  int height_;
  std::vector<Color> dots_;
};

}  // namespace heat
