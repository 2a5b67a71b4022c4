// Small text helpers that have no better home.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace latecomer {

// The candidate nearest to `word` by edit distance, when near enough to be what was meant.
std::optional<std::string> NearestWord(std::string_view word, const std::vector<std::string>& candidates);

// Text from outside made safe for a terminal or log line: control characters and invalid UTF-8 become
// escapes (\n, \x1b, \u202e for direction overrides); everything else is kept.
std::string Printable(std::string_view text);

std::vector<std::string_view> Split(std::string_view text, char separator);
std::string_view Trim(std::string_view text);
bool IsValidUtf8(std::string_view text);

// RFC 3986 percent-encoding of everything but unreserved characters and those in `keep`.
std::string PercentEncode(std::string_view text, std::string_view keep = "");
// Malformed sequences stay as they are.
std::string PercentDecode(std::string_view text);

}  // namespace latecomer
