// The web UI's files, which the build put into the program.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "server/http.h"

namespace latecomer::server {

struct Asset {
  std::string_view path;  // below the root, without a slash at the start: "assets/index-1a2b.js"
  std::string_view content_type;
  std::string_view bytes;
  std::string_view gzip;  // the same, compressed; empty when that isn't smaller
};

// In the order of their paths. Empty when the program was built without the UI. Defined by the build.
std::span<const Asset> EmbeddedAssets();

// The file at the path; the UI's page for an address of one of its views.
Response ServeAsset(const Request& request, const std::string& prefix);
// The same for other files than the embedded ones.
Response ServeAssetOf(std::span<const Asset> assets, const Request& request, const std::string& prefix);

}  // namespace latecomer::server
