#include "executor/sql_message.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.h"
#include "executor/sql_inputs.h"
#include "executor/sql_script.h"

namespace latecomer::executor {
namespace {

using Json = nlohmann::json;

struct Place {
  std::size_t line = 1;
  std::size_t column = 1;
};

Place PlaceOf(std::string_view query, std::size_t offset) {
  offset = std::min(offset, query.size());
  const std::string_view before = query.substr(0, offset);
  Place place;
  place.line += static_cast<std::size_t>(std::ranges::count(before, '\n'));
  const std::size_t line_start = before.rfind('\n');
  place.column = line_start == std::string_view::npos ? offset + 1 : offset - line_start;
  return place;
}

struct SyntaxError {
  std::string message;
  std::size_t offset = 0;
};

std::optional<SyntaxError> FindSyntaxError(std::string_view parsed) {
  const Json file = Json::parse(parsed, nullptr, false);
  if (!file.is_object() || !file.contains("parsed")) return std::nullopt;
  Json answer = file["parsed"];
  if (answer.is_string()) answer = Json::parse(answer.get<std::string>(), nullptr, false);
  if (!answer.is_object() || !answer.value("error", false)) return std::nullopt;
  if (!answer.contains("position") || !answer["position"].is_string()) return std::nullopt;
  const auto text = answer["position"].get<std::string>();
  SyntaxError error{.message = answer.value("error_message", "syntax error"), .offset = 0};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), error.offset);
  if (failed != std::errc()) return std::nullopt;
  return error;
}

bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Where a name that DuckDB complains about stands, if that is on one line only.
std::optional<Place> FindName(std::string_view query, std::string_view name) {
  std::optional<Place> place;
  for (std::size_t at = query.find(name); at != std::string_view::npos; at = query.find(name, at + 1)) {
    const bool starts = at == 0 || !IsWordByte(query[at - 1]);
    const std::size_t end = at + name.size();
    if (!starts || (end < query.size() && IsWordByte(query[end]))) continue;
    const Place here = PlaceOf(query, at);
    if (place && place->line != here.line) return std::nullopt;
    if (!place) place = here;
  }
  return place;
}

// The name in 'Referenced column "x" not found', 'Table with name x does not exist', …
std::string_view NameComplainedAbout(std::string_view message) {
  for (const std::string_view start : {"column \"", "name \"", "table \"", "function \""}) {
    const std::size_t at = message.find(start);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = message.substr(at + start.size());
    return rest.substr(0, rest.find('"'));
  }
  for (const std::string_view start : {"Table with name ", "Function with name "}) {
    const std::size_t at = message.find(start);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = message.substr(at + start.size());
    return rest.substr(0, rest.find(' '));
  }
  return {};
}

// DuckDB's message: from its kind ("Binder Error: …") to where it shows a line of the wrapper.
std::string_view MessageIn(std::string_view output) {
  std::size_t at = output.rfind(" Error: ");
  if (at == std::string_view::npos) return {};
  // The first error is the cause; the program ends with it.
  at = output.find(" Error: ");
  const std::size_t line_start = output.rfind('\n', at);
  std::string_view message = output.substr(line_start == std::string_view::npos ? 0 : line_start + 1);
  return Trim(message.substr(0, message.find("\nLINE ")));
}

// How the command line begins an error.
constexpr std::string_view kCommandError = "error: ";

std::string_view LineWith(std::string_view text, std::string_view words) {
  const std::size_t at = text.find(words);
  if (at == std::string_view::npos) return {};
  const std::size_t before = text.rfind('\n', at);
  const std::string_view line = text.substr(before == std::string_view::npos ? 0 : before + 1);
  return line.substr(0, line.find('\n'));
}

}  // namespace

std::string DescribeSqlFailure(const SqlFailure& failure) {
  const auto where = [&](const std::optional<Place>& place) {
    const std::string file(failure.query_file);
    if (!place) return (file.empty() ? "the query" : file) + ": ";
    const std::string position = std::to_string(place->line) + ":" + std::to_string(place->column);
    return (file.empty() ? "the query:" : file + ":") + position + ": ";
  };
  if (const std::string_view input = LineWith(failure.output, kSqlInputError); !input.empty()) {
    return std::string(input.starts_with(kCommandError) ? input.substr(kCommandError.size()) : input);
  }
  const std::string_view message = MessageIn(failure.output);
  if (const std::size_t own = message.find(kSqlErrorMark); own != std::string_view::npos) {
    return where(std::nullopt) + std::string(message.substr(own + std::string_view(kSqlErrorMark).size()));
  }
  if (message.starts_with("Parser Error")) {
    if (const auto syntax = FindSyntaxError(failure.parsed)) {
      return where(PlaceOf(failure.query, syntax->offset)) + syntax->message;
    }
    if (message.find("single SELECT") != std::string_view::npos) {
      return where(std::nullopt) + "a SQL step is exactly one SELECT statement";
    }
  }
  if (message.empty()) return "";
  const std::string_view name = NameComplainedAbout(message);
  return where(name.empty() ? std::nullopt : FindName(failure.query, name)) + std::string(message);
}

}  // namespace latecomer::executor
