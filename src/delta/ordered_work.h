// Work on numbered pieces by several threads, whose results one consumer takes in order.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"

namespace latecomer::delta {

// Calls make(thread, piece) → Result<Piece> for pieces 0 to count-1 on `threads` threads, and
// consume(Piece&&) → Status on the calling one, in order. Ends at the first error in that order. At
// most a few pieces per thread wait for the consumer, so memory doesn't grow with `count`.
template <typename Piece, typename Make, typename Consume>
Status RunInOrder(std::size_t count, std::size_t threads, Make&& make, Consume&& consume) {
  if (threads <= 1 || count <= 1) {
    for (std::size_t i = 0; i < count; ++i) {
      LATECOMER_ASSIGN_OR_RETURN(Piece piece, make(std::size_t{0}, i));
      LATECOMER_RETURN_IF_ERROR(consume(std::move(piece)));
    }
    return {};
  }
  const std::size_t window = threads * 4;
  std::mutex mutex;
  std::condition_variable ready;
  std::condition_variable room;
  std::map<std::size_t, Result<Piece>> waiting;
  std::size_t next = 0;      // first piece that no thread took
  std::size_t consumed = 0;  // pieces the consumer is done with
  bool stop = false;
  const auto work = [&](std::size_t thread) {
    for (;;) {
      std::size_t mine = 0;
      {
        std::unique_lock lock(mutex);
        room.wait(lock, [&] { return stop || next >= count || next < consumed + window; });
        if (stop || next >= count) return;
        mine = next++;
      }
      Result<Piece> piece = make(thread, mine);
      const std::lock_guard lock(mutex);
      waiting.emplace(mine, std::move(piece));
      ready.notify_one();
    }
  };
  std::vector<std::jthread> workers;
  for (std::size_t t = 0; t < threads; ++t) workers.emplace_back(work, t);
  Status status;
  for (std::size_t i = 0; i < count && status; ++i) {
    std::optional<Result<Piece>> piece;
    {
      std::unique_lock lock(mutex);
      ready.wait(lock, [&] { return waiting.contains(i); });
      piece = std::move(waiting.extract(i).mapped());
    }
    status = *piece ? consume(std::move(**piece)) : Status(Fail(std::move(piece->error())));
    const std::lock_guard lock(mutex);
    consumed = i + 1;
    room.notify_all();
  }
  const std::lock_guard lock(mutex);
  stop = true;
  room.notify_all();
  return status;
}

}  // namespace latecomer::delta
