#include "delta/commit_parser.h"

#include <simdjson.h>

#include <charconv>
#include <cstring>

#include "delta/plain_lines.h"
#include "delta/stats_text.h"

namespace latecomer::delta {
namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Error Damaged(std::string message) {
  return Error(ErrorKind::kDamaged, std::move(message));
}

Error JsonError(error_code code) {
  return Damaged(std::string("no valid JSON object: ") + simdjson::error_message(code));
}

// Ends the calling function with kDamaged when a simdjson call failed.
#define LATECOMER_JSON(expression)                                                     \
  do {                                                                                 \
    if (const error_code json_error = (expression); json_error != simdjson::SUCCESS) { \
      return Fail(JsonError(json_error));                                              \
    }                                                                                  \
  } while (false)

// Equality with a literal, without a call for so few bytes.
template <std::size_t kSize>
bool Is(std::string_view text, const char (&literal)[kSize]) {
  return text.size() == kSize - 1 && std::memcmp(text.data(), literal, kSize - 1) == 0;
}

// A string without escapes as it stands in the text: no copy. The parser then passes over the value like over one that
// nobody asked for. What is within the quotes was checked to be UTF-8 when the line was indexed.
std::optional<std::string_view> PlainText(ondemand::value& value) {
  std::string_view token = value.raw_json_token();  // up to the next bracket, comma or colon
  if (token.size() < 2 || token.front() != '"') return std::nullopt;
  const std::size_t closing = token.rfind('"');
  if (closing == 0) return std::nullopt;
  token = token.substr(1, closing - 1);
  if (std::memchr(token.data(), '\\', token.size()) != nullptr) return std::nullopt;
  return token;
}

// A key as text; the escaped spelling of a known key must not hide it.
simdjson::simdjson_result<std::string_view> KeyOf(ondemand::field& field) {
  const char* start = field.key().raw();
  const char* end = start;
  while (*end != '"' && *end != '\\') ++end;
  if (*end == '"') return std::string_view(start, static_cast<std::size_t>(end - start));
  return field.unescaped_key();
}

Error WrongType(std::string_view action, std::string_view field, std::string_view wanted, error_code code) {
  std::string message = std::string(action) + "." + std::string(field) + " is not " + std::string(wanted);
  if (code == simdjson::NUMBER_ERROR) message += " that fits";
  return Damaged(std::move(message));
}

// Reads one field of `action`; null leaves `out` as it is.
struct FieldReader {
  std::string_view action;
  std::string_view key;
  ondemand::value& value;

  Status Text(std::optional<std::string_view>& out) {
    if (const auto plain = PlainText(value)) {
      out = plain;
      return {};
    }
    std::string_view text;
    if (const error_code code = value.get_string().get(text)) {
      if (IsNull()) return {};
      return Fail(WrongType(action, key, "a string", code));
    }
    out = text;
    return {};
  }
  Status Owned(std::optional<std::string>& out) {
    std::optional<std::string_view> text;
    LATECOMER_RETURN_IF_ERROR(Text(text));
    if (text) out = std::string(*text);
    return {};
  }
  Status Integer(std::optional<std::int64_t>& out) {
    std::int64_t number = 0;
    if (const error_code code = value.get_int64().get(number)) {
      if (IsNull()) return {};
      return Fail(WrongType(action, key, "a whole number", code));
    }
    out = number;
    return {};
  }
  Status Boolean(std::optional<bool>& out) {
    bool truth = false;
    if (const error_code code = value.get_bool().get(truth)) {
      if (IsNull()) return {};
      return Fail(WrongType(action, key, "true or false", code));
    }
    out = truth;
    return {};
  }
  bool IsNull() {
    bool null = false;
    return value.is_null().get(null) == simdjson::SUCCESS && null;
  }
};

Error Missing(std::string_view action, std::string_view field) {
  return Damaged(std::string(action) + " without " + std::string(field));
}

}  // namespace

struct CommitParser::Impl {
  ondemand::parser parser;
  ondemand::parser stats_parser;
  std::string stats_text;
  DeletionVector vector;
  const Wanted* wanted = nullptr;
  ActionSink* sink = nullptr;
  std::int64_t line = 0;
  LineReading reading;
  PlainLines plain;

  explicit Impl(LineReading reading_in) : reading(reading_in) {}
  std::size_t MarkPlain(std::string_view rest);
  Status NextLine(std::string_view text, std::size_t readable, bool marked);
  Status Line(std::string_view text, std::size_t readable);
  Status Action(std::string_view key, ondemand::value& value);
  Status File(std::string_view action, ondemand::object object, bool is_add);
  Status Stats(FieldReader reader, std::optional<std::int64_t>& records);
  Status Vector(ondemand::object object);
  Status ReadMetadata(ondemand::object object);
  Status ReadProtocol(ondemand::object object);
  Status ReadTransaction(ondemand::object object);
  Status ReadCommitInfo(ondemand::object object);
  Status ReadSidecar(ondemand::object object);
  Status Metrics(ondemand::object object, CommitInfo& info);
  static Status Strings(std::string_view action, std::string_view key, ondemand::value& value,
                        std::vector<std::string>& out);
  static Status StringMap(std::string_view action, std::string_view key, ondemand::value& value,
                          std::map<std::string, std::string>& out);
};

CommitParser::CommitParser(LineReading reading) : impl_(std::make_unique<Impl>(reading)) {}
CommitParser::~CommitParser() = default;
std::int64_t CommitParser::line() const {
  return impl_->line;
}

// How many of the next bytes, whole lines, were marked for reading together: 0 when the next line isn't to be.
std::size_t CommitParser::Impl::MarkPlain(std::string_view rest) {
  if (reading == LineReading::kOneByOne) return 0;
  if (rest.size() > PlainLines::kMostBytes) {
    rest = rest.substr(0, PlainLines::kMostBytes);
    rest = rest.substr(0, rest.rfind('\n') + 1);
  }
  return plain.Mark(rest) ? rest.size() : 0;
}

Status CommitParser::Impl::NextLine(std::string_view text, std::size_t readable, bool marked) {
  if (marked) {
    LATECOMER_ASSIGN_OR_RETURN(const PlainLines::Outcome outcome, plain.Read(text, *wanted, *sink));
    if (outcome == PlainLines::Outcome::kRead) return {};
  }
  return Line(text, readable);
}

Status CommitParser::Parse(std::string_view text, std::string_view file, const Wanted& wanted, ActionSink& sink) {
  impl_->wanted = &wanted;
  impl_->sink = &sink;
  impl_->line = 0;
  const char* const end = text.data() + text.size();
  const char* at = text.data();
  if (text.starts_with(kByteOrderMark)) at += kByteOrderMark.size();
  const char* marked_to = at;
  while (at < end) {
    ++impl_->line;
    const auto rest = static_cast<std::size_t>(end - at);
    if (at >= marked_to) marked_to = at + impl_->MarkPlain(std::string_view(at, rest));
    const void* const newline = std::memchr(at, '\n', rest);
    const char* const stop = newline == nullptr ? end : static_cast<const char*>(newline);
    const auto length = static_cast<std::size_t>(stop - at);
    const bool marked = at < marked_to;
    if (Status status = impl_->NextLine(std::string_view(at, length), rest + kParserPadding, marked); !status) {
      Error error = std::move(status).error();
      if (error.file.empty()) error.file = file;
      if (!error.line) error.line = impl_->line;
      return Fail(std::move(error));
    }
    at = stop + 1;
  }
  return {};
}

Status CommitParser::Impl::Line(std::string_view text, std::size_t readable) {
  while (!text.empty() && (text.back() == '\r' || text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (text.empty()) return {};
  ondemand::document document;
  LATECOMER_JSON(parser.iterate(simdjson::padded_string_view(text.data(), text.size(), readable)).get(document));
  ondemand::object root;
  if (const error_code code = document.get_object().get(root)) {
    if (code == simdjson::INCORRECT_TYPE) return Fail(Damaged("the line is no JSON object"));
    return Fail(JsonError(code));
  }
  for (auto entry : root) {
    ondemand::field field;
    LATECOMER_JSON(std::move(entry).get(field));
    std::string_view key;
    LATECOMER_JSON(KeyOf(field).get(key));
    LATECOMER_RETURN_IF_ERROR(Action(key, field.value()));
  }
  const char* location = nullptr;
  if (document.current_location().get(location) == simdjson::SUCCESS) {
    return Fail(Damaged("text after the JSON object; each line must hold exactly one"));
  }
  return {};
}

Result<std::string> CommitParser::CommitInfoText(std::string_view text, std::string_view file) {
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    const auto rest = static_cast<std::size_t>(end - at);
    const void* const newline = std::memchr(at, '\n', rest);
    const auto length = newline == nullptr ? rest : static_cast<std::size_t>(static_cast<const char*>(newline) - at);
    ondemand::document document;
    ondemand::object info;
    std::string_view raw;
    const simdjson::padded_string_view line(at, length, rest + kParserPadding);
    if (impl_->parser.iterate(line).get(document) == simdjson::SUCCESS &&
        document["commitInfo"].get_object().get(info) == simdjson::SUCCESS) {
      if (info.raw_json().get(raw) == simdjson::SUCCESS) return std::string(raw);
      return Fail(Damaged("commitInfo is damaged").In(std::string(file)));
    }
    at += length + 1;
  }
  return std::string("{}");
}

Status CommitParser::Impl::Action(std::string_view key, ondemand::value& value) {
  enum class Kind { kNone, kAdd, kRemove, kMetadata, kProtocol, kTransaction, kCommitInfo, kSidecar };
  Kind kind = Kind::kNone;
  if (Is(key, "add"))
    kind = Kind::kAdd;
  else if (Is(key, "remove"))
    kind = Kind::kRemove;
  else if (Is(key, "commitInfo"))
    kind = Kind::kCommitInfo;
  else if (Is(key, "metaData"))
    kind = Kind::kMetadata;
  else if (Is(key, "protocol"))
    kind = Kind::kProtocol;
  else if (Is(key, "txn"))
    kind = Kind::kTransaction;
  else if (Is(key, "sidecar"))
    kind = Kind::kSidecar;
  const bool skip = kind == Kind::kNone || ((kind == Kind::kAdd || kind == Kind::kRemove) && !wanted->files) ||
                    (kind == Kind::kCommitInfo && !wanted->commit_info) ||
                    ((kind == Kind::kMetadata || kind == Kind::kProtocol) && !wanted->metadata) ||
                    (kind == Kind::kTransaction && !wanted->transactions);
  if (skip) return {};
  ondemand::object object;
  if (const error_code code = value.get_object().get(object)) {
    bool null = false;
    if (value.is_null().get(null) == simdjson::SUCCESS && null) return {};
    if (code == simdjson::INCORRECT_TYPE) return Fail(Damaged(std::string(key) + " is not an object"));
    return Fail(JsonError(code));
  }
  switch (kind) {
    case Kind::kAdd: return File("add", object, true);
    case Kind::kRemove: return File("remove", object, false);
    case Kind::kMetadata: return ReadMetadata(object);
    case Kind::kProtocol: return ReadProtocol(object);
    case Kind::kTransaction: return ReadTransaction(object);
    case Kind::kCommitInfo: return ReadCommitInfo(object);
    case Kind::kSidecar: return ReadSidecar(object);
    case Kind::kNone: break;
  }
  return {};
}

Status CommitParser::Impl::File(std::string_view action, ondemand::object object, bool is_add) {
  FileAction file;
  std::optional<std::string_view> path;
  std::optional<bool> data_change;
  for (auto entry : object) {
    ondemand::field field;
    LATECOMER_JSON(std::move(entry).get(field));
    std::string_view key;
    LATECOMER_JSON(KeyOf(field).get(key));
    FieldReader reader{action, key, field.value()};
    if (Is(key, "path")) {
      LATECOMER_RETURN_IF_ERROR(reader.Text(path));
    } else if (Is(key, "partitionValues")) {
      ondemand::object values;
      if (const error_code code = field.value().get_object().get(values)) {
        if (reader.IsNull()) continue;
        return Fail(WrongType(action, key, "an object", code));
      }
      std::string_view raw;
      LATECOMER_JSON(values.raw_json().get(raw));
      file.partition_values = raw;
    } else if (Is(key, "size")) {
      LATECOMER_RETURN_IF_ERROR(reader.Integer(file.size_bytes));
    } else if (Is(key, "dataChange")) {
      LATECOMER_RETURN_IF_ERROR(reader.Boolean(data_change));
    } else if (Is(key, "stats")) {
      LATECOMER_RETURN_IF_ERROR(Stats(reader, file.records));
    } else if (Is(key, "deletionVector")) {
      ondemand::object descriptor;
      if (const error_code code = field.value().get_object().get(descriptor)) {
        if (reader.IsNull()) continue;
        return Fail(WrongType(action, key, "an object", code));
      }
      LATECOMER_RETURN_IF_ERROR(Vector(descriptor));
      file.deletion_vector = &vector;
    }
  }
  if (!path || path->empty()) return Fail(Missing(action, "path"));
  if (!data_change) return Fail(Missing(action, "dataChange"));
  if (is_add && !file.size_bytes) return Fail(Missing(action, "size"));
  if (is_add && !file.partition_values) return Fail(Missing(action, "partitionValues"));
  if (file.size_bytes && *file.size_bytes < 0) return Fail(Damaged(std::string(action) + ".size is negative"));
  file.path = *path;
  file.data_change = *data_change;
  return is_add ? sink->OnAdd(file) : sink->OnRemove(file);
}

Status CommitParser::Impl::Stats(FieldReader reader, std::optional<std::int64_t>& records) {
  records = RecordsAtStart(reader.value.raw_json_token(), kEscapedStatsStart);
  if (records) return {};  // the value is skipped unread
  std::optional<std::string_view> text;
  LATECOMER_RETURN_IF_ERROR(reader.Text(text));
  if (!text) return {};
  stats_text.assign(*text);
  stats_text.append(kParserPadding, ' ');
  ondemand::document document;
  const simdjson::padded_string_view view(stats_text.data(), text->size(), stats_text.size());
  if (stats_parser.iterate(view).get(document) != simdjson::SUCCESS) return {};
  std::int64_t number = 0;
  if (document["numRecords"].get_int64().get(number) == simdjson::SUCCESS && number >= 0) records = number;
  return {};
}

std::optional<std::int64_t> CommitParser::RecordsOfStats(std::string_view stats) {
  if (const auto leading = RecordsAtStart(stats, kStatsStart)) return leading;
  impl_->stats_text.assign(stats);
  impl_->stats_text.append(kParserPadding, ' ');
  ondemand::document document;
  const simdjson::padded_string_view view(impl_->stats_text.data(), stats.size(), impl_->stats_text.size());
  if (impl_->stats_parser.iterate(view).get(document) != simdjson::SUCCESS) return std::nullopt;
  std::int64_t number = 0;
  if (document["numRecords"].get_int64().get(number) != simdjson::SUCCESS || number < 0) return std::nullopt;
  return number;
}

Status CommitParser::Impl::Vector(ondemand::object object) {
  std::optional<std::string> storage_type;
  std::optional<std::string> path_or_inline;
  std::optional<std::int64_t> size_bytes;
  std::optional<std::int64_t> cardinality;
  vector.offset.reset();
  for (auto entry : object) {
    ondemand::field field;
    LATECOMER_JSON(std::move(entry).get(field));
    std::string_view key;
    LATECOMER_JSON(KeyOf(field).get(key));
    FieldReader reader{"deletionVector", key, field.value()};
    if (Is(key, "storageType")) LATECOMER_RETURN_IF_ERROR(reader.Owned(storage_type));
    if (Is(key, "pathOrInlineDv")) LATECOMER_RETURN_IF_ERROR(reader.Owned(path_or_inline));
    if (Is(key, "offset")) LATECOMER_RETURN_IF_ERROR(reader.Integer(vector.offset));
    if (Is(key, "sizeInBytes")) LATECOMER_RETURN_IF_ERROR(reader.Integer(size_bytes));
    if (Is(key, "cardinality")) LATECOMER_RETURN_IF_ERROR(reader.Integer(cardinality));
  }
  if (!storage_type) return Fail(Missing("deletionVector", "storageType"));
  if (!path_or_inline) return Fail(Missing("deletionVector", "pathOrInlineDv"));
  if (!size_bytes) return Fail(Missing("deletionVector", "sizeInBytes"));
  if (!cardinality || *cardinality < 0) return Fail(Missing("deletionVector", "cardinality"));
  vector.storage_type = std::move(*storage_type);
  vector.path_or_inline = std::move(*path_or_inline);
  vector.size_bytes = *size_bytes;
  vector.cardinality = *cardinality;
  return {};
}

Status CommitParser::Impl::Strings(std::string_view action, std::string_view key, ondemand::value& value,
                                   std::vector<std::string>& out) {
  out.clear();
  ondemand::array array;
  if (const error_code code = value.get_array().get(array)) {
    bool null = false;
    if (value.is_null().get(null) == simdjson::SUCCESS && null) return {};
    return Fail(WrongType(action, key, "an array", code));
  }
  for (auto entry : array) {
    std::string_view text;
    if (const error_code code = entry.get_string().get(text)) {
      return Fail(WrongType(action, key, "an array of strings", code));
    }
    out.emplace_back(text);
  }
  return {};
}

Status CommitParser::Impl::StringMap(std::string_view action, std::string_view key, ondemand::value& value,
                                     std::map<std::string, std::string>& out) {
  ondemand::object object;
  if (const error_code code = value.get_object().get(object)) {
    bool null = false;
    if (value.is_null().get(null) == simdjson::SUCCESS && null) return {};
    return Fail(WrongType(action, key, "an object", code));
  }
  std::string_view raw;
  LATECOMER_JSON(object.raw_json().get(raw));
  auto map = ParseStringMap(raw);
  if (!map) return Fail(WrongType(action, key, "an object of strings", simdjson::SUCCESS));
  for (auto& [name, text] : *map) {
    if (text) out[name] = std::move(*text);
  }
  return {};
}

Status CommitParser::Impl::ReadMetadata(ondemand::object object) {
  Metadata metadata;
  std::optional<std::string> id;
  std::optional<std::string> schema;
  bool has_columns = false;
  for (auto entry : object) {
    ondemand::field field;
    LATECOMER_JSON(std::move(entry).get(field));
    std::string_view key;
    LATECOMER_JSON(KeyOf(field).get(key));
    FieldReader reader{"metaData", key, field.value()};
    if (Is(key, "id")) LATECOMER_RETURN_IF_ERROR(reader.Owned(id));
    if (Is(key, "schemaString")) LATECOMER_RETURN_IF_ERROR(reader.Owned(schema));
    if (Is(key, "partitionColumns")) {
      has_columns = true;
      LATECOMER_RETURN_IF_ERROR(Strings("metaData", key, field.value(), metadata.partition_columns));
    }
    if (Is(key, "configuration")) {
      LATECOMER_RETURN_IF_ERROR(StringMap("metaData", key, field.value(), metadata.configuration));
    }
    if (Is(key, "format")) {
      ondemand::object format;
      if (field.value().get_object().get(format) != simdjson::SUCCESS) continue;
      std::string_view provider;
      if (format["provider"].get_string().get(provider) == simdjson::SUCCESS) metadata.format_provider = provider;
    }
  }
  if (!id) return Fail(Missing("metaData", "id"));
  if (!schema) return Fail(Missing("metaData", "schemaString"));
  if (!has_columns) return Fail(Missing("metaData", "partitionColumns"));
  metadata.id = std::move(*id);
  metadata.schema_json = std::move(*schema);
  return sink->OnMetadata(std::move(metadata));
}

Status CommitParser::Impl::ReadProtocol(ondemand::object object) {
  Protocol protocol;
  std::optional<std::int64_t> reader_version;
  std::optional<std::int64_t> writer_version;
  for (auto entry : object) {
    ondemand::field field;
    LATECOMER_JSON(std::move(entry).get(field));
    std::string_view key;
    LATECOMER_JSON(KeyOf(field).get(key));
    FieldReader reader{"protocol", key, field.value()};
    if (Is(key, "minReaderVersion")) LATECOMER_RETURN_IF_ERROR(reader.Integer(reader_version));
    if (Is(key, "minWriterVersion")) LATECOMER_RETURN_IF_ERROR(reader.Integer(writer_version));
    if (Is(key, "readerFeatures")) {
      LATECOMER_RETURN_IF_ERROR(Strings("protocol", key, field.value(), protocol.reader_features));
    }
    if (Is(key, "writerFeatures")) {
      LATECOMER_RETURN_IF_ERROR(Strings("protocol", key, field.value(), protocol.writer_features));
    }
  }
  if (!reader_version) return Fail(Missing("protocol", "minReaderVersion"));
  if (!writer_version) return Fail(Missing("protocol", "minWriterVersion"));
  protocol.min_reader_version = *reader_version;
  protocol.min_writer_version = *writer_version;
  return sink->OnProtocol(std::move(protocol));
}

Status CommitParser::Impl::ReadTransaction(ondemand::object object) {
  std::optional<std::string> app_id;
  std::optional<std::int64_t> version;
  for (auto entry : object) {
    ondemand::field field;
    LATECOMER_JSON(std::move(entry).get(field));
    std::string_view key;
    LATECOMER_JSON(KeyOf(field).get(key));
    FieldReader reader{"txn", key, field.value()};
    if (Is(key, "appId")) LATECOMER_RETURN_IF_ERROR(reader.Owned(app_id));
    if (Is(key, "version")) LATECOMER_RETURN_IF_ERROR(reader.Integer(version));
  }
  if (!app_id) return Fail(Missing("txn", "appId"));
  if (!version) return Fail(Missing("txn", "version"));
  return sink->OnTransaction(Transaction{std::move(*app_id), *version});
}

Status CommitParser::Impl::ReadSidecar(ondemand::object object) {
  std::optional<std::string> path;
  for (auto entry : object) {
    ondemand::field field;
    LATECOMER_JSON(std::move(entry).get(field));
    std::string_view key;
    LATECOMER_JSON(KeyOf(field).get(key));
    if (Is(key, "path")) LATECOMER_RETURN_IF_ERROR((FieldReader{"sidecar", key, field.value()}.Owned(path)));
  }
  if (!path) return Fail(Missing("sidecar", "path"));
  return sink->OnSidecar(Sidecar{std::move(*path)});
}

Status CommitParser::Impl::ReadCommitInfo(ondemand::object object) {
  CommitInfo info;
  for (auto entry : object) {
    ondemand::field field;
    LATECOMER_JSON(std::move(entry).get(field));
    std::string_view key;
    LATECOMER_JSON(KeyOf(field).get(key));
    std::int64_t number = 0;
    std::string_view text;
    if (Is(key, "timestamp")) {
      if (field.value().get_int64().get(number) == simdjson::SUCCESS) info.timestamp = number;
    } else if (Is(key, "inCommitTimestamp")) {
      if (field.value().get_int64().get(number) == simdjson::SUCCESS) info.in_commit_timestamp = number;
    } else if (Is(key, "operation")) {
      if (const auto plain = PlainText(field.value())) {
        info.operation = *plain;
      } else if (field.value().get_string().get(text) == simdjson::SUCCESS) {
        info.operation = text;
      }
    } else if (Is(key, "operationMetrics") && wanted->operation_metrics) {
      ondemand::object metrics;
      if (field.value().get_object().get(metrics) != simdjson::SUCCESS) continue;
      LATECOMER_RETURN_IF_ERROR(Metrics(metrics, info));
    }
  }
  return sink->OnCommitInfo(std::move(info));
}

Status CommitParser::Impl::Metrics(ondemand::object object, CommitInfo& info) {
  for (auto entry : object) {
    ondemand::field field;
    LATECOMER_JSON(std::move(entry).get(field));
    std::string_view key;
    LATECOMER_JSON(KeyOf(field).get(key));
    std::int64_t number = 0;
    std::string_view text;
    if (field.value().get_int64().get(number) == simdjson::SUCCESS) {
      info.operation_metrics.emplace(key, number);
    } else if (field.value().get_string().get(text) == simdjson::SUCCESS) {
      const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (code == std::errc() && end == text.data() + text.size()) info.operation_metrics.emplace(key, number);
    }
  }
  return {};
}

Result<std::map<std::string, std::optional<std::string>>> ParseStringMap(std::string_view json) {
  const simdjson::padded_string padded(json);
  ondemand::parser parser;
  ondemand::document document;
  LATECOMER_JSON(parser.iterate(padded).get(document));
  ondemand::object object;
  LATECOMER_JSON(document.get_object().get(object));
  std::map<std::string, std::optional<std::string>> map;
  for (auto entry : object) {
    ondemand::field field;
    LATECOMER_JSON(std::move(entry).get(field));
    std::string_view key;
    LATECOMER_JSON(field.unescaped_key().get(key));
    ondemand::json_type type;
    LATECOMER_JSON(field.value().type().get(type));
    std::optional<std::string>& slot = map[std::string(key)];
    if (type == ondemand::json_type::null) {
      bool null = false;
      LATECOMER_JSON(field.value().is_null().get(null));
      slot.reset();
    } else if (type == ondemand::json_type::string) {
      std::string_view text;
      LATECOMER_JSON(field.value().get_string().get(text));
      slot = std::string(text);
    } else if (type == ondemand::json_type::number || type == ondemand::json_type::boolean) {
      const std::string_view token = field.value().raw_json_token();
      slot = std::string(token.substr(0, token.find_last_not_of(" \t\r\n") + 1));
    } else {
      return Fail(Damaged("the value of '" + std::string(key) + "' is not a string"));
    }
  }
  return map;
}

std::string DeletionVectorId(const DeletionVector& vector) {
  std::string id = vector.storage_type + vector.path_or_inline;
  if (vector.offset) id += "@" + std::to_string(*vector.offset);
  return id;
}

}  // namespace latecomer::delta
