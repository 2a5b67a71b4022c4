// The OpenAPI file, which the build put into the program.
#pragma once

#include <string_view>

namespace latecomer::server {

std::string_view OpenApiText();

}  // namespace latecomer::server
