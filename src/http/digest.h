// Hashes, signatures and encodings that the stores' protocols ask for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace latecomer::http {

std::string Sha256(std::string_view bytes);                              // 32 raw bytes
std::string HmacSha256(std::string_view key, std::string_view message);  // 32 raw bytes
std::string Md5(std::string_view bytes);                                 // 16 raw bytes

std::string Hex(std::string_view bytes);  // lower case
std::string Base64(std::string_view bytes);
// RFC 4648, section 5, without padding.
std::string Base64Url(std::string_view bytes);
// nullopt when it is no base64 text with its padding.
std::optional<std::string> FromBase64(std::string_view text);

// RSASSA-PKCS1-v1_5 with SHA-256, by a private key in PEM. kInvalidArgument when it is no such key; the message never
// holds any of it.
Result<std::string> SignRs256(const std::string& pem, std::string_view message);

}  // namespace latecomer::http
