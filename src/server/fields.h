// Reading what a request says, by the rules of the OpenAPI file; what is wrong is gathered and told at once.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "server/http.h"
#include "server/problem.h"

namespace latecomer::server {

// Parameters of the query. A wrong one gives its default and is noted.
class QueryFields {
 public:
  explicit QueryFields(const Request& request) : request_(request) {}

  std::string Text(const std::string& name, std::size_t longest);
  std::string Required(const std::string& name, std::size_t longest);
  std::optional<std::int64_t> Integer(const std::string& name, std::int64_t least, std::int64_t most);
  std::int64_t Integer(const std::string& name, std::int64_t least, std::int64_t most, std::int64_t otherwise);
  std::optional<Instant> Time(const std::string& name);
  // "a,b": each must be among `known`.
  std::vector<std::string> Words(const std::string& name, const std::vector<std::string>& known);
  void Wrong(const std::string& name, std::string message) { errors_.push_back({name, std::move(message)}); }

  // 400 when something was wrong.
  std::optional<Response> Problem() const;

 private:
  const Request& request_;
  std::vector<FieldError> errors_;
};

// Members of a JSON object in the body.
class BodyFields {
 public:
  explicit BodyFields(const Request& request);

  std::string Text(const std::string& name, std::size_t shortest, std::size_t longest);  // required
  std::optional<std::string> OptionalText(const std::string& name, std::size_t shortest, std::size_t longest);
  bool Flag(const std::string& name, bool otherwise);
  std::optional<std::int64_t> Integer(const std::string& name, std::int64_t least, std::int64_t most);
  std::optional<Instant> Time(const std::string& name);
  std::vector<std::string> Texts(const std::string& name, std::size_t most, std::size_t longest);
  std::string Word(const std::string& name, const std::vector<std::string>& known);  // required
  std::optional<std::string> OptionalWord(const std::string& name, const std::vector<std::string>& known);
  void Wrong(const std::string& name, std::string message) { errors_.push_back({name, std::move(message)}); }

  // 415 when it isn't JSON, 400 when something was wrong or there are other members. Ask for all members first.
  std::optional<Response> Problem() const;

 private:
  const nlohmann::json* Find(const std::string& name);
  bool IsText(const std::string& name, const nlohmann::json& value, std::size_t shortest, std::size_t longest);

  bool is_json_ = true;
  nlohmann::json object_ = nlohmann::json::object();
  std::set<std::string> asked_;
  std::vector<FieldError> errors_;
};

}  // namespace latecomer::server
