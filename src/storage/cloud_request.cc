#include "storage/cloud_request.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <optional>

#include "base/text.h"

namespace latecomer::storage {
namespace {

constexpr int kMostLessons = 3;

constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

Error NoAnswer(const http::Failure& failure, bool maybe_done, int attempts, const std::string& place) {
  std::string message = failure.message;
  if (attempts > 1) message += " (" + std::to_string(attempts) + " attempts)";
  return Error(maybe_done ? ErrorKind::kUnknownOutcome : ErrorKind::kIo, std::move(message))
      .In(place)
      .Hint("check the network, the endpoint and the proxy settings");
}

}  // namespace

Result<CloudAnswer> SendToCloud(const CloudTools& tools, CloudSigner& signer, const http::Request& request,
                                const std::string& place) {
  Attempts attempts(tools.retry, *tools.random, tools.pause);
  bool maybe_done = false;
  int lessons = 0;
  for (;;) {
    http::Request authorized = request;
    if (Status signed_in = signer.Authorize(authorized); !signed_in) {
      Error error = std::move(signed_in).error();
      // A missing file of credentials must never look like a missing object.
      if (error.kind == ErrorKind::kNotFound) error.kind = ErrorKind::kPermission;
      return Fail(std::move(error));
    }
    auto sent = tools.http->Send(authorized);
    if (!sent) {
      maybe_done = maybe_done || sent.error().reached == http::Reached::kMaybe;
      if (sent.error().again && attempts.Again()) continue;
      return Fail(NoAnswer(sent.error(), maybe_done, attempts.made(), place));
    }
    const http::Response& response = *sent;
    if (response.status < 300) return CloudAnswer{std::move(*sent), maybe_done};
    if (IsTransient(response.status) || signer.IsTransient(response)) {
      // A gateway's 502 or 504 says nothing of what became of the request behind it.
      maybe_done = maybe_done || response.status >= 500;
      if (attempts.Again(RetryAfter(response, tools.clock->Now()))) continue;
      Error error = signer.Explain(response, place);
      error.message += " (" + std::to_string(attempts.made()) + " attempts)";
      if (maybe_done) error.kind = ErrorKind::kUnknownOutcome;
      return Fail(std::move(error));
    }
    if (lessons < kMostLessons && signer.Learn(response)) {
      ++lessons;
      continue;
    }
    return CloudAnswer{std::move(*sent), maybe_done};
  }
}

std::optional<Instant> ParseHttpDate(const std::string& text) {
  char month[4] = {};
  int day = 0;
  int year = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (std::sscanf(text.c_str(), "%*3s, %2d %3s %4d %2d:%2d:%2d GMT", &day, month, &year, &hour, &minute, &second) !=
      6) {
    return std::nullopt;
  }
  for (unsigned i = 0; i < kMonths.size(); ++i) {
    if (std::string_view(kMonths[i]) != month) continue;
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(i + 1),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    return Instant(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second);
  }
  return std::nullopt;
}

std::string FormatHttpDate(Instant at) {
  const auto days = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(at - days));
  char text[40];
  std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT",
                kDays[std::chrono::weekday(days).c_encoding()], static_cast<unsigned>(date.day()),
                kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

std::string ClockDifference(const http::Response& response, Instant now) {
  const auto theirs = ParseHttpDate(response.Header("date"));
  if (!theirs) return "";
  const Duration difference = now - *theirs;
  const bool ahead = difference > Duration::zero();
  return HumanDuration(ahead ? difference : -difference) + (ahead ? " ahead of" : " behind");
}

std::optional<Duration> RetryAfter(const http::Response& response, Instant now) {
  const std::string& text = response.Header("retry-after");
  if (text.empty()) return std::nullopt;
  int seconds = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (failed == std::errc() && end == text.data() + text.size()) return std::chrono::seconds(std::max(0, seconds));
  const auto at = ParseHttpDate(text);
  if (!at || *at < now) return std::nullopt;
  return *at - now;
}

std::string ServerWords(std::string_view text) {
  constexpr std::size_t kMost = 300;
  text = Trim(text);
  text = text.substr(0, text.find('\n'));
  std::string words = Printable(text.substr(0, kMost));
  while (words.ends_with('.') || words.ends_with('\r')) words.pop_back();
  return words;
}

}  // namespace latecomer::storage
