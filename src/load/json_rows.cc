#include <simdjson.h>

#include <cstring>

#include "load/rows.h"

namespace latecomer::load {
namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

class JsonReader final : public RowReader {
 public:
  explicit JsonReader(const std::vector<std::string>& files) : files_(files) {}

  Status Read(const Block& block, RowSink& sink) override {
    const std::string_view text = block.text();
    const char* const end = text.data() + text.size();
    const char* at = text.data();
    if (block.starts_file && text.starts_with(kByteOrderMark)) at += kByteOrderMark.size();
    for (std::int64_t line = block.first_line; at < end; ++line) {
      const auto rest = static_cast<std::size_t>(end - at);
      const void* const newline = std::memchr(at, '\n', rest);
      const char* const stop = newline == nullptr ? end : static_cast<const char*>(newline);
      line_start_ = at;
      const auto length = static_cast<std::size_t>(stop - at);
      Status read = Line({at, length}, rest + kBlockPadding, line, sink);
      if (!read) return Fail(std::move(read.error()).In(files_[block.file]).At(line, ColumnIn(length)));
      at = stop + 1;
    }
    return {};
  }

 private:
  // 1-based, of what was read when the error came up; nothing when that isn't known.
  std::optional<std::int64_t> ColumnIn(std::size_t length) const {
    if (place_ == nullptr || place_ < line_start_) return std::nullopt;
    const std::int64_t column = place_ - line_start_ + 1;
    if (column > static_cast<std::int64_t>(length) + 1) return std::nullopt;
    return column;
  }

  Status Bad(error_code code, ondemand::document* document = nullptr) {
    const char* location = nullptr;
    if (document != nullptr && document->current_location().get(location) == simdjson::SUCCESS) place_ = location;
    return Fail(
        Error(ErrorKind::kInvalidFile, std::string("the row is no valid JSON: ") + simdjson::error_message(code)));
  }

  Status Line(std::string_view text, std::size_t readable, std::int64_t line, RowSink& sink) {
    while (!text.empty() && (text.back() == '\r' || text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    if (text.empty()) return {};
    place_ = nullptr;
    ondemand::document document;
    if (const auto code =
            parser_.iterate(simdjson::padded_string_view(text.data(), text.size(), readable)).get(document)) {
      return Bad(code);
    }
    ondemand::object row;
    if (const auto code = document.get_object().get(row)) {
      place_ = line_start_;
      if (code != simdjson::INCORRECT_TYPE) return Bad(code, &document);
      return Fail(Error(ErrorKind::kInvalidFile, "a row must be a JSON object, one to a line"));
    }
    std::size_t position = 0;
    for (auto entry : row) {
      ondemand::field field;
      if (const auto code = std::move(entry).get(field)) return Bad(code, &document);
      LATECOMER_RETURN_IF_ERROR(Field(field, position++, sink));
    }
    const char* location = nullptr;
    if (document.current_location().get(location) == simdjson::SUCCESS) {
      place_ = location;
      return Fail(Error(ErrorKind::kInvalidFile, "text after the row's JSON object; there must be one to a line"));
    }
    return sink.OnRowEnd(line);
  }

  Status Field(ondemand::field& field, std::size_t position, RowSink& sink) {
    place_ = field.key().raw() - 1;
    std::string_view name;
    const char* const start = field.key().raw();
    const char* end = start;
    while (*end != '"' && *end != '\\') ++end;
    if (*end == '"') {
      name = {start, static_cast<std::size_t>(end - start)};
    } else if (const auto code = field.unescaped_key().get(name)) {
      return Bad(code);
    }
    ondemand::value value = field.value();
    place_ = value.raw_json_token().data();
    ondemand::json_type type;
    if (const auto code = value.type().get(type)) return Bad(code);
    switch (type) {
      case ondemand::json_type::string: {
        std::string_view text;
        if (const auto code = value.get_string().get(text)) return Bad(code);
        return sink.OnValue(position, name, ValueKind::kText, text);
      }
      case ondemand::json_type::number: return Number(value, position, name, sink);
      case ondemand::json_type::boolean: {
        bool truth = false;
        if (const auto code = value.get_bool().get(truth)) return Bad(code);
        return sink.OnValue(position, name, truth ? ValueKind::kTrue : ValueKind::kFalse, {});
      }
      case ondemand::json_type::null: {
        bool null = false;
        if (const auto code = value.is_null().get(null); code || !null)
          return Bad(code ? code : simdjson::N_ATOM_ERROR);
        return sink.OnValue(position, name, ValueKind::kNull, {});
      }
      default: return sink.OnValue(position, name, ValueKind::kNested, {});
    }
  }

  Status Number(ondemand::value& value, std::size_t position, std::string_view name, RowSink& sink) {
    std::string_view text = value.raw_json_token();
    text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
    std::int64_t whole = 0;
    if (value.get_int64().get(whole) != simdjson::SUCCESS) {
      double number = 0;
      if (const auto code = value.get_double().get(number)) return Bad(code);
    }
    return sink.OnValue(position, name, ValueKind::kNumber, text);
  }

  const std::vector<std::string>& files_;
  ondemand::parser parser_;
  const char* line_start_ = nullptr;
  const char* place_ = nullptr;
};

}  // namespace

std::unique_ptr<RowReader> MakeJsonReader(const std::vector<std::string>& files) {
  return std::make_unique<JsonReader>(files);
}

}  // namespace latecomer::load
