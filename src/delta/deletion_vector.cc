#include "delta/deletion_vector.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "base/text.h"

namespace latecomer::delta {
namespace {

constexpr std::string_view kZ85Alphabet =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
constexpr std::uint32_t kMagic = 1681511377;
// An older layout, which the protocol's own inline example has: a count of bitmaps, then size and bytes of
// each, the numbers big-endian there. Bitmap i holds the rows whose upper 32 bits are i.
constexpr std::uint32_t kOlderMagic = 1681511376;
constexpr std::uint32_t kCookieWithRuns = 12347;
constexpr std::uint32_t kCookieWithoutRuns = 12346;
constexpr std::uint32_t kNoOffsetThreshold = 4;  // with runs, fewer containers have no offset header
constexpr std::size_t kUuidChars = 20;           // 16 bytes as Z85
constexpr std::size_t kBitmapBytes = 8192;
constexpr std::uint32_t kArrayLimit = 4096;  // a container with more values is a bitmap
constexpr unsigned char kFileFormat = 1;

Error Damaged(std::string message) {
  return Error(ErrorKind::kDamaged, "deletion vector: " + std::move(message));
}

// Little-endian numbers from a text, with bounds.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}
  std::size_t left() const { return bytes_.size() - at_; }
  bool failed() const { return failed_; }

  template <typename T>
  T Next() {
    T value{};
    if (left() < sizeof(T)) {
      failed_ = true;
      return value;
    }
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      value = static_cast<T>(value |
                             static_cast<T>(static_cast<T>(static_cast<unsigned char>(bytes_[at_ + i])) << (8 * i)));
    }
    at_ += sizeof(T);
    return value;
  }
  std::string_view Take(std::size_t count) {
    if (left() < count) {
      failed_ = true;
      return {};
    }
    const std::string_view taken = bytes_.substr(at_, count);
    at_ += count;
    return taken;
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

// Collects positions and guards what every vector promises: ascending, and not more than are allowed.
class Positions {
 public:
  Positions(std::vector<std::int64_t>& out, std::int64_t limit) : out_(out), limit_(limit) {}
  bool Add(std::int64_t position) {
    if (position <= last_ || static_cast<std::int64_t>(out_.size()) >= limit_) return false;
    out_.push_back(position);
    last_ = position;
    return true;
  }

 private:
  std::vector<std::int64_t>& out_;
  std::int64_t limit_;
  std::int64_t last_ = -1;
};

struct Container {
  std::uint32_t key = 0;
  std::uint32_t cardinality = 0;
  bool is_run = false;
};

bool ReadRuns(ByteReader& reader, std::int64_t base, Positions& positions) {
  const auto runs = reader.Next<std::uint16_t>();
  for (std::uint32_t r = 0; r < runs && !reader.failed(); ++r) {
    const std::uint32_t start = reader.Next<std::uint16_t>();
    const std::uint32_t more = reader.Next<std::uint16_t>();
    if (start + more > 0xFFFF || reader.failed()) return false;
    for (std::uint32_t value = start; value <= start + more; ++value) {
      if (!positions.Add(base + value)) return false;
    }
  }
  return !reader.failed();
}

bool ReadArray(ByteReader& reader, std::uint32_t count, std::int64_t base, Positions& positions) {
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t value = reader.Next<std::uint16_t>();
    if (reader.failed() || !positions.Add(base + value)) return false;
  }
  return true;
}

bool ReadBitmap(ByteReader& reader, std::uint32_t count, std::int64_t base, Positions& positions) {
  ByteReader words(reader.Take(kBitmapBytes));
  std::uint32_t found = 0;
  for (std::int64_t w = 0; w < static_cast<std::int64_t>(kBitmapBytes / 8) && !reader.failed(); ++w) {
    for (auto word = words.Next<std::uint64_t>(); word != 0; word &= word - 1) {
      ++found;
      if (!positions.Add(base + w * 64 + std::countr_zero(word))) return false;
    }
  }
  return !reader.failed() && found == count;
}

// One 32-bit bitmap (RoaringFormatSpec), whose values get `base` added.
bool ReadBitmap32(ByteReader& reader, std::int64_t base, Positions& positions) {
  const auto cookie = reader.Next<std::uint32_t>();
  const bool has_runs = (cookie & 0xFFFF) == kCookieWithRuns;
  if (!has_runs && cookie != kCookieWithoutRuns) return false;
  const std::uint32_t count = has_runs ? (cookie >> 16) + 1 : reader.Next<std::uint32_t>();
  if (count > 0x10000) return false;
  const std::string_view run_bits = has_runs ? reader.Take((count + 7) / 8) : std::string_view();
  if (reader.failed()) return false;
  std::vector<Container> containers(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    containers[i].key = reader.Next<std::uint16_t>();
    containers[i].cardinality = reader.Next<std::uint16_t>() + 1U;
    containers[i].is_run = has_runs && (static_cast<unsigned char>(run_bits[i / 8]) >> (i % 8) & 1U) != 0;
  }
  if (!has_runs || count >= kNoOffsetThreshold) reader.Take(std::size_t{4} * count);  // offsets: read in order
  if (reader.failed()) return false;
  for (const Container& container : containers) {
    const std::int64_t start = base + (static_cast<std::int64_t>(container.key) << 16);
    const bool read = container.is_run ? ReadRuns(reader, start, positions)
                      : container.cardinality <= kArrayLimit
                          ? ReadArray(reader, container.cardinality, start, positions)
                          : ReadBitmap(reader, container.cardinality, start, positions);
    if (!read) return false;
  }
  return true;
}

std::uint32_t Crc32(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xEDB88320U & (0U - (crc & 1U)));
  }
  return ~crc;
}

std::uint32_t BigEndian(std::string_view four) {
  std::uint32_t value = 0;
  for (const char c : four) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

std::string UuidText(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

// Folder and name of an absolute path or URI.
std::pair<std::string, std::string> SplitLocation(const std::string& location) {
  const std::size_t slash = location.rfind('/');
  if (slash == std::string::npos) return {std::string("."), location};
  return {location.substr(0, slash + 1), location.substr(slash + 1)};
}

Result<std::vector<std::int64_t>> DecodeOlder(std::string_view bytes, std::int64_t limit, bool big_endian) {
  ByteReader reader(bytes);
  const auto next = [&] {
    const auto number = reader.Next<std::uint32_t>();
    return big_endian ? __builtin_bswap32(number) : number;
  };
  const std::uint32_t count = next();
  std::vector<std::int64_t> out;
  Positions positions(out, limit);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t size = next();
    ByteReader bitmap(reader.Take(size));
    if (reader.failed() || i > 0x7FFFFFFF || !ReadBitmap32(bitmap, static_cast<std::int64_t>(i) << 32, positions)) {
      return Fail(Damaged("the bitmap is damaged, or holds more rows than its cardinality"));
    }
  }
  return out;
}

// The bytes of one vector out of a file: format byte, then size, data, checksum at `offset`.
Result<std::string> ReadStored(const DeletionVector& vector, const storage::ObjectStore& store, const std::string& key,
                               const std::string& shown) {
  const std::int64_t offset = vector.offset.value_or(1);
  if (offset < 0 || vector.size_bytes < 0 || vector.size_bytes > (std::int64_t{1} << 31)) {
    return Fail(Damaged("impossible offset or size").In(shown));
  }
  LATECOMER_ASSIGN_OR_RETURN(const std::string head, store.ReadRange(key, 0, 1));
  if (head.size() != 1 || static_cast<unsigned char>(head[0]) != kFileFormat) {
    return Fail(Damaged("the file's format is not version 1").In(shown));
  }
  LATECOMER_ASSIGN_OR_RETURN(std::string bytes, store.ReadRange(key, offset, vector.size_bytes + 8));
  if (bytes.size() != static_cast<std::size_t>(vector.size_bytes) + 8) {
    return Fail(Damaged("the file ends before the vector does").In(shown));
  }
  if (BigEndian(std::string_view(bytes).substr(0, 4)) != static_cast<std::uint64_t>(vector.size_bytes)) {
    return Fail(Damaged("its size in the file is not the one in the log").In(shown));
  }
  const std::string data = bytes.substr(4, static_cast<std::size_t>(vector.size_bytes));
  if (Crc32(data) != BigEndian(std::string_view(bytes).substr(bytes.size() - 4))) {
    return Fail(Damaged("wrong checksum").In(shown));
  }
  return data;
}

Result<std::string> ReadVectorBytes(const DeletionVector& vector, const storage::ObjectStore& table,
                                    const storage::StoreOpener& open_store) {
  if (vector.storage_type == "i") {
    LATECOMER_ASSIGN_OR_RETURN(std::string bytes, DecodeZ85(vector.path_or_inline));
    const auto size = static_cast<std::size_t>(std::max<std::int64_t>(vector.size_bytes, 0));
    if (size > bytes.size() || bytes.size() - size >= 4) return Fail(Damaged("inline data of another size"));
    bytes.resize(size);  // Z85 writes whole groups of four bytes
    return bytes;
  }
  LATECOMER_ASSIGN_OR_RETURN(const std::string path, DeletionVectorPath(vector));
  if (vector.storage_type == "u") {
    const std::string& location = table.location();
    return ReadStored(vector, table, path, location + (location.ends_with('/') ? "" : "/") + path);
  }
  if (!open_store) {
    return Fail(Error(ErrorKind::kUnsupported, "a deletion vector outside the table can't be opened here").In(path));
  }
  const auto [folder, name] = SplitLocation(path);
  LATECOMER_ASSIGN_OR_RETURN(const auto store, open_store(folder));
  return ReadStored(vector, *store, name, path);
}

}  // namespace

Result<std::string> DecodeZ85(std::string_view text) {
  static constexpr auto kValues = [] {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < kZ85Alphabet.size(); ++i) {
      values[static_cast<unsigned char>(kZ85Alphabet[i])] = static_cast<std::int8_t>(i);
    }
    return values;
  }();
  if (text.size() % 5 != 0) return Fail(Damaged("Z85 text of a length that five doesn't divide"));
  std::string bytes;
  bytes.reserve(text.size() / 5 * 4);
  for (std::size_t i = 0; i < text.size(); i += 5) {
    std::uint64_t group = 0;
    for (std::size_t k = 0; k < 5; ++k) {
      const int value = kValues[static_cast<unsigned char>(text[i + k])];
      if (value < 0) return Fail(Damaged("a character that Z85 doesn't have"));
      group = group * 85 + static_cast<std::uint64_t>(value);
    }
    if (group > 0xFFFFFFFF) return Fail(Damaged("a Z85 group that is too large"));
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(group >> shift & 0xFF);
  }
  return bytes;
}

Result<std::vector<std::int64_t>> DecodeRowPositions(std::string_view bytes, std::int64_t limit) {
  ByteReader reader(bytes);
  const auto magic = reader.Next<std::uint32_t>();
  if (magic == kOlderMagic) return DecodeOlder(bytes.substr(4), limit, false);
  if (magic == __builtin_bswap32(kOlderMagic)) return DecodeOlder(bytes.substr(4), limit, true);
  if (magic != kMagic) return Fail(Damaged("unknown magic number"));
  const auto buckets = reader.Next<std::uint64_t>();
  std::vector<std::int64_t> out;
  Positions positions(out, limit);
  // A bucket takes at least 8 bytes, so a huge count in damaged data ends here soon.
  for (std::uint64_t b = 0; b < buckets; ++b) {
    const auto key = reader.Next<std::uint32_t>();
    if (reader.failed() || key > 0x7FFFFFFF) return Fail(Damaged("the bitmap ends early or has a negative key"));
    if (!ReadBitmap32(reader, static_cast<std::int64_t>(key) << 32, positions)) {
      return Fail(Damaged("the bitmap is damaged, or holds more rows than its cardinality"));
    }
  }
  if (reader.failed()) return Fail(Damaged("the bitmap ends early"));
  return out;
}

Result<std::string> DeletionVectorPath(const DeletionVector& vector) {
  if (vector.storage_type == "p") {
    std::string path = PercentDecode(vector.path_or_inline);
    return path;
  }
  if (vector.storage_type != "u") {
    return Fail(ErrorKind::kUnsupported, "deletion vector of storage type '" + vector.storage_type + "'");
  }
  const std::string& text = vector.path_or_inline;
  if (text.size() < kUuidChars) return Fail(Damaged("the name is too short for a UUID"));
  LATECOMER_ASSIGN_OR_RETURN(const std::string uuid,
                             DecodeZ85(std::string_view(text).substr(text.size() - kUuidChars)));
  const std::string prefix = text.substr(0, text.size() - kUuidChars);
  return (prefix.empty() ? "" : prefix + "/") + "deletion_vector_" + UuidText(uuid) + ".bin";
}

Result<std::vector<std::int64_t>> ReadDeletionVector(const DeletionVector& vector, const storage::ObjectStore& table,
                                                     const storage::StoreOpener& open_store) {
  LATECOMER_ASSIGN_OR_RETURN(const std::string bytes, ReadVectorBytes(vector, table, open_store));
  LATECOMER_ASSIGN_OR_RETURN(std::vector<std::int64_t> rows, DecodeRowPositions(bytes, vector.cardinality));
  if (static_cast<std::int64_t>(rows.size()) != vector.cardinality) {
    return Fail(Damaged("it holds " + std::to_string(rows.size()) + " rows, the log says " +
                        std::to_string(vector.cardinality)));
  }
  return rows;
}

}  // namespace latecomer::delta
