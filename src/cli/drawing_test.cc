#include "cli/drawing.h"

#include <gtest/gtest.h>
#include <png.h>

#include <cstdint>
#include <string>
#include <vector>

namespace latecomer::cli {
namespace {

struct Pixels {
  int width = 0, height = 0;
  std::vector<std::uint8_t> rgb;

  std::uint32_t At(int x, int y) const {
    const std::uint8_t* pixel = &rgb[static_cast<std::size_t>(y * width + x) * 3];
    return static_cast<std::uint32_t>(pixel[0] << 16 | pixel[1] << 8 | pixel[2]);
  }
  int Count(std::uint32_t color, int x, int y, int columns, int rows) const {
    int found = 0;
    for (int row = y; row < y + rows; ++row) {
      for (int column = x; column < x + columns; ++column) found += At(column, row) == color ? 1 : 0;
    }
    return found;
  }
};

Pixels Decoded(const std::string& png) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  EXPECT_NE(png_image_begin_read_from_memory(&image, png.data(), png.size()), 0) << image.message;
  image.format = PNG_FORMAT_RGB;
  Pixels pixels{static_cast<int>(image.width), static_cast<int>(image.height), {}};
  pixels.rgb.resize(PNG_IMAGE_SIZE(image));
  EXPECT_NE(png_image_finish_read(&image, nullptr, pixels.rgb.data(), 0, nullptr), 0) << image.message;
  return pixels;
}

Drawing Small() {
  Drawing drawing;
  drawing.width = 100;
  drawing.height = 40;
  return drawing;
}

TEST(Drawing, APngHasTheBoxesWhereTheyWereDrawn) {
  Drawing drawing = Small();
  drawing.boxes.push_back({10, 5, 20, 8, 0x3b6ea8});
  const Pixels pixels = Decoded(*ToPng(drawing));
  EXPECT_EQ(pixels.width, 100);
  EXPECT_EQ(pixels.height, 40);
  EXPECT_EQ(pixels.Count(0x3b6ea8, 0, 0, 100, 40), 20 * 8);
  EXPECT_EQ(pixels.Count(0x3b6ea8, 10, 5, 20, 8), 20 * 8);
  EXPECT_EQ(pixels.At(9, 5), 0xffffffU);
}

TEST(Drawing, TextEndsAtItsAnchorAndStandsOnItsBaseline) {
  Drawing drawing = Small();
  drawing.texts.push_back({50, 20, "AA", Anchor::kEnd, false, 0});
  const Pixels pixels = Decoded(*ToPng(drawing));
  const int inked = pixels.Count(0, 0, 0, 100, 40);
  EXPECT_GT(inked, 20);
  EXPECT_EQ(pixels.Count(0, 50 - 2 * Drawing::kCharacterWidth, 6, 2 * Drawing::kCharacterWidth, 14), inked);
}

TEST(Drawing, WhatLiesOutsideIsCutOff) {
  Drawing drawing = Small();
  drawing.boxes.push_back({90, 30, 1000, 1000, 0xff0000});
  drawing.boxes.push_back({-5, -5, 6, 6, 0x00ff00});
  drawing.texts.push_back({95, 2, "beyond", Anchor::kStart, true, 0});
  const Pixels pixels = Decoded(*ToPng(drawing));
  EXPECT_EQ(pixels.Count(0xff0000, 90, 30, 10, 10), 100);
  EXPECT_EQ(pixels.At(0, 0), 0x00ff00U);
  EXPECT_EQ(pixels.At(1, 1), 0xffffffU);
}

TEST(Drawing, OtherCharactersShowAsOneQuestionMarkEach) {
  Drawing umlauts = Small();
  umlauts.texts.push_back({0, 20, "\xC3\xBC\xE6\x97\xA5", Anchor::kStart, false, 0});
  Drawing marks = Small();
  marks.texts.push_back({0, 20, "??", Anchor::kStart, false, 0});
  EXPECT_EQ(*ToPng(umlauts), *ToPng(marks));
}

TEST(Drawing, TextCannotLeaveItsPlaceInAnSvg) {
  Drawing drawing = Small();
  drawing.texts.push_back({1, 2, "</text><script>\"&", Anchor::kEnd, true, 0x123456});
  const std::string svg = ToSvg(drawing);
  EXPECT_NE(svg.find(">&lt;/text&gt;&lt;script&gt;&quot;&amp;</text>"), std::string::npos) << svg;
  EXPECT_NE(svg.find("text-anchor=\"end\""), std::string::npos);
  EXPECT_NE(svg.find("#123456"), std::string::npos);
}

}  // namespace
}  // namespace latecomer::cli
