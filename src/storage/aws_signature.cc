#include "storage/aws_signature.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "base/text.h"
#include "storage/digest.h"

namespace latecomer::storage {
namespace {

// "20240104T100000Z"
std::string BasicTime(Instant now) {
  const auto days = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(now - days));
  char text[32];
  std::snprintf(text, sizeof text, "%04d%02u%02uT%02d%02d%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

struct UrlParts {
  std::string_view host;
  std::string_view path;  // "/" at least
  std::string_view query;
};

UrlParts PartsOf(std::string_view url) {
  UrlParts parts;
  parts.host = http::HostOf(url);
  std::string_view rest = url.substr(static_cast<std::size_t>(parts.host.data() - url.data()) + parts.host.size());
  if (const std::size_t query = rest.find('?'); query != std::string_view::npos) {
    parts.query = rest.substr(query + 1);
    rest = rest.substr(0, query);
  }
  parts.path = rest.empty() ? "/" : rest;
  return parts;
}

// Every parameter has a '=' in the canonical form.
std::string CanonicalQuery(std::string_view query) {
  std::string canonical;
  if (query.empty()) return canonical;
  for (const std::string_view parameter : Split(query, '&')) {
    if (!canonical.empty()) canonical += '&';
    canonical += parameter;
    if (parameter.find('=') == std::string_view::npos) canonical += '=';
  }
  return canonical;
}

}  // namespace

void SignAws(http::Request& request, const AwsCredentials& credentials, const AwsScope& scope, Instant now) {
  const UrlParts url = PartsOf(request.url);
  const std::string time = BasicTime(now);
  const std::string payload = Hex(Sha256(request.body));
  request.Set("x-amz-date", time);
  if (scope.service == "s3") request.Set("x-amz-content-sha256", payload);
  if (!credentials.session_token.empty()) request.Set("x-amz-security-token", credentials.session_token);

  std::map<std::string, std::string> headers{{"host", std::string(url.host)}};
  for (const auto& [name, value] : request.headers) headers[Lower(name)] = Trim(value);
  std::string canonical_headers;
  std::string signed_headers;
  for (const auto& [name, value] : headers) {
    canonical_headers += name + ":" + value + "\n";
    signed_headers += (signed_headers.empty() ? "" : ";") + name;
  }
  const std::string canonical = request.method + "\n" + std::string(url.path) + "\n" + CanonicalQuery(url.query) +
                                "\n" + canonical_headers + "\n" + signed_headers + "\n" + payload;
  const std::string day = time.substr(0, 8);
  const std::string scope_text = day + "/" + scope.region + "/" + scope.service + "/aws4_request";
  const std::string to_sign = "AWS4-HMAC-SHA256\n" + time + "\n" + scope_text + "\n" + Hex(Sha256(canonical));
  std::string key = HmacSha256("AWS4" + credentials.secret, day);
  for (const std::string& part : {scope.region, scope.service, std::string("aws4_request")}) {
    key = HmacSha256(key, part);
  }
  request.Set("Authorization", "AWS4-HMAC-SHA256 Credential=" + credentials.key_id + "/" + scope_text +
                                   ", SignedHeaders=" + signed_headers +
                                   ", Signature=" + Hex(HmacSha256(key, to_sign)));
}

}  // namespace latecomer::storage
