// JSON written straight into a text, where a tree of values would cost more than what is written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace latecomer::table {

// As a JSON string; bytes that are no UTF-8 are replaced, because JSON can't hold them.
void AppendJsonString(std::string_view text, std::string& json);
// As an array of strings.
void AppendJsonStrings(const std::vector<std::string>& texts, std::string& json);

}  // namespace latecomer::table
