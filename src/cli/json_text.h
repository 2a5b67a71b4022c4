// JSON and CSV written by hand where many lines are written; nlohmann-json elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace latecomer::cli {

// The text as a JSON string, quotes included. Invalid UTF-8 becomes U+FFFD.
void AppendJsonString(std::string& out, std::string_view text);
// The digits, or null.
void AppendJsonInteger(std::string& out, std::optional<std::int64_t> number);
// `,"name":number`
void AppendJsonMember(std::string& out, std::string_view name, std::optional<std::int64_t> number);

// A CSV field, in quotes when it needs them (RFC 4180).
void AppendCsv(std::string& out, std::string_view text);
// The digits, or nothing.
void AppendCsv(std::string& out, std::optional<std::int64_t> number);

}  // namespace latecomer::cli
