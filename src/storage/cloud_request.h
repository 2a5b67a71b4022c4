// What all requests to a cloud go through: signing, trying again, and an error that tells what is wrong.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "http/client.h"
#include "storage/environment.h"
#include "storage/retry.h"

namespace latecomer::storage {

// What stores and credentials share in one process.
struct CloudTools {
  std::shared_ptr<http::Client> http;
  Environment environment;
  Clock* clock = nullptr;
  Random* random = nullptr;
  RetryPolicy retry{};
  Pause pause;
};

// How one cloud signs requests and says what is wrong.
class CloudSigner {
 public:
  virtual ~CloudSigner() = default;
  // Adds what proves who asks; called anew for each attempt, since signatures hold the time.
  virtual Status Authorize(http::Request& request) = 0;
  // After an answer that is an error: whether something was learnt that makes another attempt worth while (newer
  // credentials, the bucket's region).
  virtual bool Learn(const http::Response& response) = 0;
  // Errors of this cloud that are gone at the next attempt, besides those that every server has.
  virtual bool IsTransient(const http::Response& response) const = 0;
  // `place`: the URI of what was asked for. Never holds credentials, nor what was sent.
  virtual Error Explain(const http::Response& response, const std::string& place) const = 0;
};

struct CloudAnswer {
  http::Response response;
  // An attempt before this one was sent and has no answer: it may have done what it asked for.
  bool may_be_repeat = false;
};

// Sends a request until there is an answer that trying again wouldn't change. An error has kind kUnknownOutcome when
// an attempt may have done what it asked for, else kIo, or what Authorize says.
Result<CloudAnswer> SendToCloud(const CloudTools& tools, CloudSigner& signer, const http::Request& request,
                                const std::string& place);

// How far this machine's clock is from the server's (its Date header), for people: "12 m ahead of"; empty when it
// isn't known.
std::string ClockDifference(const http::Response& response, Instant now);
// Of the header Retry-After, in seconds or as a date.
std::optional<Duration> RetryAfter(const http::Response& response, Instant now);
// "Wed, 21 Oct 2015 07:28:00 GMT" (RFC 9110, section 5.6.7); nullopt for anything else.
std::optional<Instant> ParseHttpDate(const std::string& text);
std::string FormatHttpDate(Instant at);
// A server's own words, made safe and short.
std::string ServerWords(std::string_view text);

}  // namespace latecomer::storage
