#include "http/environment.h"

#include <strings.h>

#include <cstdlib>

namespace latecomer::http {

Environment ProcessEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return std::string(value);
  };
}

bool IsTrue(const std::optional<std::string>& value) {
  return value && (*value == "1" || ::strcasecmp(value->c_str(), "true") == 0);
}

}  // namespace latecomer::http
