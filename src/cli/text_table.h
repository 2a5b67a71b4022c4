// Tables for people on a terminal: aligned columns, UTF-8 widths, untrusted text made printable.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace latecomer::cli {

enum class Align { kLeft, kRight };
enum class Paint { kNone, kGood, kBad, kWarn, kMuted, kBold };

struct Cell {
  std::string text;
  Paint paint = Paint::kNone;
  Cell(std::string text_in, Paint paint_in = Paint::kNone) : text(std::move(text_in)), paint(paint_in) {}  // NOLINT
  Cell(const char* text_in) : text(text_in) {}                                                             // NOLINT
};

class TextTable {
 public:
  struct Heading {
    std::string text;
    Align align = Align::kLeft;
  };
  explicit TextTable(std::vector<Heading> headings) : headings_(std::move(headings)) {}
  void Add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  bool Empty() const { return rows_.empty(); }
  // Two spaces between columns, a rule under the headings, no trailing spaces; ANSI colours when `color`.
  void Print(std::ostream& out, bool color) const;

 private:
  std::vector<Heading> headings_;
  std::vector<std::vector<Cell>> rows_;
};

// "1,234,567"
std::string GroupDigits(long long number);
// "4.2 KiB"
std::string HumanBytes(long long bytes);

}  // namespace latecomer::cli
