// Environment variables as something that a test can give.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace latecomer::http {

// The value of a variable; nullopt when it is missing or empty, which the clouds' own tools take for the same.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// Of this process.
Environment ProcessEnvironment();

// "true" or "1" in any case.
bool IsTrue(const std::optional<std::string>& value);

}  // namespace latecomer::http
