// Simple pictures: rectangles and lines of text, as SVG or PNG.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace latecomer::cli {

enum class Anchor { kStart, kEnd };

struct DrawnBox {
  int x = 0, y = 0, width = 0, height = 0;
  std::uint32_t color = 0;  // 0xRRGGBB
};
struct DrawnText {
  int x = 0, y = 0;  // of the baseline's start or end
  std::string text;
  Anchor anchor = Anchor::kStart;
  bool is_title = false;
  std::uint32_t color = 0;
};

// Boxes lie under texts. Sizes in pixels; a character of text is kCharacterWidth wide in a PNG, and about that in an
// SVG.
struct Drawing {
  static constexpr int kCharacterWidth = 8;

  int width = 0, height = 0;
  std::vector<DrawnBox> boxes;
  std::vector<DrawnText> texts;
};

std::string ToSvg(const Drawing& drawing);
// Characters outside of ASCII show as '?': a PNG has no fonts but the one built in.
Result<std::string> ToPng(const Drawing& drawing);

}  // namespace latecomer::cli
