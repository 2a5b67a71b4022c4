#include "delta/log_path.h"

#include <cstring>
#include <vector>

#include "base/text.h"

namespace latecomer::delta {
namespace {

constexpr std::size_t kVersionDigits = 20;
constexpr std::size_t kPartDigits = 10;

std::string Padded(std::int64_t number, std::size_t width) {
  std::string digits = std::to_string(number);
  return digits.size() >= width ? digits : std::string(width - digits.size(), '0') + digits;
}

// All of `text` as a number of exactly `width` digits that fits into 63 bits.
std::optional<std::int64_t> ParseDigits(std::string_view text, std::size_t width) {
  if (text.size() != width) return std::nullopt;
  std::int64_t number = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    if (__builtin_mul_overflow(number, 10, &number)) return std::nullopt;
    if (__builtin_add_overflow(number, c - '0', &number)) return std::nullopt;
  }
  return number;
}

std::optional<LogFile> ParseCheckpoint(Version version, const std::vector<std::string_view>& parts) {
  LogFile file;
  file.version = version;
  if (parts.size() == 3 && parts[2] == "parquet") {
    file.kind = LogFileKind::kClassicCheckpoint;
    return file;
  }
  if (parts.size() == 4 && (parts[3] == "parquet" || parts[3] == "json") && !parts[2].empty()) {
    file.kind = LogFileKind::kUuidCheckpoint;
    file.uuid = parts[2];
    file.is_json = parts[3] == "json";
    return file;
  }
  if (parts.size() == 5 && parts[4] == "parquet") {
    const auto part = ParseDigits(parts[2], kPartDigits);
    const auto count = ParseDigits(parts[3], kPartDigits);
    if (!part || !count || *part < 1 || *part > *count) return std::nullopt;
    file.kind = LogFileKind::kMultiPartCheckpoint;
    file.part = *part;
    file.parts = *count;
    return file;
  }
  return std::nullopt;
}

}  // namespace

std::string VersionDigits(Version version) {
  return Padded(version.value, kVersionDigits);
}

std::string CommitKey(Version version) {
  return std::string(kLogFolder) + VersionDigits(version) + ".json";
}

std::string ClassicCheckpointKey(Version version) {
  return std::string(kLogFolder) + VersionDigits(version) + ".checkpoint.parquet";
}

std::string MultiPartCheckpointKey(Version version, int part, int parts) {
  return std::string(kLogFolder) + VersionDigits(version) + ".checkpoint." + Padded(part, kPartDigits) + "." +
         Padded(parts, kPartDigits) + ".parquet";
}

std::string SidecarKey(std::string_view path) {
  // An absolute path or URI stays; a relative one may still name the folder.
  if (path.find(":/") != std::string_view::npos || path.starts_with('/')) return std::string(path);
  if (path.starts_with(kSidecarFolder)) return std::string(path);
  return std::string(kSidecarFolder) + std::string(path);
}

void WriteCommitName(Version version, char (&out)[kCommitNameSize]) {
  std::memset(out, '0', kVersionDigits);
  std::int64_t rest = version.value;
  for (std::size_t i = kVersionDigits; rest > 0; rest /= 10) out[--i] = static_cast<char>('0' + rest % 10);
  std::memcpy(out + kVersionDigits, ".json", 6);
}

std::optional<LogFile> ParseLogFile(std::string_view name) {
  if (name.starts_with(kLogFolder)) name.remove_prefix(kLogFolder.size());
  if (name.size() < kCommitNameSize - 1 || name.find('/') != std::string_view::npos) return std::nullopt;
  const auto version = ParseDigits(name.substr(0, kVersionDigits), kVersionDigits);
  if (!version || name[kVersionDigits] != '.') return std::nullopt;
  const std::vector<std::string_view> parts = Split(name, '.');
  LogFile file;
  file.version = Version{*version};
  if (parts.size() == 2 && parts[1] == "json") return file;
  if (parts[1] == "checkpoint") return ParseCheckpoint(file.version, parts);
  if (parts.size() == 4 && parts[2] == "compacted" && parts[3] == "json") {
    const auto last = ParseDigits(parts[1], kVersionDigits);
    if (!last || *last <= *version) return std::nullopt;
    file.kind = LogFileKind::kCompaction;
    file.last = Version{*last};
    return file;
  }
  return std::nullopt;
}

std::optional<Version> ParseCommitName(std::string_view name) {
  if (name.size() != kCommitNameSize - 1 || !name.ends_with(".json")) return std::nullopt;
  const auto version = ParseDigits(name.substr(0, kVersionDigits), kVersionDigits);
  return version ? std::optional(Version{*version}) : std::nullopt;
}

std::optional<Version> ParseCommitKey(std::string_view key_or_name) {
  const auto file = ParseLogFile(key_or_name);
  if (!file || file->kind != LogFileKind::kCommit) return std::nullopt;
  return file->version;
}

}  // namespace latecomer::delta
