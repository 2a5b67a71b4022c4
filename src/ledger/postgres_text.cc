#include "ledger/postgres_text.h"

#include <cstddef>

namespace latecomer::ledger {
namespace {

unsigned char At(std::string_view text, std::size_t index) {
  return static_cast<unsigned char>(text[index]);
}

bool IsTail(std::string_view text, std::size_t index) {
  return index < text.size() && (At(text, index) & 0xC0) == 0x80;
}

// A character of the private range that stands for a byte: F4 8F B8…BB 80…BF.
bool IsKeptByte(std::string_view text, std::size_t at) {
  return at + 3 < text.size() && At(text, at) == 0xF4 && At(text, at + 1) == 0x8F &&
         (At(text, at + 2) & 0xFC) == 0xB8 && IsTail(text, at + 3);
}

// The length of the well-formed character that begins here (RFC 3629); 0 when none does.
std::size_t CharacterAt(std::string_view text, std::size_t at) {
  const unsigned char first = At(text, at);
  if (first == 0) return 0;
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4 || !IsTail(text, at + 1)) return 0;
  const unsigned char second = At(text, at + 1);
  if (first < 0xE0) return 2;
  if (!IsTail(text, at + 2)) return 0;
  if (first < 0xF0) {
    const bool overlong = first == 0xE0 && second < 0xA0;
    const bool surrogate = first == 0xED && second > 0x9F;
    return overlong || surrogate ? 0 : 3;
  }
  const bool overlong = first == 0xF0 && second < 0x90;
  const bool too_large = first == 0xF4 && second > 0x8F;
  return overlong || too_large || !IsTail(text, at + 3) ? 0 : 4;
}

void AppendKept(std::string& text, unsigned char byte) {
  text += '\xF4';
  text += '\x8F';
  text += static_cast<char>(0xB8 | (byte >> 6));
  text += static_cast<char>(0x80 | (byte & 0x3F));
}

}  // namespace

bool IsPlainText(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = CharacterAt(text, at);
    if (length == 0 || IsKeptByte(text, at)) return false;
    at += length;
  }
  return true;
}

std::string ToPostgresText(std::string_view text) {
  std::string kept;
  kept.reserve(text.size() + 16);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = IsKeptByte(text, at) ? 0 : CharacterAt(text, at);
    if (length == 0) {
      AppendKept(kept, At(text, at));
      ++at;
    } else {
      kept.append(text, at, length);
      at += length;
    }
  }
  return kept;
}

bool HasKeptBytes(std::string_view text) {
  for (std::size_t at = text.find('\xF4'); at != std::string_view::npos; at = text.find('\xF4', at + 1)) {
    if (IsKeptByte(text, at)) return true;
  }
  return false;
}

std::string FromPostgresText(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (IsKeptByte(text, at)) {
      plain += static_cast<char>(((At(text, at + 2) & 0x03) << 6) | (At(text, at + 3) & 0x3F));
      at += 4;
    } else {
      plain += text[at++];
    }
  }
  return plain;
}

}  // namespace latecomer::ledger
