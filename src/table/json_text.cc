#include "table/json_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace latecomer::table {
namespace {

// Stands for itself in a JSON string.
bool IsPlain(char c) {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

}  // namespace

void AppendJsonString(std::string_view text, std::string& json) {
  if (std::ranges::all_of(text, IsPlain)) {  // nearly always
    json.append("\"").append(text).append("\"");
    return;
  }
  json += nlohmann::json(std::string(text)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void AppendJsonStrings(const std::vector<std::string>& texts, std::string& json) {
  json += '[';
  for (const std::string& text : texts) {
    if (json.back() != '[') json += ',';
    AppendJsonString(text, json);
  }
  json += ']';
}

}  // namespace latecomer::table
