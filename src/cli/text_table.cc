#include "cli/text_table.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ostream>

#include "base/text.h"

namespace latecomer::cli {
namespace {

const char* Escape(Paint paint) {
  switch (paint) {
    case Paint::kNone: return "";
    case Paint::kGood: return "\x1b[32m";
    case Paint::kBad: return "\x1b[31m";
    case Paint::kWarn: return "\x1b[33m";
    case Paint::kMuted: return "\x1b[2m";
    case Paint::kBold: return "\x1b[1m";
  }
  return "";
}

// One code point of valid UTF-8 starting at text[i]; moves i past it.
std::uint32_t NextCodePoint(const std::string& text, std::size_t& i) {
  const auto byte = static_cast<unsigned char>(text[i++]);
  if (byte < 0x80) return byte;
  const int extra = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : 1;
  std::uint32_t point = byte & (0x3FU >> extra);
  for (int n = 0; n < extra && i < text.size(); ++n)
    point = point << 6 | (static_cast<unsigned char>(text[i++]) & 0x3FU);
  return point;
}

bool InRange(std::uint32_t point, std::uint32_t first, std::uint32_t last) {
  return first <= point && point <= last;
}

// Columns a terminal uses: 0 for combining marks, 2 for East Asian wide characters and emoji.
std::size_t PointWidth(std::uint32_t point) {
  if (InRange(point, 0x300, 0x36F) || InRange(point, 0x200B, 0x200F) || InRange(point, 0xFE00, 0xFE0F)) return 0;
  const bool wide =
      InRange(point, 0x1100, 0x115F) || InRange(point, 0x2E80, 0xA4CF) || InRange(point, 0xAC00, 0xD7A3) ||
      InRange(point, 0xF900, 0xFAFF) || InRange(point, 0xFE30, 0xFE6F) || InRange(point, 0xFF00, 0xFF60) ||
      InRange(point, 0xFFE0, 0xFFE6) || InRange(point, 0x1F300, 0x1FAFF) || InRange(point, 0x20000, 0x3FFFD);
  return wide ? 2 : 1;
}

std::size_t Width(const std::string& printable) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < printable.size();) width += PointWidth(NextCodePoint(printable, i));
  return width;
}

}  // namespace

void TextTable::Print(std::ostream& out, bool color) const {
  const std::size_t columns = headings_.size();
  std::vector<std::size_t> widths(columns);
  for (std::size_t c = 0; c < columns; ++c) widths[c] = Width(headings_[c].text);
  std::vector<std::vector<std::string>> texts;
  texts.reserve(rows_.size());
  for (const auto& row : rows_) {
    std::vector<std::string>& line = texts.emplace_back(columns);
    for (std::size_t c = 0; c < std::min(columns, row.size()); ++c) {
      line[c] = Printable(row[c].text);
      widths[c] = std::max(widths[c], Width(line[c]));
    }
  }
  const auto print_line = [&](const std::vector<std::string>& line, const std::vector<Cell>* cells, Paint all) {
    std::string text;
    std::size_t pending = 0;  // spaces that are only written when something follows
    for (std::size_t c = 0; c < columns; ++c) {
      const std::size_t fill = widths[c] - Width(line[c]);
      if (headings_[c].align == Align::kRight) pending += fill;
      if (!line[c].empty()) {
        text.append(pending, ' ');
        pending = 0;
        const Paint paint = cells != nullptr && c < cells->size() ? (*cells)[c].paint : all;
        const bool painted = color && paint != Paint::kNone;
        text.append(painted ? Escape(paint) : "").append(line[c]).append(painted ? "\x1b[0m" : "");
      }
      if (headings_[c].align == Align::kLeft) pending += fill;
      pending += 2;
    }
    out << text << '\n';
  };
  std::vector<std::string> heads;
  std::vector<std::string> rules;
  for (std::size_t c = 0; c < columns; ++c) {
    heads.push_back(headings_[c].text);
    std::string& rule = rules.emplace_back();
    for (std::size_t n = 0; n < widths[c]; ++n) rule += "─";
  }
  print_line(heads, nullptr, Paint::kBold);
  print_line(rules, nullptr, Paint::kMuted);
  for (std::size_t r = 0; r < texts.size(); ++r) print_line(texts[r], &rows_[r], Paint::kNone);
}

std::string GroupDigits(long long number) {
  std::string digits = std::to_string(number);
  const std::size_t first = digits.starts_with('-') ? 1 : 0;
  for (std::size_t i = digits.size(); i > first + 3;) {
    i -= 3;
    digits.insert(i, 1, ',');
  }
  return digits;
}

std::string HumanBytes(long long bytes) {
  if (bytes < 1024 && bytes > -1024) return std::to_string(bytes) + " B";
  static constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while ((value >= 1023.95 || value <= -1023.95) && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  char text[48];
  std::snprintf(text, sizeof text, "%.1f %s", value, kUnits[unit]);
  return text;
}

}  // namespace latecomer::cli
