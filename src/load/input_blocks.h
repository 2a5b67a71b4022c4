// Input files as blocks of whole rows: plain or gzip, JSON lines or CSV.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace latecomer::load {

enum class InputFormat { kJson, kCsv, kParquet };

// By the name: .json .jsonl .ndjson .csv .parquet, the text ones also with .gz. kInvalidArgument otherwise.
Result<InputFormat> FormatOfName(const std::string& path);

// Bytes that may be read after a block's text, whatever they hold.
inline constexpr std::size_t kBlockPadding = 64;

struct Block {
  std::size_t file = 0;         // index into the list of files
  std::int64_t first_line = 1;  // in that file, 1-based
  bool starts_file = false;
  std::int64_t bytes_read = 0;  // of all files as they lie on the disk, when this block was read
  std::string bytes;            // rows, and kBlockPadding bytes
  std::string_view text() const { return std::string_view(bytes).substr(0, bytes.size() - kBlockPadding); }
};

class InputBlocks {
 public:
  // Opens each file when its turn comes. kCsv: a newline inside quotes doesn't end a row.
  InputBlocks(std::vector<std::string> files, InputFormat format);
  ~InputBlocks();

  // nullopt at the end of the last file. kInvalidFile for a row that is longer than 256 MiB.
  Result<std::optional<Block>> Next();
  const std::vector<std::string>& files() const { return files_; }

 private:
  struct Stream;
  Status OpenNext();
  std::int64_t BytesRead() const;
  Result<std::size_t> Fill(std::string& bytes, std::size_t wanted);
  // Where the last whole row ends; 0 when there is none.
  std::size_t RowsEnd(std::string_view text) const;
  std::int64_t CountLines(std::string_view text) const;

  std::vector<std::string> files_;
  InputFormat format_;
  std::size_t next_file_ = 0;
  std::unique_ptr<Stream> stream_;
  std::int64_t bytes_before_ = 0;
};

// Sizes on disk, all together. kNotFound, kPermission … when one can't be opened.
Result<std::int64_t> TotalSize(const std::vector<std::string>& files);

}  // namespace latecomer::load
