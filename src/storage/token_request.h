// Requests to what gives credentials: services on the machine itself, and sign-in services of the clouds.
#pragma once

#include <optional>
#include <string>

#include "storage/cloud_request.h"

namespace latecomer::storage {

// A service of the machine, container or instance: a few quick attempts past all proxies; nullopt when nobody answers.
std::optional<http::Response> AskNearby(const CloudTools& tools, http::Request request);

// Signs each attempt anew, or leaves it as it is.
using SignAttempt = std::function<void(http::Request&)>;
// A sign-in service, tried again as the policy says. Any other status is an answer. kIo, naming `who`, when there is
// none.
Result<http::Response> AskSignIn(const CloudTools& tools, const http::Request& request, const std::string& who,
                                 const SignAttempt& sign = nullptr);

}  // namespace latecomer::storage
