#include "storage/cloud_location.h"

#include <algorithm>

#include "base/text.h"
#include "storage/object_key.h"

namespace latecomer::storage {
namespace {

Error Wrong(const std::string& message, const std::string& location) {
  // Not the location itself when it may hold a password.
  Error error(ErrorKind::kInvalidArgument, message);
  if (location.find('@') == std::string::npos) error.file = Printable(location);
  return std::move(error).Hint(
      "a table's location has the form s3://bucket/folder, gs://bucket/folder, "
      "az://container/folder or abfss://container@account.dfs.core.windows.net/folder");
}

}  // namespace

std::string CloudLocation::Uri() const {
  return scheme + "://" + authority + (path.empty() ? "" : "/" + path);
}

Result<CloudLocation> ParseCloudLocation(const std::string& location) {
  CloudLocation parsed;
  const std::size_t colon = location.find("://");
  if (colon == std::string::npos) return Fail(Wrong("this is no URI", location));
  parsed.scheme = location.substr(0, colon);
  std::transform(parsed.scheme.begin(), parsed.scheme.end(), parsed.scheme.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const std::string rest = location.substr(colon + 3);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  parsed.authority = rest.substr(0, slash);
  parsed.path = rest.substr(slash);
  while (parsed.path.starts_with('/')) parsed.path.erase(0, 1);
  while (parsed.path.ends_with('/')) parsed.path.pop_back();
  if (parsed.authority.empty()) return Fail(Wrong("this location names no bucket", location));
  const std::size_t at = parsed.authority.find('@');
  if (at != std::string::npos && parsed.authority.substr(0, at).find(':') != std::string::npos) {
    return Fail(Wrong("a location holds no user and password; credentials come from the environment", location));
  }
  constexpr std::string_view kMeaning = "?#%\\\"<> ";
  if (parsed.authority.find_first_of(kMeaning) != std::string::npos) {
    return Fail(Wrong("no bucket has such a name", location));
  }
  if (!parsed.path.empty() && !CheckKey(parsed.path)) {
    return Fail(Wrong("a location's path has no '.' or '..' in it", location));
  }
  return parsed;
}

}  // namespace latecomer::storage
