// The partitionValues texts of a log, each kept once: a table has few of them and names them again in every commit.
#pragma once

#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "delta/commit_parser.h"
#include "table/partition_key.h"

namespace latecomer::delta {

// Compared by its address: the texts of one PartitionTexts differ. Its bytes stand right behind it, so that looking it
// up and comparing it costs one miss of the processor's cache.
class PartitionText {
 public:
  std::string_view raw() const { return {reinterpret_cast<const char*>(this + 1), size_}; }

  // The key that was last made of it, and the number of the PartitionKeys that made it (0: none). They belong to
  // that one alone, so that it needs no look at the text when it comes again; whoever keeps the texts leaves them be.
  mutable const table::PartitionKey* key = nullptr;
  mutable std::uint64_t key_maker = 0;

 private:
  friend class PartitionTexts;
  explicit PartitionText(std::size_t size) : size_(size) {}
  std::size_t size_;
};

// An open-addressing table; a log is read as fast as its texts are found.
class PartitionTexts {
 public:
  // The one copy of a text, which stays as long as this object.
  // kDamaged when it is no map of strings, which is looked at when it comes for the first time.
  Result<const PartitionText*> Keep(std::string_view raw) {
    const std::uint64_t hash = XXH3_64bits(raw.data(), raw.size());
    const std::size_t place = PlaceOf(hash, raw);
    if (slots_[place].text != nullptr) return slots_[place].text;
    if (auto map = ParseStringMap(raw); !map) {
      Error error = std::move(map).error();
      error.message = "partitionValues: " + error.message;
      return Fail(std::move(error));
    }
    return Insert(place, hash, raw);
  }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    const PartitionText* text = nullptr;  // null: free
  };
  static constexpr std::size_t kFirstSlots = 64;

  // Of the text, or the free one where it would go.
  std::size_t PlaceOf(std::uint64_t hash, std::string_view raw) const {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
      const Slot& slot = slots_[i];
      if (slot.text == nullptr || (slot.hash == hash && slot.text->raw() == raw)) return i;
    }
  }

  const PartitionText* Insert(std::size_t place, std::uint64_t hash, std::string_view raw) {
    memory_.push_back(std::make_unique<std::byte[]>(sizeof(PartitionText) + raw.size()));
    auto* text = new (memory_.back().get()) PartitionText(raw.size());
    std::memcpy(static_cast<void*>(text + 1), raw.data(), raw.size());
    slots_[place] = {hash, text};
    if (memory_.size() * 2 > slots_.size()) Grow();
    return text;
  }

  void Grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.text != nullptr) slots_[PlaceOf(slot.hash, slot.text->raw())] = slot;
    }
  }

  std::vector<Slot> slots_ = std::vector<Slot>(kFirstSlots);  // a power of two, at most half full
  std::vector<std::unique_ptr<std::byte[]>> memory_;
};

}  // namespace latecomer::delta
