#include "pipeline/template.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace latecomer::pipeline {
namespace {

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";

std::int64_t LineOf(std::string_view text, std::size_t position) {
  return 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(position), '\n');
}

// What a piece of a text becomes: `literal` pieces are taken as they are, names are looked up.
struct Pieces {
  std::function<void(std::string_view)> literal;
  std::function<Status(std::string_view name, std::int64_t line)> name;
};

Status Walk(std::string_view text, const Pieces& pieces) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t open = text.find(kOpen, at);
    if (open == std::string_view::npos) break;
    pieces.literal(text.substr(at, open - at));
    const std::size_t begin = open + kOpen.size();
    if (text.substr(begin).starts_with(kOpen)) {
      pieces.literal(kOpen);
      at = begin + kOpen.size();
      continue;
    }
    const std::size_t close = text.find(kClose, begin);
    const std::string_view inside =
        close == std::string_view::npos ? text.substr(begin) : text.substr(begin, close - begin);
    if (close == std::string_view::npos || inside.find(kOpen) != std::string_view::npos) {
      return Fail(Error(ErrorKind::kInvalidFile, "a template's \"{{\" is not closed by \"}}\"")
                      .At(LineOf(text, open))
                      .Hint("write \"{{{{\" for a plain \"{{\""));
    }
    LATECOMER_RETURN_IF_ERROR(pieces.name(Trim(inside), LineOf(text, open)));
    at = close + kClose.size();
  }
  pieces.literal(text.substr(std::min(at, text.size())));
  return {};
}

using Quoting = std::function<Result<std::string>(const std::string& name, const std::string& value)>;

Result<std::string> Fill(std::string_view text, const TemplateValues& values, const Quoting& quote) {
  std::string filled;
  Pieces pieces;
  pieces.literal = [&](std::string_view piece) { filled += piece; };
  pieces.name = [&](std::string_view name, std::int64_t line) -> Status {
    const auto found = values.find(std::string(name));
    if (found == values.end()) {
      std::vector<std::string> known;
      for (const auto& [key, value] : values) known.push_back(key);
      return Fail(UnknownTemplateName(name, known).At(line));
    }
    LATECOMER_ASSIGN_OR_RETURN(const std::string quoted, quote(found->first, found->second));
    filled += quoted;
    return {};
  };
  LATECOMER_RETURN_IF_ERROR(Walk(text, pieces));
  return filled;
}

bool IsPlainInShell(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return letter || std::string_view("_-./:=,+@%").find(c) != std::string_view::npos;
}

std::string EnvironmentName(const std::string& name) {
  std::string upper = "LATECOMER_";
  for (const char c : name) {
    if (c >= 'a' && c <= 'z') {
      upper += static_cast<char>(c - 'a' + 'A');
    } else {
      upper += (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
    }
  }
  return upper;
}

Status FillTexts(nlohmann::ordered_json& json, const TemplateValues& values) {
  if (json.is_string()) {
    LATECOMER_ASSIGN_OR_RETURN(json, FillTemplate(json.get<std::string>(), values));
    return {};
  }
  if (!json.is_structured()) return {};
  for (auto& item : json) LATECOMER_RETURN_IF_ERROR(FillTexts(item, values));
  return {};
}

}  // namespace

Error UnknownTemplateName(std::string_view name, const std::vector<std::string>& known) {
  Error error(ErrorKind::kInvalidFile, "there is no template variable `" + Printable(name) + "`");
  if (const auto nearest = NearestWord(name, known)) {
    error.hint = "did you mean `" + *nearest + "`?";
    return error;
  }
  for (const std::string& one : known) error.hint += (error.hint.empty() ? "there are " : ", ") + one;
  return error;
}

Result<std::string> FillTemplate(std::string_view text, const TemplateValues& values) {
  return Fill(text, values, [](const std::string&, const std::string& value) { return value; });
}

Result<std::string> FillSqlTemplate(std::string_view text, const TemplateValues& values) {
  return Fill(text, values, [](const std::string&, const std::string& value) -> Result<std::string> {
    std::string quoted;
    for (const char c : value) {
      if (c == '\'') quoted += c;
      quoted += c;
    }
    return quoted;
  });
}

Result<std::string> FillSparkSqlTemplate(std::string_view text, const TemplateValues& values) {
  return Fill(text, values, [](const std::string&, const std::string& value) -> Result<std::string> {
    std::string quoted;
    for (const char c : value) {
      if (c == '\'' || c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    return quoted;
  });
}

Result<std::string> FillKubernetesTemplate(std::string_view text, const TemplateValues& values) {
  return Fill(text, values, [](const std::string&, const std::string& value) -> Result<std::string> {
    std::string doubled;
    for (const char c : value) doubled.append(c == '$' ? 2 : 1, c);
    return doubled;
  });
}

Result<std::string> FillShellTemplate(std::string_view text, const TemplateValues& values) {
  return Fill(text, values, [](const std::string& name, const std::string& value) -> Result<std::string> {
    if (std::all_of(value.begin(), value.end(), IsPlainInShell)) return value;
    return Fail(Error(ErrorKind::kInvalidArgument, "the value of {{ " + name + " }}, `" + Printable(value) +
                                                       "`, has characters that mean something to a shell")
                    .Hint("use \"$" + EnvironmentName(name) + "\" in the command instead, or give it as a list"));
  });
}

Result<std::string> FillJsonTemplate(std::string_view json, const TemplateValues& values) {
  auto parsed = nlohmann::ordered_json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return Fail(ErrorKind::kInvalidFile, "this is no JSON");
  LATECOMER_RETURN_IF_ERROR(FillTexts(parsed, values));
  return parsed.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Result<std::vector<std::string>> TemplateNames(std::string_view text) {
  std::vector<std::string> names;
  Pieces pieces;
  pieces.literal = [](std::string_view) {};
  pieces.name = [&](std::string_view name, std::int64_t) -> Status {
    names.emplace_back(name);
    return {};
  };
  LATECOMER_RETURN_IF_ERROR(Walk(text, pieces));
  return names;
}

Status CheckTemplate(std::string_view text, const std::vector<std::string>& known) {
  Pieces pieces;
  pieces.literal = [](std::string_view) {};
  pieces.name = [&](std::string_view name, std::int64_t line) -> Status {
    if (std::find(known.begin(), known.end(), name) != known.end()) return {};
    return Fail(UnknownTemplateName(name, known).At(line));
  };
  return Walk(text, pieces);
}

std::map<std::string, std::string> TemplateEnvironment(const TemplateValues& values) {
  std::map<std::string, std::string> environment;
  for (const auto& [name, value] : values) environment.emplace(EnvironmentName(name), value);
  return environment;
}

}  // namespace latecomer::pipeline
