#include "cli/last_processed.h"

#include <charconv>

#include "base/text.h"
#include "cli/small_file.h"

namespace latecomer::cli {

std::string InFolder(const std::string& folder, const std::string& name) {
  if (name.starts_with('/') || folder.empty()) return name;
  return folder + (folder.ends_with('/') ? "" : "/") + name;
}

std::string LastProcessedPath(const std::string& folder) {
  return InFolder(folder, "_last_processed_version");
}

Result<std::optional<Version>> ReadLastProcessed(const std::string& folder) {
  const std::string path = LastProcessedPath(folder);
  auto bytes = ReadSmallFile(path);
  if (!bytes) {
    if (bytes.error().kind == ErrorKind::kNotFound) return std::nullopt;
    return Fail(std::move(bytes).error());
  }
  const std::string_view text = Trim(*bytes);
  Version version;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), version.value);
  if (text.empty() || code != std::errc() || end != text.data() + text.size() || version < kBeforeFirst) {
    return Fail(Error(ErrorKind::kInvalidFile,
                      "the file must hold one version number, but it holds '" + Printable(text.substr(0, 40)) + "'")
                    .In(path)
                    .Hint("write the last processed version into it, or remove it to start from the beginning"));
  }
  return version;
}

}  // namespace latecomer::cli
