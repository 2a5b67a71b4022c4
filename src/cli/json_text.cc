#include "cli/json_text.h"

#include <charconv>

#include "base/text.h"

namespace latecomer::cli {
namespace {

// Bytes of the valid UTF-8 sequence at the start of `text`; 0 when there is none.
std::size_t SequenceLength(std::string_view text) {
  for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length) {
    if (IsValidUtf8(text.substr(0, length))) return length;
  }
  return 0;
}

void AppendChecked(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = SequenceLength(text);
    out.append(length == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, length));
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

void AppendNumber(std::string& out, std::int64_t number) {
  char digits[24];
  const auto [end, code] = std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, end);
}

}  // namespace

void AppendJsonString(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string repaired;
  if (!IsValidUtf8(text)) {
    AppendChecked(repaired, text);
    text = repaired;
  }
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && c != '"' && c != '\\') {
      out += c;
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  out += '"';
}

void AppendJsonInteger(std::string& out, std::optional<std::int64_t> number) {
  if (number) {
    AppendNumber(out, *number);
  } else {
    out += "null";
  }
}

void AppendJsonMember(std::string& out, std::string_view name, std::optional<std::int64_t> number) {
  out += ",\"";
  out += name;
  out += "\":";
  AppendJsonInteger(out, number);
}

void AppendCsv(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
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

void AppendCsv(std::string& out, std::optional<std::int64_t> number) {
  if (number) AppendNumber(out, *number);
}

}  // namespace latecomer::cli
