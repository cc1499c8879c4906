// A font of 5 x 7 dots, and two more rows below the line, for the labels of the picture.
#pragma once

#include <array>
#include <cstdint>

namespace heat {

inline constexpr int kGlyphWidth = 5;
inline constexpr int kGlyphHeight = 9;

/// Rows from the top, bit 4 is the leftmost dot. Blank for characters the labels do not use.
[[nodiscard]] const std::array<std::uint8_t, kGlyphHeight>& glyph(char character);

}  // namespace heat
