// Passwords and secrets, by libsodium: argon2id for what people choose, BLAKE2b for what we make at random.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace latecomer::server {

// argon2id with 64 MiB and 2 passes, salt and parameters inside: "$argon2id$v=19$m=65536,t=2,p=1$…".
Result<std::string> HashPassword(const std::string& password);
// Takes as long for a hash that is none.
bool PasswordMatches(const std::string& hash, const std::string& password);

// 256 random bits, URL-safe base64.
std::string MakeSecret();
// What is kept of a secret; `purpose` keeps hashes for different uses apart.
std::string HashSecret(std::string_view purpose, std::string_view secret);
// Takes equally long for all texts of one length.
bool SameText(std::string_view a, std::string_view b);

}  // namespace latecomer::server
