// Lines of a commit as every known writer puts them: one action, no space between its tokens, no escapes in the names
// and texts that are asked for. Nearly all lines are of this kind. simdjson marks the tokens of many of them in one go,
// which costs half of doing it line by line, and reading what is wanted then takes one look at each token.
//
// Only reads what CommitParser would read in the same way. Whatever looks different is left to it, and it alone decides
// what is wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "delta/actions.h"

namespace latecomer::delta {

class PlainLines {
 public:
  PlainLines();
  ~PlainLines();
  PlainLines(const PlainLines&) = delete;
  PlainLines& operator=(const PlainLines&) = delete;

  // At most so many bytes are marked at once, so that they and their tokens stay in the processor's caches.
  static constexpr std::size_t kMostBytes = 64 * 1024;

  // Whole lines that are read next, of at most kMostBytes. False when they are no plain text of JSON: a string that
  // isn't closed on its line, or isn't UTF-8.
  bool Mark(std::string_view lines);

  enum class Outcome { kRead, kNotPlain };
  // The next of the marked lines, all of which are asked for one after another, without their line ends. The sink has
  // seen nothing of a line that isn't plain; an error is the sink's.
  Result<Outcome> Read(std::string_view line, const Wanted& wanted, ActionSink& sink);

 private:
  struct Tokens;
  std::unique_ptr<Tokens> tokens_;
};

}  // namespace latecomer::delta
