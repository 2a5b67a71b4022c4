#include "kubernetes/names.h"

#include <algorithm>

#include "http/digest.h"

namespace latecomer::kubernetes {
namespace {

constexpr std::size_t kDigestDigits = 32;
constexpr std::size_t kShortDigest = 10;
constexpr std::size_t kPipelineLetters = 17;
constexpr std::size_t kStepLetters = 12;
constexpr std::size_t kLabelLetters = 63;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool IsUpper(char c) {
  return c >= 'A' && c <= 'Z';
}

// Of at most `most` characters; empty when nothing of the text is left.
std::string DnsPart(std::string_view text, std::size_t most) {
  std::string part;
  for (const char c : text) {
    const char lower = IsUpper(c) ? static_cast<char>(c - 'A' + 'a') : c;
    if (IsLower(lower) || IsDigit(lower)) {
      part += lower;
    } else if (!part.empty() && part.back() != '-') {
      part += '-';
    }
    if (part.size() == most) break;
  }
  while (part.ends_with('-')) part.pop_back();
  return part;
}

}  // namespace

std::string DigestOf(std::string_view text) {
  return http::Hex(http::Sha256(text)).substr(0, kDigestDigits);
}

std::string ObjectName(std::string_view pipeline, std::string_view step, std::string_view digest) {
  std::string name = "latecomer";
  for (const std::string& part : {DnsPart(pipeline, kPipelineLetters), DnsPart(step, kStepLetters)}) {
    if (!part.empty()) name += "-" + part;
  }
  return name + "-" + std::string(digest.substr(0, kShortDigest));
}

std::string LabelValue(std::string_view text) {
  const auto is_end = [](char c) { return IsLower(c) || IsUpper(c) || IsDigit(c); };
  const auto fits = [&](char c) { return is_end(c) || c == '-' || c == '_' || c == '.'; };
  const bool is_one = text.size() <= kLabelLetters && std::all_of(text.begin(), text.end(), fits) &&
                      (text.empty() || (is_end(text.front()) && is_end(text.back())));
  if (is_one) return std::string(text);
  std::string value;
  for (const char c : text.substr(0, kLabelLetters - kShortDigest - 1)) {
    if (is_end(c) || (fits(c) && !value.empty())) value += c;
  }
  return value + (value.empty() ? "" : "-") + DigestOf(text).substr(0, kShortDigest);
}

}  // namespace latecomer::kubernetes
