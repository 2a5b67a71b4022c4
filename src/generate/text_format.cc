#include <charconv>
#include <chrono>
#include <utility>

#include "base/time.h"
#include "generate/row_format.h"

namespace latecomer::generate {
namespace {

constexpr std::size_t kFlushBytes = 1 << 20;

void AppendInteger(std::string& out, std::int64_t value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

// Always with a point or an exponent, so that readers take it for a number that isn't whole.
void AppendNumber(std::string& out, double value) {
  char digits[40];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  const std::string_view text(digits, static_cast<std::size_t>(end - digits));
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void AppendDate(std::string& out, std::int64_t days) {
  out += FormatInstant(Instant(std::chrono::days(days))).substr(0, 10);
}

void AppendTimestamp(std::string& out, std::int64_t micros) {
  out += FormatInstant(Instant(Duration(micros / 1000)));
}

void AppendJsonText(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

void AppendCsvText(std::string& out, std::string_view text) {
  if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

class TextFormat : public RowFormat {
 public:
  explicit TextFormat(Output& output) : output_(output) {}
  Status Finish() override {
    Status written = output_.Write(text_);
    text_.clear();
    return written;
  }

 protected:
  Status FlushWhenFull() { return text_.size() < kFlushBytes ? Status() : Finish(); }

  // What both formats write alike.
  void AppendPlain(const Cell& cell) {
    switch (cell.kind) {
      case CellKind::kBoolean: text_ += cell.integer != 0 ? "true" : "false"; break;
      case CellKind::kInteger: AppendInteger(text_, cell.integer); break;
      case CellKind::kNumber: AppendNumber(text_, cell.number); break;
      case CellKind::kDate: AppendDate(text_, cell.integer); break;
      case CellKind::kTimestamp: AppendTimestamp(text_, cell.integer); break;
      case CellKind::kNull:
      case CellKind::kText: break;
    }
  }

  std::string text_;

 private:
  Output& output_;
};

class JsonFormat final : public TextFormat {
 public:
  JsonFormat(const std::vector<ColumnInfo>& columns, Output& output) : TextFormat(output) {
    for (const ColumnInfo& column : columns) {
      std::string& name = names_.emplace_back(names_.empty() ? "{" : ",");
      AppendJsonText(name, column.name);
      name += ':';
    }
  }

  Status Add(const std::vector<Cell>& row) override {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text_ += names_[i];
      AppendValue(row[i]);
    }
    text_ += "}\n";
    return FlushWhenFull();
  }

 private:
  void AppendValue(const Cell& cell) {
    const bool quoted = cell.kind == CellKind::kDate || cell.kind == CellKind::kTimestamp;
    if (cell.kind == CellKind::kNull) {
      text_ += "null";
    } else if (cell.kind == CellKind::kText) {
      AppendJsonText(text_, cell.text);
    } else {
      if (quoted) text_ += '"';
      AppendPlain(cell);
      if (quoted) text_ += '"';
    }
  }

  std::vector<std::string> names_;  // with what stands before and after them
};

class CsvFormat final : public TextFormat {
 public:
  CsvFormat(const std::vector<ColumnInfo>& columns, Output& output) : TextFormat(output) {
    for (const ColumnInfo& column : columns) {
      if (!text_.empty()) text_ += ',';
      AppendCsvText(text_, column.name);
    }
    text_ += '\n';
  }

  Status Add(const std::vector<Cell>& row) override {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) text_ += ',';
      if (row[i].kind == CellKind::kText) {
        AppendCsvText(text_, row[i].text);
      } else {
        AppendPlain(row[i]);
      }
    }
    text_ += '\n';
    return FlushWhenFull();
  }
};

}  // namespace

std::unique_ptr<RowFormat> MakeTextFormat(Format format, const std::vector<ColumnInfo>& columns, Output& output) {
  if (format == Format::kCsv) return std::make_unique<CsvFormat>(columns, output);
  return std::make_unique<JsonFormat>(columns, output);
}

}  // namespace latecomer::generate
