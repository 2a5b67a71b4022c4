// A fixed-width font of 8 × 16 pixels for ASCII: the "fixed" font of the X Window System, which is in the public
// domain.
#pragma once

#include <array>
#include <cstdint>

namespace latecomer::cli {

inline constexpr int kGlyphWidth = 8;
inline constexpr int kGlyphHeight = 16;
inline constexpr int kGlyphAscent = 14;  // rows above the baseline
// The rows of a printable ASCII character from top to bottom, the leftmost pixel in the highest bit; of '?' for any
// other.
const std::array<std::uint8_t, kGlyphHeight>& GlyphOf(char character);

}  // namespace latecomer::cli
