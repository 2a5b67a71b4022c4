// Work on numbered pieces by several threads, whose results one consumer takes in order.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"

namespace latecomer::delta {

inline std::size_t MachineThreads() {
  return std::max(1U, std::thread::hardware_concurrency());
}

// Calls make(thread, number, piece) for pieces 0 to count-1 on `threads` threads, and consume(piece) →
// Status on the calling one, in order of their numbers; ends at the first error. A few pieces per thread
// exist and go round: memory doesn't grow with `count`, and what a piece has allocated is used again.
template <typename Piece, typename Make, typename Consume>
Status RunInOrder(std::size_t count, std::size_t threads, Make&& make, Consume&& consume) {
  if (threads <= 1 || count <= 1) {
    Piece piece;
    for (std::size_t i = 0; i < count; ++i) {
      make(std::size_t{0}, i, piece);
      LATECOMER_RETURN_IF_ERROR(consume(piece));
    }
    return {};
  }
  const std::size_t window = threads * 4;
  std::vector<Piece> pieces(window);  // piece i lies in slot i % window
  std::vector<char> made(window, 0);
  std::mutex mutex;
  std::condition_variable ready;
  std::condition_variable room;
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
      make(thread, mine, pieces[mine % window]);
      const std::lock_guard lock(mutex);
      made[mine % window] = 1;
      ready.notify_one();
    }
  };
  std::vector<std::jthread> workers;
  for (std::size_t t = 0; t < threads; ++t) workers.emplace_back(work, t);
  Status status;
  for (std::size_t i = 0; i < count && status; ++i) {
    {
      std::unique_lock lock(mutex);
      ready.wait(lock, [&] { return made[i % window] != 0; });
      made[i % window] = 0;
    }
    status = consume(pieces[i % window]);
    const std::lock_guard lock(mutex);
    consumed = i + 1;
    room.notify_one();
  }
  const std::lock_guard lock(mutex);
  stop = true;
  room.notify_all();
  return status;
}

}  // namespace latecomer::delta
