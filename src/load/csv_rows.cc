#include <simdjson.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "load/rows.h"

namespace latecomer::load {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

struct Field {
  std::string_view text;
  bool quoted = false;
  const char* start = nullptr;
};

// Takes one record after the other from a text.
class Records {
 public:
  Records(std::string_view text, std::int64_t line) : text_(text), next_line_(line) {}

  // False at the end. Views are valid until the next call.
  Result<bool> Next(std::vector<Field>& fields) {
    fields.clear();
    unquoted_.clear();
    while (at_ < text_.size() && (text_[at_] == '\n' || text_.substr(at_, 2) == "\r\n")) {
      at_ += text_[at_] == '\n' ? 1 : 2;
      ++next_line_;
    }
    if (at_ >= text_.size()) return false;
    line_ = next_line_;
    line_start_ = at_;
    for (;;) {
      LATECOMER_ASSIGN_OR_RETURN(const bool more, TakeField(fields));
      if (!more) break;
    }
    ++next_line_;
    return true;
  }
  std::int64_t line() const { return line_; }
  // 1-based column in the record's first line; 0 when the place is on a later line.
  std::int64_t ColumnOf(const char* place) const {
    const auto at = static_cast<std::size_t>(place - text_.data());
    return next_line_ > line_ + 1 ? 0 : static_cast<std::int64_t>(at - line_start_) + 1;
  }
  const char* place() const { return text_.data() + std::min(at_, text_.size()); }

 private:
  // True when another field follows in the record.
  Result<bool> TakeField(std::vector<Field>& fields) {
    Field field;
    field.start = text_.data() + at_;
    if (at_ < text_.size() && text_[at_] == '"') {
      LATECOMER_ASSIGN_OR_RETURN(field.text, TakeQuoted());
      field.quoted = true;
    } else {
      const std::size_t begin = at_;
      while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n') {
        if (text_[at_] == '"')
          return Fail(ErrorKind::kInvalidFile, "a quote stands inside a field that has none around it");
        ++at_;
      }
      field.text = text_.substr(begin, at_ - begin);
      if ((at_ == text_.size() || text_[at_] == '\n') && field.text.ends_with('\r')) field.text.remove_suffix(1);
    }
    fields.push_back(field);
    if (at_ < text_.size() && text_[at_] == ',') {
      ++at_;
      return true;
    }
    if (text_.substr(std::min(at_, text_.size()), 2) == "\r\n") ++at_;
    if (at_ < text_.size() && text_[at_] != '\n')
      return Fail(ErrorKind::kInvalidFile, "text after a field's closing quote");
    ++at_;
    return false;
  }

  Result<std::string_view> TakeQuoted() {
    const std::size_t begin = ++at_;
    bool doubled = false;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\n') ++next_line_;
      if (text_[at_] != '"') continue;
      if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
        doubled = true;
        ++at_;
        continue;
      }
      const std::string_view raw = text_.substr(begin, at_++ - begin);
      if (!doubled) return raw;
      unquoted_.push_back(std::make_unique<std::string>());
      for (std::size_t i = 0; i < raw.size(); ++i) {
        *unquoted_.back() += raw[i];
        if (raw[i] == '"') ++i;
      }
      return std::string_view(*unquoted_.back());
    }
    return Fail(ErrorKind::kInvalidFile, "a quoted field doesn't end");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  std::int64_t line_ = 0;
  std::int64_t next_line_;
  std::vector<std::unique_ptr<std::string>> unquoted_;  // pointers, because views into the texts must stay
};

Status CheckUtf8(std::string_view text, const std::string& file, std::int64_t first_line) {
  if (simdjson::validate_utf8(text.data(), text.size())) return {};
  std::int64_t line = first_line;
  for (const std::string_view one : Split(text, '\n')) {
    if (!IsValidUtf8(one)) break;
    ++line;
  }
  return Fail(Error(ErrorKind::kInvalidFile, "the text is not UTF-8").In(file).At(line));
}

class CsvReader final : public RowReader {
 public:
  CsvReader(const std::vector<std::string>& files, const CsvHeaders& headers) : files_(files), headers_(headers) {}

  Status Read(const Block& block, RowSink& sink) override {
    std::string_view text = block.text();
    LATECOMER_RETURN_IF_ERROR(CheckUtf8(text, files_[block.file], block.first_line));
    if (block.starts_file && text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    Records records(text, block.first_line);
    bool header = block.starts_file;
    for (;;) {
      auto more = records.Next(fields_);
      place_ = records.place();
      Status read = more ? Status() : Fail(std::move(more).error());
      if (read && !*more) return {};
      if (read && header) {
        header = false;
        continue;
      }
      if (read) read = Row(headers_[block.file], records.line(), sink);
      if (read) continue;
      const std::int64_t column = records.ColumnOf(place_);
      return Fail(std::move(read.error())
                      .In(files_[block.file])
                      .At(records.line(), column > 0 ? std::optional(column) : std::nullopt));
    }
  }

 private:
  Status Row(const std::vector<std::string>& names, std::int64_t line, RowSink& sink) {
    if (fields_.size() != names.size()) {
      return Fail(ErrorKind::kInvalidFile, "the row has " + std::to_string(fields_.size()) + " fields, the header " +
                                               std::to_string(names.size()));
    }
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      place_ = fields_[i].start;
      const Field& field = fields_[i];
      const ValueKind kind = field.quoted         ? ValueKind::kText
                             : field.text.empty() ? ValueKind::kNull
                                                  : ValueKind::kField;
      LATECOMER_RETURN_IF_ERROR(sink.OnValue(i, names[i], kind, field.text));
    }
    return sink.OnRowEnd(line);
  }

  const std::vector<std::string>& files_;
  const CsvHeaders& headers_;
  std::vector<Field> fields_;
  const char* place_ = nullptr;
};

Result<std::vector<std::string>> HeaderOf(const std::string& file) {
  InputBlocks blocks({file}, InputFormat::kCsv);
  LATECOMER_ASSIGN_OR_RETURN(const auto block, blocks.Next());
  std::vector<Field> fields;
  if (block) {
    std::string_view text = block->text();
    LATECOMER_RETURN_IF_ERROR(CheckUtf8(text, file, 1));
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    Records records(text, 1);
    auto more = records.Next(fields);
    if (!more) return Fail(std::move(more.error()).In(file).At(records.line()));
    std::vector<std::string> names;
    std::set<std::string_view> seen;
    for (const Field& field : fields) {
      if (!seen.insert(field.text).second) {
        return Fail(
            Error(ErrorKind::kInvalidFile, "the header names '" + Printable(field.text) + "' twice").In(file).At(1));
      }
      names.emplace_back(field.text);
    }
    if (!names.empty()) return names;
  }
  return Fail(Error(ErrorKind::kInvalidFile, "there is no header line").In(file).At(1));
}

}  // namespace

std::unique_ptr<RowReader> MakeCsvReader(const std::vector<std::string>& files, const CsvHeaders& headers) {
  return std::make_unique<CsvReader>(files, headers);
}

Result<CsvHeaders> ReadCsvHeaders(const std::vector<std::string>& files) {
  CsvHeaders headers;
  for (const std::string& file : files) {
    LATECOMER_ASSIGN_OR_RETURN(headers.emplace_back(), HeaderOf(file));
  }
  return headers;
}

}  // namespace latecomer::load
