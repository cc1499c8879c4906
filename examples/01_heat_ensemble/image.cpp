// PNG: a signature, then chunks of (length, type, bytes, CRC of type and bytes), numbers with the highest byte first.
// IHDR tells size and colours (8 bits, RGB), IDAT holds the rows, each after a byte for its filter (0: none), deflated.

#include "image.hpp"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "font.hpp"

namespace heat {
namespace {

void append_number(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFF);
}

void append_chunk(std::string& out, std::string_view type, std::string_view bytes) {
  append_number(out, static_cast<std::uint32_t>(bytes.size()));
  const std::size_t start = out.size();
  out.append(type).append(bytes);
  const auto* checked = reinterpret_cast<const Bytef*>(out.data() + start);
  append_number(out, static_cast<std::uint32_t>(crc32(0, checked, static_cast<uInt>(out.size() - start))));
}

std::string deflated(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string out(size, '\0');
  const int result = compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                               reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), Z_BEST_COMPRESSION);
  if (result != Z_OK)
    throw std::runtime_error("cannot compress the picture (zlib says " + std::to_string(result) + ")");
  out.resize(size);
  return out;
}

std::uint8_t mix(std::uint8_t from, std::uint8_t to, double share) {
  return static_cast<std::uint8_t>(std::lround(from + (to - from) * share));
}

Color mix(Color from, Color to, double share) {
  return {mix(from.red, to.red, share), mix(from.green, to.green, share), mix(from.blue, to.blue, share)};
}

}  // namespace

Color ColorMap::at(double value) const {
  const double place = std::clamp(value, 0.0, 1.0) * static_cast<double>(stops_.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(place), stops_.size() - 2);
  return mix(stops_[below], stops_[below + 1], place - static_cast<double>(below));
}

Image::Image(int width, int height, Color background)
    : width_(width), height_(height), dots_(static_cast<std::size_t>(width) * height, background) {}

void Image::set(int x, int y, Color color) { blend(x, y, color, 1); }

void Image::blend(int x, int y, Color color, double share) {
  if (x < 0 || y < 0 || x >= width_ || y >= height_) return;
  Color& dot = dots_[static_cast<std::size_t>(y) * width_ + x];
  dot = mix(dot, color, share);
}

void Image::fill(int x, int y, int width, int height, Color color) {
  for (int row = y; row < y + height; ++row) {
    for (int column = x; column < x + width; ++column) set(column, row, color);
  }
}

void Image::frame(int x, int y, int width, int height, Color color) {
  fill(x, y, width, 1, color);
  fill(x, y + height - 1, width, 1, color);
  fill(x, y, 1, height, color);
  fill(x + width - 1, y, 1, height, color);
}

void Image::line(double x0, double y0, double x1, double y1, Color color) {
  constexpr double kHalfWidth = 1;
  const double length_squared = std::max(1e-12, (x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0));
  for (int y = static_cast<int>(std::min(y0, y1)) - 2; y <= static_cast<int>(std::max(y0, y1)) + 2; ++y) {
    for (int x = static_cast<int>(std::min(x0, x1)) - 2; x <= static_cast<int>(std::max(x0, x1)) + 2; ++x) {
      const double along = std::clamp(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length_squared, 0.0, 1.0);
      const double distance = std::hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0));
      blend(x, y, color, std::clamp(kHalfWidth + 0.5 - distance, 0.0, 1.0));
    }
  }
}

void Image::text(int x, int y, std::string_view words, Color color, int scale) {
  for (const char character : words) {
    const auto& rows = glyph(character);
    for (int row = 0; row < kGlyphHeight; ++row) {
      for (int column = 0; column < kGlyphWidth; ++column) {
        const bool is_set = (rows[row] >> (kGlyphWidth - 1 - column) & 1) != 0;
        if (is_set) fill(x + column * scale, y + row * scale, scale, scale, color);
      }
    }
    x += (kGlyphWidth + 1) * scale;
  }
}

std::string Image::png() const {
  std::string rows;
  rows.reserve(static_cast<std::size_t>(height_) * (3 * width_ + 1));
  for (int y = 0; y < height_; ++y) {
    rows += '\0';
    for (int x = 0; x < width_; ++x) {
      const Color dot = dots_[static_cast<std::size_t>(y) * width_ + x];
      for (const std::uint8_t part : {dot.red, dot.green, dot.blue}) rows += static_cast<char>(part);
    }
  }
  std::string header;
  append_number(header, static_cast<std::uint32_t>(width_));
  append_number(header, static_cast<std::uint32_t>(height_));
  header.append({8, 2, 0, 0, 0});  // bits, RGB, deflate, filters by row, not interlaced

  std::string out = "\x89PNG\r\n\x1A\n";
  append_chunk(out, "IHDR", header);
  append_chunk(out, "IDAT", deflated(rows));
  append_chunk(out, "IEND", "");
  return out;
}

}  // namespace heat
