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
// kStop, or after `most` pieces. When it ends, pieces beyond may have been made in vain. A few pieces per thread exist
// and go round: memory doesn't grow with their number, and what a piece has allocated is used again.
template <typename Piece, typename Make, typename Consume>
class OrderedWork {
 public:
  OrderedWork(std::size_t most, std::size_t threads, Make& make, Consume& consume)
      : most_(most), threads_(std::max<std::size_t>(std::min(threads, most), 1)), make_(make), consume_(consume) {}

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
  static constexpr std::size_t kPiecesPerThread = 4;

  Piece& PieceOf(std::size_t number) { return pieces_[number % pieces_.size()]; }
  char& IsMade(std::size_t number) { return made_[number % made_.size()]; }
  bool HasRoom() const { return next_ < most_ && next_ < consumed_ + pieces_.size(); }

  void MakeMany(std::size_t thread) {
    std::unique_lock lock(mutex_);
    for (;;) {
      room_.wait(lock, [this] { return stop_ || next_ >= most_ || HasRoom(); });
      if (stop_ || next_ >= most_) return;
      MakeOne(thread, lock);
      ready_.notify_one();
    }
  }

  // Called, and ends, with the lock held; there must be room.
  void MakeOne(std::size_t thread, std::unique_lock<std::mutex>& lock) {
    const std::size_t mine = next_++;
    lock.unlock();
    make_(thread, mine, PieceOf(mine));
    lock.lock();
    IsMade(mine) = 1;
  }

  // While the piece that comes next isn't made, the calling thread makes others.
  void AwaitPiece(std::size_t number) {
    std::unique_lock lock(mutex_);
    while (IsMade(number) == 0) {
      if (HasRoom()) {
        MakeOne(0, lock);
      } else {
        ready_.wait(lock);
      }
    }
    IsMade(number) = 0;
  }

  Status ConsumeAll() {
    for (std::size_t number = 0; number < most_; ++number) {
      AwaitPiece(number);
      LATECOMER_ASSIGN_OR_RETURN(const AfterPiece after, consume_(PieceOf(number)));
      if (after == AfterPiece::kStop) return {};
      const std::lock_guard lock(mutex_);
      consumed_ = number + 1;
      room_.notify_one();
    }
    return {};
  }

  const std::size_t most_;
  const std::size_t threads_;
  Make& make_;
  Consume& consume_;
  // Piece i lies in slot i % size. One slot is enough for one thread.
  std::vector<Piece> pieces_ = std::vector<Piece>(threads_ == 1 ? 1 : threads_ * kPiecesPerThread);
  std::vector<char> made_ = std::vector<char>(pieces_.size(), 0);
  std::mutex mutex_;
  std::condition_variable ready_;
  std::condition_variable room_;
  std::size_t next_ = 0;      // first piece that no thread took
  std::size_t consumed_ = 0;  // pieces the consumer is done with
  bool stop_ = false;
};

template <typename Piece, typename Make, typename Consume>
Status RunUntilStopped(std::size_t most, std::size_t threads, Make&& make, Consume&& consume) {
  return OrderedWork<Piece, Make, Consume>(most, threads, make, consume).Run();
}

// The same for a number of pieces that is known; consume(piece) → Status.
template <typename Piece, typename Make, typename Consume>
Status RunInOrder(std::size_t count, std::size_t threads, Make&& make, Consume&& consume) {
  const auto go_on = [&](Piece& piece) -> Result<AfterPiece> {
    LATECOMER_RETURN_IF_ERROR(consume(piece));
    return AfterPiece::kGoOn;
  };
  return RunUntilStopped<Piece>(count, threads, make, go_on);
}

}  // namespace latecomer::delta
