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

// What a consumer asks for after a piece.
enum class AfterPiece { kGoOn, kStop };

// Calls make(thread, number, piece) for pieces 0, 1, … on `threads` threads, the calling one among them, and
// consume(piece) → Result<AfterPiece> on the calling one, in order of their numbers; ends at the first error, at
// kStop, or after `most` pieces. When it ends, pieces beyond may have been made in vain. `ahead` pieces for each thread
// may be made before their turn, so that one thread that the system halts doesn't halt the others; the places of those
// that were consumed are used again, the last one first.
template <typename Piece, typename Make, typename Consume>
class OrderedWork {
 public:
  OrderedWork(std::size_t most, std::size_t threads, std::size_t ahead, Make& make, Consume& consume)
      : most_(most),
        threads_(std::max<std::size_t>(std::min(threads, most), 1)),
        make_(make),
        consume_(consume),
        pieces_(threads_ == 1 ? 1 : threads_ * ahead),
        turns_(pieces_.size()) {
    for (std::size_t place = pieces_.size(); place-- > 0;) free_.push_back(place);
  }

  Status Run() {
    std::vector<std::jthread> others;
    for (std::size_t thread = 1; thread < threads_; ++thread) {
      others.emplace_back([this, thread] { MakeMany(thread); });
    }
    Status status = ConsumeAll();
    const std::lock_guard lock(mutex_);
    stop_ = true;
    room_.notify_all();
    return status;
  }

 private:
  // Of a piece that was taken and not yet consumed.
  struct Turn {
    std::size_t place = 0;  // in pieces_
    bool is_made = false;
  };

  Turn& TurnOf(std::size_t number) { return turns_[number % turns_.size()]; }
  bool HasRoom() const { return next_ < most_ && !free_.empty(); }

  void MakeMany(std::size_t thread) {
    std::unique_lock lock(mutex_);
    for (;;) {
      room_.wait(lock, [this] { return stop_ || next_ >= most_ || HasRoom(); });
      if (stop_ || next_ >= most_) break;
      MakeOne(thread, lock);
      ready_.notify_one();
    }
    EmptyFree(lock);
  }

  // Of places that no more piece will come to, what they hold is given back while the calling thread is still busy.
  void EmptyFree(std::unique_lock<std::mutex>& lock) {
    while (!free_.empty()) {
      const std::size_t place = free_.back();
      free_.pop_back();
      lock.unlock();
      pieces_[place] = Piece();
      lock.lock();
    }
  }

  // Called, and ends, with the lock held; there must be room.
  void MakeOne(std::size_t thread, std::unique_lock<std::mutex>& lock) {
    const std::size_t mine = next_++;
    const std::size_t place = free_.back();
    free_.pop_back();
    TurnOf(mine) = {place, false};
    lock.unlock();
    make_(thread, mine, pieces_[place]);
    lock.lock();
    TurnOf(mine).is_made = true;
  }

  // The place of the piece that comes next. While it isn't made, the calling thread makes others.
  std::size_t AwaitPiece(std::size_t number) {
    std::unique_lock lock(mutex_);
    while (number >= next_ || !TurnOf(number).is_made) {
      if (HasRoom()) {
        MakeOne(0, lock);
      } else {
        ready_.wait(lock);
      }
    }
    return TurnOf(number).place;
  }

  Status ConsumeAll() {
    for (std::size_t number = 0; number < most_; ++number) {
      const std::size_t place = AwaitPiece(number);
      LATECOMER_ASSIGN_OR_RETURN(const AfterPiece after, consume_(pieces_[place]));
      if (after == AfterPiece::kStop) return {};
      const std::lock_guard lock(mutex_);
      free_.push_back(place);
      room_.notify_one();
    }
    return {};
  }

  const std::size_t most_;
  const std::size_t threads_;
  Make& make_;
  Consume& consume_;
  std::vector<Piece> pieces_;      // one is enough for one thread
  std::vector<Turn> turns_;        // of piece i at i % size
  std::vector<std::size_t> free_;  // places in pieces_
  std::mutex mutex_;
  std::condition_variable ready_;
  std::condition_variable room_;
  std::size_t next_ = 0;  // first piece that no thread took
  bool stop_ = false;
};

template <typename Piece, typename Make, typename Consume>
Status RunUntilStopped(std::size_t most, std::size_t threads, std::size_t ahead, Make&& make, Consume&& consume) {
  return OrderedWork<Piece, Make, Consume>(most, threads, ahead, make, consume).Run();
}

// The same for a number of pieces that is known, and of a size that only a few should lie in memory; consume(piece) →
// Status.
template <typename Piece, typename Make, typename Consume>
Status RunInOrder(std::size_t count, std::size_t threads, Make&& make, Consume&& consume) {
  constexpr std::size_t kAhead = 4;
  const auto go_on = [&](Piece& piece) -> Result<AfterPiece> {
    LATECOMER_RETURN_IF_ERROR(consume(piece));
    return AfterPiece::kGoOn;
  };
  return RunUntilStopped<Piece>(count, threads, kAhead, make, go_on);
}

}  // namespace latecomer::delta
