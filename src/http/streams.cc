#include "http/streams.h"

#include <algorithm>
#include <utility>

#include "http/transfer.h"

namespace latecomer::http {
namespace {

constexpr Limits kOnlyConnecting{
    .connect = std::chrono::milliseconds(5'000), .stall = std::chrono::seconds(0), .total = std::chrono::seconds(0)};
constexpr std::size_t kMostErrorBytes = std::size_t{1} << 20;

}  // namespace

struct Streams::Stream {
  Stream(Request request_in, const Tls& tls, OnData on_data)
      : request(Limited(std::move(request_in))),
        curl(curl_easy_init()),
        transfer(curl, request, request.limits.value_or(kOnlyConnecting), tls, std::move(on_data)) {}
  ~Stream() { curl_easy_cleanup(curl); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  static Request Limited(Request request) {
    request.most_bytes = std::min(request.most_bytes, kMostErrorBytes);
    return request;
  }

  Request request;
  CURL* curl;
  Transfer transfer;
};

Streams::Streams(Tls tls) : tls_(std::move(tls)) {
  InitializeCurl();
  multi_ = curl_multi_init();
}

Streams::~Streams() {
  for (const auto& [id, stream] : streams_) curl_multi_remove_handle(static_cast<CURLM*>(multi_), stream->curl);
  streams_.clear();
  curl_multi_cleanup(static_cast<CURLM*>(multi_));
}

int Streams::Open(Request request, OnData on_data) {
  const int id = ++last_;
  auto stream =
      std::make_unique<Stream>(std::move(request), tls_, [this, on_data = std::move(on_data)](std::string_view data) {
        came_ = true;
        on_data(data);
      });
  curl_multi_add_handle(static_cast<CURLM*>(multi_), stream->curl);
  streams_.emplace(id, std::move(stream));
  return id;
}

void Streams::Close(int id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  curl_multi_remove_handle(static_cast<CURLM*>(multi_), found->second->curl);
  streams_.erase(found);
}

std::vector<Streams::Ended> Streams::Wait(Duration at_most, const Interrupt& interrupt) {
  using std::chrono::steady_clock;
  const auto until = steady_clock::now() + at_most;
  auto* multi = static_cast<CURLM*>(multi_);
  std::vector<Ended> ended;
  came_ = false;
  for (;;) {
    int running = 0;
    curl_multi_perform(multi, &running);
    CollectEnded(ended);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now()).count();
    if (came_ || !ended.empty() || left <= 0) return ended;
    curl_waitfd other{interrupt.descriptor(), CURL_WAIT_POLLIN, 0};
    constexpr std::int64_t kLongest = 60'000;
    curl_multi_poll(multi, &other, 1, static_cast<int>(std::min<std::int64_t>(left, kLongest)), nullptr);
    if (other.revents != 0) return ended;
  }
}

void Streams::CollectEnded(std::vector<Ended>& ended) {
  auto* multi = static_cast<CURLM*>(multi_);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const auto found = std::find_if(streams_.begin(), streams_.end(),
                                    [&](const auto& entry) { return entry.second->curl == message->easy_handle; });
    if (found == streams_.end()) continue;
    const CURLcode code = message->data.result;  // the message goes with its handle
    curl_multi_remove_handle(multi, found->second->curl);
    ended.push_back({found->first, found->second->transfer.Finish(code)});
    streams_.erase(found);
  }
}

}  // namespace latecomer::http
