#include "load/input_blocks.h"

#include <arrow/io/compressed.h>
#include <arrow/io/file.h>
#include <arrow/util/compression.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace latecomer::load {
namespace {

constexpr std::size_t kBlockBytes = 2 << 20;
constexpr std::size_t kMostRowBytes = 256 << 20;

bool IsGzip(const std::string& path) {
  return path.ends_with(".gz");
}

Error ReadError(const arrow::Status& status, const std::string& path) {
  const bool damaged = IsGzip(path) && !status.IsOutOfMemory();
  return Error(damaged ? ErrorKind::kInvalidFile : ErrorKind::kIo, "the file can't be read: " + status.message())
      .In(path);
}

}  // namespace

Result<InputFormat> FormatOfName(const std::string& path) {
  std::string_view name = path;
  if (IsGzip(path)) name.remove_suffix(3);
  for (const std::string_view ending : {".json", ".jsonl", ".ndjson"}) {
    if (name.ends_with(ending)) return InputFormat::kJson;
  }
  if (name.ends_with(".csv")) return InputFormat::kCsv;
  if (name.ends_with(".parquet") && !IsGzip(path)) return InputFormat::kParquet;
  return Fail(Error(ErrorKind::kInvalidArgument, "the name doesn't tell the file's format")
                  .In(path)
                  .Hint("say --format json, csv or parquet"));
}

struct InputBlocks::Stream {
  std::shared_ptr<arrow::io::ReadableFile> raw;
  std::unique_ptr<arrow::util::Codec> codec;
  std::shared_ptr<arrow::io::InputStream> input;  // raw, or what is unpacked from it
  std::string rest;                               // the start of a row that goes on
  std::int64_t line = 1;
  bool started = false;
  bool ended = false;
};

InputBlocks::InputBlocks(std::vector<std::string> files, InputFormat format)
    : files_(std::move(files)), format_(format) {}
InputBlocks::~InputBlocks() = default;

std::int64_t InputBlocks::BytesRead() const {
  if (stream_ == nullptr) return bytes_before_;
  const auto at = stream_->raw->Tell();
  return bytes_before_ + (at.ok() ? *at : 0);
}

Status InputBlocks::OpenNext() {
  const std::string& path = files_[next_file_++];
  auto stream = std::make_unique<Stream>();
  auto raw = arrow::io::ReadableFile::Open(path);
  if (!raw.ok()) return Fail(ReadError(raw.status(), path));
  stream->raw = *raw;
  stream->input = *raw;
  if (IsGzip(path)) {
    auto codec = arrow::util::Codec::Create(arrow::Compression::GZIP);
    if (!codec.ok()) return Fail(ErrorKind::kUnsupported, "gzip isn't built into Arrow here");
    stream->codec = std::move(*codec);
    auto unpacked = arrow::io::CompressedInputStream::Make(stream->codec.get(), *raw);
    if (!unpacked.ok()) return Fail(ReadError(unpacked.status(), path));
    stream->input = *unpacked;
  }
  stream_ = std::move(stream);
  return {};
}

Result<std::size_t> InputBlocks::Fill(std::string& bytes, std::size_t wanted) {
  const std::size_t before = bytes.size();
  bytes.resize(before + wanted);
  const auto got = stream_->input->Read(static_cast<std::int64_t>(wanted), bytes.data() + before);
  if (!got.ok()) return Fail(ReadError(got.status(), files_[next_file_ - 1]));
  bytes.resize(before + static_cast<std::size_t>(*got));
  return static_cast<std::size_t>(*got);
}

std::size_t InputBlocks::RowsEnd(std::string_view text) const {
  if (format_ == InputFormat::kJson) {
    const std::size_t last = text.rfind('\n');
    return last == std::string_view::npos ? 0 : last + 1;
  }
  std::size_t end = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (text[i] == '\n' && !quoted) end = i + 1;
  }
  return end;
}

std::int64_t InputBlocks::CountLines(std::string_view text) const {
  return static_cast<std::int64_t>(std::count(text.begin(), text.end(), '\n'));
}

Result<std::optional<Block>> InputBlocks::Next() {
  for (;;) {
    if (stream_ == nullptr) {
      if (next_file_ == files_.size()) return std::nullopt;
      LATECOMER_RETURN_IF_ERROR(OpenNext());
    }
    Block block;
    block.file = next_file_ - 1;
    block.first_line = stream_->line;
    block.starts_file = !stream_->started;
    stream_->started = true;
    block.bytes.reserve(kBlockBytes + kBlockPadding);
    block.bytes = std::exchange(stream_->rest, {});
    std::size_t end = 0;
    for (std::size_t wanted = kBlockBytes; !stream_->ended && end == 0; wanted *= 2) {
      LATECOMER_ASSIGN_OR_RETURN(const std::size_t got, Fill(block.bytes, wanted));
      if (got == 0) stream_->ended = true;
      end = RowsEnd(block.bytes);
      if (end == 0 && block.bytes.size() > kMostRowBytes) {
        return Fail(Error(ErrorKind::kInvalidFile, "a row is longer than 256 MiB; is this a file of rows?")
                        .In(files_[block.file])
                        .At(block.first_line));
      }
    }
    if (stream_->ended) {
      end = block.bytes.size();
      bytes_before_ = BytesRead();
      stream_.reset();
      if (end == 0) continue;
    } else {
      stream_->rest.assign(block.bytes, end);
      stream_->line += CountLines(std::string_view(block.bytes).substr(0, end));
    }
    block.bytes_read = BytesRead();
    block.bytes.resize(end);
    block.bytes.append(kBlockPadding, '\0');
    return block;
  }
}

Result<std::int64_t> TotalSize(const std::vector<std::string>& files) {
  std::int64_t total = 0;
  for (const std::string& path : files) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return Fail(SystemError(errno, "open", path));
    if (S_ISDIR(status.st_mode)) {
      return Fail(Error(ErrorKind::kInvalidArgument, "this is a folder; name the files in it").In(path));
    }
    if (::access(path.c_str(), R_OK) != 0) return Fail(SystemError(errno, "open", path));
    total += status.st_size;
  }
  return total;
}

}  // namespace latecomer::load
