#include "server/secrets.h"

#include <sodium.h>

#include <array>

namespace latecomer::server {
namespace {

bool Ready() {
  static const bool ready = sodium_init() >= 0;
  return ready;
}

std::string ToText(const unsigned char* bytes, std::size_t size) {
  std::string text(sodium_base64_encoded_len(size, sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes, size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  text.resize(text.size() - 1);  // its NUL
  return text;
}

}  // namespace

Result<std::string> HashPassword(const std::string& password) {
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  if (!Ready() ||
      crypto_pwhash_str_alg(hash.data(), password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                            crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return Fail(ErrorKind::kIo, "the password can't be hashed: out of memory");
  }
  return std::string(hash.data());
}

bool PasswordMatches(const std::string& hash, const std::string& password) {
  // Of no password: what is compared with when there is no such user.
  static const std::string nobody = HashPassword(MakeSecret()).value_or("");
  const bool is_hash = hash.starts_with("$argon2id$");
  const std::string& compared = is_hash ? hash : nobody;
  return Ready() && crypto_pwhash_str_verify(compared.c_str(), password.data(), password.size()) == 0 && is_hash;
}

std::string MakeSecret() {
  std::array<unsigned char, 32> bytes{};
  if (Ready()) randombytes_buf(bytes.data(), bytes.size());
  return ToText(bytes.data(), bytes.size());
}

std::string HashSecret(std::string_view purpose, std::string_view secret) {
  const std::string text = std::string(purpose) + ":" + std::string(secret);
  std::array<unsigned char, crypto_generichash_BYTES> hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     nullptr, 0);
  return ToText(hash.data(), hash.size());
}

bool SameText(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace latecomer::server
