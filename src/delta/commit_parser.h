// Reads the actions of a commit (or of a JSON checkpoint): one JSON object per line.
//
// Strict, because a line that is read wrongly is a lost change: text after an object, a second object
// on a line, an object over several lines, a cut last line and wrong types of fields that matter are
// kDamaged with file and line. Blank lines, CRLF and a byte order mark at the very start are accepted,
// unknown actions and fields ignored (protocol, "Protocol Evolution"). Of a key that is there twice the
// last one counts. Values that nobody asks for are only checked for balanced brackets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "delta/actions.h"

namespace latecomer::delta {

// Bytes that may be read, whatever they hold, after the end of the text given to CommitParser.
inline constexpr std::size_t kParserPadding = 64;

// Lines that are plain (plain_lines.h) are read together, which gives the same as reading each by itself, faster. The
// other is for tests that show it.
enum class LineReading { kTogether, kOneByOne };

class CommitParser {
 public:
  explicit CommitParser(LineReading reading = LineReading::kTogether);
  ~CommitParser();
  CommitParser(const CommitParser&) = delete;
  CommitParser& operator=(const CommitParser&) = delete;

  // `text` must be followed by kParserPadding readable bytes. `file` is named in errors. Reuses its
  // buffers: keep one parser per thread.
  Status Parse(std::string_view text, std::string_view file, const Wanted& wanted, ActionSink& sink);

  // numRecords of a stats document; nullopt when it isn't there, is no whole number, or the document is
  // no JSON: statistics are optional and never guessed.
  std::optional<std::int64_t> RecordsOfStats(std::string_view stats);

  // The text of the first commitInfo object of a commit; "{}" when it has none.
  Result<std::string> CommitInfoText(std::string_view text, std::string_view file);

  // A line's number while a sink is being called, for its own errors.
  std::int64_t line() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Parses a map of strings (partitionValues) from its JSON text. kDamaged unless it is an object of
// strings and nulls; numbers and booleans, which some writers put there, are taken as their text.
Result<std::map<std::string, std::optional<std::string>>> ParseStringMap(std::string_view json);

}  // namespace latecomer::delta
