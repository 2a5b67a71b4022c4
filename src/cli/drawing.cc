#include "cli/drawing.h"

#include <png.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/text.h"
#include "cli/bitmap_font.h"

namespace latecomer::cli {
namespace {

std::string ColorText(std::uint32_t color) {
  char text[16];
  std::snprintf(text, sizeof text, "#%06x", static_cast<unsigned>(color & 0xffffff));
  return text;
}

std::string EscapeXml(const std::string& text) {
  std::string safe;
  for (const char c : Printable(text)) {
    safe += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : c == '"' ? "&quot;" : std::string(1, c);
  }
  return safe;
}

// A picture of three bytes for each pixel.
class Raster {
 public:
  Raster(int width, int height)
      : width_(width),
        height_(height),
        pixels_(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3, 0xff) {}

  void Fill(const DrawnBox& box) {
    for (int y = box.y; y < box.y + box.height; ++y) {
      for (int x = box.x; x < box.x + box.width; ++x) Set(x, y, box.color);
    }
  }

  void Write(const DrawnText& text) {
    const std::string shown = OnePerCharacter(Printable(text.text));
    int x = text.x;
    if (text.anchor == Anchor::kEnd) x -= static_cast<int>(shown.size()) * kGlyphWidth;
    for (const char character : shown) {
      const auto& rows = GlyphOf(character);
      for (int y = 0; y < kGlyphHeight; ++y) {
        for (int column = 0; column < kGlyphWidth; ++column) {
          if ((rows[static_cast<std::size_t>(y)] >> (kGlyphWidth - 1 - column) & 1) == 0) continue;
          Set(x + column, text.y - kGlyphAscent + y, text.color);
          if (text.is_title) Set(x + column + 1, text.y - kGlyphAscent + y, text.color);
        }
      }
      x += kGlyphWidth;
    }
  }

  const std::uint8_t* pixels() const { return pixels_.data(); }

 private:
  void Set(int x, int y, std::uint32_t color) {
    if (x < 0 || y < 0 || x >= width_ || y >= height_) return;
    std::uint8_t* pixel =
        &pixels_[(static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x)) * 3];
    pixel[0] = static_cast<std::uint8_t>(color >> 16);
    pixel[1] = static_cast<std::uint8_t>(color >> 8);
    pixel[2] = static_cast<std::uint8_t>(color);
  }

  // '?' for each character that takes several bytes.
  static std::string OnePerCharacter(const std::string& utf8) {
    std::string shown;
    for (const char c : utf8) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x80) shown += c;
      if (byte >= 0xC0) shown += '?';
    }
    return shown;
  }

  int width_, height_;
  std::vector<std::uint8_t> pixels_;
};

}  // namespace

std::string ToSvg(const Drawing& drawing) {
  const auto number = [](int value) { return std::to_string(value); };
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(drawing.width) + "\" height=\"" +
                    number(drawing.height) + "\" viewBox=\"0 0 " + number(drawing.width) + " " +
                    number(drawing.height) + "\" font-family=\"sans-serif\" font-size=\"13\">\n" +
                    "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
  for (const DrawnBox& box : drawing.boxes) {
    svg += "<rect x=\"" + number(box.x) + "\" y=\"" + number(box.y) + "\" width=\"" + number(box.width) +
           "\" height=\"" + number(box.height) + "\" fill=\"" + ColorText(box.color) + "\"/>\n";
  }
  for (const DrawnText& text : drawing.texts) {
    svg += "<text x=\"" + number(text.x) + "\" y=\"" + number(text.y) + "\" fill=\"" + ColorText(text.color) + "\"";
    if (text.anchor == Anchor::kEnd) svg += " text-anchor=\"end\"";
    if (text.is_title) svg += " font-size=\"15\" font-weight=\"bold\"";
    svg += ">" + EscapeXml(text.text) + "</text>\n";
  }
  return svg + "</svg>\n";
}

Result<std::string> ToPng(const Drawing& drawing) {
  Raster raster(drawing.width, drawing.height);
  for (const DrawnBox& box : drawing.boxes) raster.Fill(box);
  for (const DrawnText& text : drawing.texts) raster.Write(text);
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(drawing.width);
  image.height = static_cast<png_uint_32>(drawing.height);
  image.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string bytes(size, '\0');
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, raster.pixels(), 0, nullptr) == 0) {
    return Fail(ErrorKind::kUnexpected, std::string("the picture can't be written as PNG: ") + image.message);
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace latecomer::cli
