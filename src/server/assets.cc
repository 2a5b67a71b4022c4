#include "server/assets.h"

#include <algorithm>

#include "base/text.h"
#include "server/problem.h"

namespace latecomer::server {
namespace {

constexpr std::string_view kPage = "index.html";
constexpr std::string_view kBase = "<base href=\"/\"";

const Asset* Find(std::span<const Asset> assets, std::string_view path) {
  const auto it = std::lower_bound(assets.begin(), assets.end(), path,
                                   [](const Asset& asset, std::string_view wanted) { return asset.path < wanted; });
  return it != assets.end() && it->path == path ? &*it : nullptr;
}

bool TakesGzip(const Request& request) {
  for (const std::string_view part : Split(request.Header("accept-encoding"), ',')) {
    const std::string_view coding = Trim(part);
    if (coding == "gzip" || (coding.starts_with("gzip;") && !coding.ends_with("q=0"))) return true;
  }
  return false;
}

// A view's address has no dot in its last part; a file's has.
bool IsView(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view last = slash == std::string_view::npos ? path : path.substr(slash + 1);
  return !path.starts_with("assets/") && !path.starts_with("api/") &&
         (last.find('.') == std::string_view::npos || path.starts_with("pipelines/"));
}

Response Page(const Asset& page, const std::string& prefix) {
  Response response;
  response.content_type = "text/html; charset=utf-8";
  response.body = std::string(page.bytes);
  const std::size_t base = response.body.find(kBase);
  if (base != std::string::npos) response.body.replace(base, kBase.size(), "<base href=\"" + prefix + "/\"");
  return std::move(response).With("Cache-Control", "no-cache");
}

Response WithoutUi() {
  Response response;
  response.content_type = "text/plain; charset=utf-8";
  response.body =
      "latecomer is at work. This build has no web UI: it was made without Node.js.\n"
      "The API is at api/v1, described by api/v1/openapi.yaml.\n";
  return response;
}

}  // namespace

Response ServeAssetOf(std::span<const Asset> assets, const Request& request, const std::string& prefix) {
  std::string path;
  for (const std::string& segment : request.segments) path += (path.empty() ? "" : "/") + segment;
  const Asset* page = Find(assets, kPage);
  if (page == nullptr && path.empty()) return WithoutUi();
  const Asset* asset = Find(assets, path.empty() ? kPage : std::string_view(path));
  if (asset == nullptr && page != nullptr && IsView(path)) asset = page;
  if (asset == nullptr) {
    return ToResponse(Problem{.status = 404, .kind = "not_found", .detail = "there is nothing at this address"});
  }
  if (asset == page) return Page(*page, prefix);
  Response response;
  response.content_type = asset->content_type;
  const std::string etag = EtagOf(asset->bytes);
  const bool same = EtagMatches(request.Header("if-none-match"), etag);
  const bool compressed = !asset->gzip.empty() && TakesGzip(request);
  if (same) {
    response.status = 304;
  } else {
    response.body = std::string(compressed ? asset->gzip : asset->bytes);
  }
  if (compressed && !same) response.headers.emplace_back("Content-Encoding", "gzip");
  const bool hashed = asset->path.starts_with("assets/");  // their names change with their content
  return std::move(response)
      .With("Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache")
      .With("Vary", "Accept-Encoding")
      .With("ETag", etag);
}

Response ServeAsset(const Request& request, const std::string& prefix) {
  return ServeAssetOf(EmbeddedAssets(), request, prefix);
}

}  // namespace latecomer::server
