#include "base/ids.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace latecomer {

std::uint64_t SystemRandom::Next() {
  std::uint64_t bits = 0;
  auto* at = reinterpret_cast<unsigned char*>(&bits);
  std::size_t missing = sizeof bits;
  while (missing > 0) {
    const ssize_t got = ::getrandom(at, missing, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      std::abort();  // a kernel without getrandom: nothing that needs unique names can go on
    }
    at += got;
    missing -= static_cast<std::size_t>(got);
  }
  return bits;
}

// Steele, Lea, Flood: "Fast splittable pseudorandom number generators" (2014).
std::uint64_t SeededRandom::Next() {
  state_ += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

std::string MakeUuid(Random& random) {
  const std::uint64_t high = (random.Next() & ~0xf000ULL) | 0x4000ULL;
  const std::uint64_t low = (random.Next() & ~(3ULL << 62)) | (2ULL << 62);
  char text[37];
  std::snprintf(text, sizeof text, "%08llx-%04llx-%04llx-%04llx-%012llx", static_cast<unsigned long long>(high >> 32),
                static_cast<unsigned long long>((high >> 16) & 0xffff), static_cast<unsigned long long>(high & 0xffff),
                static_cast<unsigned long long>(low >> 48), static_cast<unsigned long long>(low & 0xffffffffffffULL));
  return text;
}

}  // namespace latecomer
