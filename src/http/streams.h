// Answers that come bit by bit for as long as there is something to tell, several of them read by one thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "http/client.h"
#include "http/interrupt.h"

namespace latecomer::http {

// All calls from one thread.
class Streams {
 public:
  using OnData = std::function<void(std::string_view)>;

  // How one of them ended. The body is that of an answer which is no good one (not 200 to 299).
  struct Ended {
    int id = 0;
    tl::expected<Response, Failure> answer;
  };

  explicit Streams(Tls tls = {});
  ~Streams();
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  // Begins a request, which goes on in Wait. Its limits are the request's own; without any only connecting is limited.
  // `on_data` is called in Wait with what a good answer brings; it must not call this object.
  int Open(Request request, OnData on_data);
  // Ends it without a word.
  void Close(int id);
  // Returns when something came or ended, `interrupt` is set or the time is up; what has ended since the last call.
  std::vector<Ended> Wait(Duration at_most, const Interrupt& interrupt);

 private:
  struct Stream;
  void CollectEnded(std::vector<Ended>& ended);

  Tls tls_;
  void* multi_;  // libcurl's
  std::map<int, std::unique_ptr<Stream>> streams_;
  int last_ = 0;
  bool came_ = false;
};

}  // namespace latecomer::http
