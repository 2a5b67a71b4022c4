// Blocks of input parsed by several threads, taken in order by the calling one.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"
#include "load/input_blocks.h"

namespace latecomer::load {

// make(thread, block) → Result<Out> on `threads` threads, consume(Out&&) → Status here, in the blocks' order. Ends at
// the first error in that order. At most a few blocks per thread are held at once, so memory is bounded.
template <typename Out, typename Make, typename Consume>
Status RunBlocks(InputBlocks& blocks, std::size_t threads, Make&& make, Consume&& consume) {
  const std::size_t window = threads * 2 + 2;
  std::mutex reading;  // one thread reads at a time, so that numbers are in order
  std::mutex mutex;    // guards what follows
  std::condition_variable ready;
  std::condition_variable room;
  std::map<std::size_t, Result<Out>> waiting;
  std::size_t taken = 0;  // blocks that were read
  std::size_t consumed = 0;
  bool ended = false;  // no further block, or a read failed (its error waits as the last)
  bool stop = false;
  const auto read = [&]() -> std::optional<std::pair<std::size_t, Block>> {
    const std::lock_guard one_reader(reading);
    {
      std::unique_lock lock(mutex);
      room.wait(lock, [&] { return stop || ended || taken < consumed + window; });
      if (stop || ended) return std::nullopt;
    }
    auto block = blocks.Next();
    const std::lock_guard lock(mutex);
    if (block && *block) return std::pair(taken++, std::move(**block));
    ended = true;
    if (!block) waiting.emplace(taken++, Fail(std::move(block).error()));
    ready.notify_one();
    room.notify_all();
    return std::nullopt;
  };
  const auto work = [&](std::size_t thread) {
    while (auto mine = read()) {
      Result<Out> out = make(thread, std::move(mine->second));
      const std::lock_guard lock(mutex);
      waiting.emplace(mine->first, std::move(out));
      ready.notify_one();
    }
  };
  std::vector<std::jthread> workers;
  for (std::size_t t = 0; t < threads; ++t) workers.emplace_back(work, t);
  Status status;
  while (status) {
    std::optional<Result<Out>> out;
    {
      std::unique_lock lock(mutex);
      ready.wait(lock, [&] { return waiting.contains(consumed) || (ended && consumed == taken); });
      if (!waiting.contains(consumed)) break;
      out.emplace(std::move(waiting.extract(consumed).mapped()));
    }
    status = *out ? consume(std::move(**out)) : Fail(std::move(*out).error());
    const std::lock_guard lock(mutex);
    ++consumed;
    room.notify_all();
  }
  const std::lock_guard lock(mutex);
  stop = true;
  room.notify_all();
  return status;
}

}  // namespace latecomer::load
