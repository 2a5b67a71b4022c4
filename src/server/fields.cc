#include "server/fields.h"

#include <charconv>

#include "base/text.h"

namespace latecomer::server {
namespace {

std::string Listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

bool Contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Characters, not bytes, as JSON Schema counts them.
std::size_t Length(std::string_view utf8) {
  std::size_t length = 0;
  for (const char c : utf8) length += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return length;
}

std::string Span(std::int64_t least, std::int64_t most) {
  return "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most);
}

constexpr const char* kNoTime = "must be a time like 2024-01-04T10:00:00Z";

// Nested deeper than any body of ours; the parser would go on recursing.
bool IsNestedTooDeep(std::string_view text) {
  constexpr int kDeepest = 32;
  int depth = 0;
  for (const char c : text) {
    if (c == '[' || c == '{') {
      if (++depth > kDeepest) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace

std::string QueryFields::Text(const std::string& name, std::size_t longest) {
  const std::string_view value = request_.Query(name);
  if (Length(value) <= longest) return std::string(value);
  Wrong(name, "is longer than " + std::to_string(longest) + " characters");
  return "";
}

std::string QueryFields::Required(const std::string& name, std::size_t longest) {
  if (request_.Query(name).empty()) Wrong(name, "is missing");
  return Text(name, longest);
}

std::optional<std::int64_t> QueryFields::Integer(const std::string& name, std::int64_t least, std::int64_t most) {
  if (!request_.query.contains(name)) return std::nullopt;
  const std::string_view text = request_.Query(name);
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code == std::errc() && end == text.data() + text.size() && value >= least && value <= most) return value;
  Wrong(name, Span(least, most));
  return std::nullopt;
}

std::int64_t QueryFields::Integer(const std::string& name, std::int64_t least, std::int64_t most,
                                  std::int64_t otherwise) {
  return Integer(name, least, most).value_or(otherwise);
}

std::optional<Instant> QueryFields::Time(const std::string& name) {
  if (!request_.query.contains(name)) return std::nullopt;
  const auto time = ParseInstant(request_.Query(name));
  if (time) return *time;
  Wrong(name, kNoTime);
  return std::nullopt;
}

std::vector<std::string> QueryFields::Words(const std::string& name, const std::vector<std::string>& known) {
  std::vector<std::string> words;
  for (const std::string_view word : Split(request_.Query(name), ',')) {
    if (word.empty()) continue;
    if (Contains(known, word)) {
      words.emplace_back(word);
    } else {
      Wrong(name, "knows " + Listed(known));
      return {};
    }
  }
  return words;
}

std::optional<Response> QueryFields::Problem() const {
  if (errors_.empty()) return std::nullopt;
  return InvalidFields(errors_);
}

BodyFields::BodyFields(const Request& request) {
  const std::string_view type = request.Header("content-type");
  is_json_ = Trim(type.substr(0, type.find(';'))) == "application/json";
  if (!is_json_) return;
  if (IsNestedTooDeep(request.body)) {
    Wrong("body", "is nested too deep");
    return;
  }
  nlohmann::json parsed = nlohmann::json::parse(request.body, nullptr, false);
  if (parsed.is_object()) {
    object_ = std::move(parsed);
  } else {
    Wrong("body", "must be a JSON object");
  }
}

const nlohmann::json* BodyFields::Find(const std::string& name) {
  asked_.insert(name);
  const auto it = object_.find(name);
  return it == object_.end() ? nullptr : &*it;
}

bool BodyFields::IsText(const std::string& name, const nlohmann::json& value, std::size_t shortest,
                        std::size_t longest) {
  if (!value.is_string()) {
    Wrong(name, "must be a text");
    return false;
  }
  const auto& text = value.get_ref<const std::string&>();
  const std::size_t length = Length(text);
  if (length < shortest || length > longest) {
    Wrong(name, "must have " + std::to_string(shortest) + " to " + std::to_string(longest) + " characters");
    return false;
  }
  if (text.find('\0') != std::string::npos) {
    Wrong(name, "must not hold a NUL character");
    return false;
  }
  return true;
}

std::optional<std::string> BodyFields::OptionalText(const std::string& name, std::size_t shortest,
                                                    std::size_t longest) {
  const nlohmann::json* value = Find(name);
  if (value == nullptr || !IsText(name, *value, shortest, longest)) return std::nullopt;
  return value->get<std::string>();
}

std::string BodyFields::Text(const std::string& name, std::size_t shortest, std::size_t longest) {
  if (Find(name) == nullptr) {
    Wrong(name, "is missing");
    return "";
  }
  return OptionalText(name, shortest, longest).value_or("");
}

bool BodyFields::Flag(const std::string& name, bool otherwise) {
  const nlohmann::json* value = Find(name);
  if (value == nullptr) return otherwise;
  if (value->is_boolean()) return value->get<bool>();
  Wrong(name, "must be true or false");
  return otherwise;
}

std::optional<std::int64_t> BodyFields::Integer(const std::string& name, std::int64_t least, std::int64_t most) {
  const nlohmann::json* value = Find(name);
  if (value == nullptr) return std::nullopt;
  // 3.0 is an integer to JSON Schema.
  if (value->is_number()) {
    const double number = value->get<double>();
    const bool whole = number >= static_cast<double>(least) && number <= static_cast<double>(most) &&
                       number == static_cast<double>(static_cast<std::int64_t>(number));
    if (whole) return static_cast<std::int64_t>(number);
  }
  Wrong(name, Span(least, most));
  return std::nullopt;
}

std::optional<Instant> BodyFields::Time(const std::string& name) {
  const std::optional<std::string> text = OptionalText(name, 1, 100);
  if (!text) return std::nullopt;
  const auto time = ParseInstant(*text);
  if (time) return *time;
  Wrong(name, kNoTime);
  return std::nullopt;
}

std::vector<std::string> BodyFields::Texts(const std::string& name, std::size_t most, std::size_t longest) {
  const nlohmann::json* value = Find(name);
  std::vector<std::string> texts;
  if (value == nullptr) return texts;
  if (!value->is_array() || value->size() > most) {
    Wrong(name, "must be a list of at most " + std::to_string(most) + " texts");
    return texts;
  }
  for (const nlohmann::json& item : *value) {
    if (!IsText(name, item, 0, longest)) return {};
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

std::optional<std::string> BodyFields::OptionalWord(const std::string& name, const std::vector<std::string>& known) {
  const nlohmann::json* value = Find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_string() && Contains(known, value->get_ref<const std::string&>())) return value->get<std::string>();
  Wrong(name, "must be one of " + Listed(known));
  return std::nullopt;
}

std::string BodyFields::Word(const std::string& name, const std::vector<std::string>& known) {
  if (Find(name) == nullptr) {
    Wrong(name, "is missing");
    return "";
  }
  return OptionalWord(name, known).value_or("");
}

std::optional<Response> BodyFields::Problem() const {
  if (!is_json_) {
    return ToResponse(server::Problem{.status = 415,
                                      .kind = "unsupported_media_type",
                                      .detail = "the body must be JSON",
                                      .hint = "send Content-Type: application/json"});
  }
  std::vector<FieldError> errors = errors_;
  for (const auto& [name, value] : object_.items()) {
    if (!asked_.contains(name)) errors.push_back({Printable(name).substr(0, 100), "is not known here"});
  }
  if (errors.empty()) return std::nullopt;
  return InvalidFields(std::move(errors));
}

}  // namespace latecomer::server
