// The statistics of a file, as writers put them: a JSON document in a string.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace latecomer::delta {

// How a stats text begins, as it is and as a JSON string, where numRecords stands first as every known writer puts it.
// Anything else takes the long way.
inline constexpr std::string_view kStatsStart = R"({"numRecords":)";
inline constexpr std::string_view kEscapedStatsStart = R"("{\"numRecords\":)";

// numRecords of a text that begins with `start`.
inline std::optional<std::int64_t> RecordsAtStart(std::string_view stats, std::string_view start) {
  if (!stats.starts_with(start)) return std::nullopt;
  const char* first = stats.data() + start.size();
  const char* last = stats.data() + stats.size();
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(first, last, number);
  if (code != std::errc() || end == last || (*end != ',' && *end != '}') || number < 0) return std::nullopt;
  return number;
}

}  // namespace latecomer::delta
