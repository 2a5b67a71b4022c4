#include "delta/plain_lines.h"

#include <simdjson.h>

#include <cstring>
#include <string>
#include <utility>

#include "delta/stats_text.h"

namespace latecomer::delta {
namespace {

constexpr std::size_t kDepth = 1;  // of simdjson's own stack, which marking doesn't use
constexpr std::ptrdiff_t kMostDigits = 18;

template <std::size_t kSize>
bool Is(std::string_view text, const char (&literal)[kSize]) {
  return text.size() == kSize - 1 && std::memcmp(text.data(), literal, kSize - 1) == 0;
}

bool HasEscape(std::string_view text) {
  return std::memchr(text.data(), '\\', text.size()) != nullptr;
}

// One line. Its tokens aren't counted before: a line that isn't closed is seen at its end.
class Walk {
 public:
  Walk(const char* text, const std::uint32_t* next, const std::uint32_t* end) : text_(text), at_(next), end_(end) {}

  const std::uint32_t* at() const { return at_; }
  bool Take(char token) {
    if (at_ == end_ || text_[*at_] != token) return false;
    ++at_;
    return true;
  }
  // Whether the last token that was taken is the line's last.
  bool IsAt(const char* line_end) const {
    return text_ + at_[-1] < line_end && (at_ == end_ || text_ + *at_ >= line_end);
  }
  // Calls field(name) before each value of an object; it takes the value. Both return false when something isn't plain.
  template <typename Field>
  bool Object(const Field& field) {
    if (!Take('{')) return false;
    if (Take('}')) return true;
    for (;;) {
      std::string_view name;
      if (!Name(name) || !field(name)) return false;
      if (Take(',')) continue;
      return Take('}');
    }
  }
  // A name and its colon.
  bool Name(std::string_view& name) {
    if (end_ - at_ < 2) return false;
    const char* const colon = text_ + at_[1];
    if (*colon != ':' || !Quoted(name)) return false;
    ++at_;
    return true;
  }
  // A value that nobody asks for: brackets must match in number.
  bool Skip() {
    std::ptrdiff_t depth = 0;
    do {
      if (at_ == end_) return false;
      const char token = text_[*at_++];
      if (depth == 0 && (token == ',' || token == ':')) return false;
      const char bracket = static_cast<char>(token | 0x20);  // of both kinds
      depth += (bracket == '{' ? 1 : 0) - (bracket == '}' ? 1 : 0);
      if (depth < 0) return false;
    } while (depth > 0);
    return true;
  }
  // Values: true when there is one of that kind, and nothing in the way of taking it as it stands.
  bool Text(std::string_view& text) { return Quoted(text) && !HasEscape(text); }
  bool Integer(std::optional<std::int64_t>& number) {
    std::string_view digits;
    if (!Token(digits) || static_cast<std::ptrdiff_t>(digits.size()) > kMostDigits) return false;
    if (digits.front() == '0' && digits.size() > 1) return false;
    std::int64_t sum = 0;
    for (const char digit : digits) {
      if (digit < '0' || digit > '9') return false;
      sum = sum * 10 + (digit - '0');
    }
    number = sum;
    return true;
  }
  bool Boolean(bool& truth) {
    std::string_view word;
    if (!Token(word)) return false;
    truth = Is(word, "true");
    return truth || Is(word, "false");
  }
  // An object of strings and nulls, as it stands.
  bool RawMap(std::string_view& raw) {
    const std::uint32_t* const start = at_;
    const bool plain = Object([this](std::string_view) {
      std::string_view value;
      return Token(value) && (value.front() == '"' || Is(value, "null"));
    });
    if (!plain || at_ == end_) return false;
    raw = std::string_view(text_ + *start, *at_ - *start);
    return raw.back() == '}';
  }
  // A value that is one token, up to the next one.
  bool Token(std::string_view& token) {
    if (end_ - at_ < 2) return false;
    token = std::string_view(text_ + at_[0], at_[1] - at_[0]);
    ++at_;
    return true;
  }

 private:
  // Between two tokens there is but one string, and space after it.
  bool Quoted(std::string_view& text) {
    std::string_view token;
    if (!Token(token) || token.size() < 2 || token.front() != '"' || token.back() != '"') return false;
    text = token.substr(1, token.size() - 2);
    return true;
  }

  const char* text_;
  const std::uint32_t* at_;
  const std::uint32_t* end_;
};

// What a line holds, until all of it was seen.
struct Content {
  enum class Kind { kNothing, kAdd, kRemove, kCommitInfo };
  Kind kind = Kind::kNothing;
  FileAction file;
  CommitInfo info;
};

bool ReadFile(Walk& walk, bool is_add, FileAction& file) {
  bool has_data_change = false;
  std::string_view raw;
  const bool plain = walk.Object([&](std::string_view name) {
    if (Is(name, "path")) return walk.Text(file.path);
    if (Is(name, "partitionValues")) {
      if (!walk.RawMap(raw)) return false;
      file.partition_values = raw;
      return true;
    }
    if (Is(name, "size")) return walk.Integer(file.size_bytes);
    if (Is(name, "dataChange")) {
      has_data_change = true;
      return walk.Boolean(file.data_change);
    }
    if (Is(name, "stats")) {
      std::string_view token;
      if (!walk.Token(token)) return false;
      file.records = RecordsAtStart(token, kEscapedStatsStart);
      return file.records.has_value();
    }
    if (Is(name, "deletionVector")) return false;
    return !HasEscape(name) && walk.Skip();
  });
  if (!plain || file.path.empty() || !has_data_change) return false;
  return !is_add || (file.size_bytes && file.partition_values);
}

bool ReadInfo(Walk& walk, bool metrics, CommitInfo& info) {
  return walk.Object([&](std::string_view name) {
    if (Is(name, "timestamp")) return walk.Integer(info.timestamp);
    if (Is(name, "inCommitTimestamp")) return walk.Integer(info.in_commit_timestamp);
    if (Is(name, "operation")) {
      std::string_view operation;
      if (!walk.Text(operation)) return false;
      info.operation = operation;
      return true;
    }
    if (metrics && Is(name, "operationMetrics")) return false;
    return !HasEscape(name) && walk.Skip();
  });
}

bool ReadAction(Walk& walk, const Wanted& wanted, Content& content) {
  std::string_view name;
  if (!walk.Take('{') || !walk.Name(name)) return false;
  const bool is_add = Is(name, "add");
  if (is_add || Is(name, "remove")) {
    if (!wanted.files) return walk.Skip();
    content.kind = is_add ? Content::Kind::kAdd : Content::Kind::kRemove;
    return ReadFile(walk, is_add, content.file);
  }
  if (Is(name, "commitInfo")) {
    if (!wanted.commit_info) return walk.Skip();
    content.kind = Content::Kind::kCommitInfo;
    return ReadInfo(walk, wanted.operation_metrics, content.info);
  }
  if (Is(name, "metaData") || Is(name, "protocol") || Is(name, "txn") || Is(name, "sidecar")) return false;
  return !HasEscape(name) && walk.Skip();
}

}  // namespace

// Where each bracket, comma and colon stands, and where each string, number and word begins: all that isn't space or
// part of one of these.
struct PlainLines::Tokens {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> simdjson;
  const char* text = nullptr;
  const std::uint32_t* next = nullptr;
  const std::uint32_t* end = nullptr;
};

PlainLines::PlainLines() : tokens_(std::make_unique<Tokens>()) {}
PlainLines::~PlainLines() = default;

bool PlainLines::Mark(std::string_view lines) {
  Tokens& tokens = *tokens_;
  tokens.next = tokens.end = nullptr;
  if (tokens.simdjson == nullptr && simdjson::get_active_implementation()->create_dom_parser_implementation(
                                        kMostBytes, kDepth, tokens.simdjson) != simdjson::SUCCESS) {
    return false;
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(lines.data());
  if (tokens.simdjson->stage1(bytes, lines.size(), simdjson::stage1_mode::regular) != simdjson::SUCCESS) return false;
  tokens.text = lines.data();
  tokens.next = tokens.simdjson->structural_indexes.get();
  tokens.end = tokens.next + tokens.simdjson->n_structural_indexes;
  return true;
}

Result<PlainLines::Outcome> PlainLines::Read(std::string_view line, const Wanted& wanted, ActionSink& sink) {
  Tokens& tokens = *tokens_;
  const char* const line_end = line.data() + line.size();
  if (tokens.next == tokens.end || tokens.text + *tokens.next >= line_end) return Outcome::kRead;  // nothing but space
  Content content;
  Walk walk(tokens.text, tokens.next, tokens.end);
  const bool plain = ReadAction(walk, wanted, content) && walk.Take('}') && walk.IsAt(line_end);
  if (!plain) {
    while (tokens.next < tokens.end && tokens.text + *tokens.next < line_end) ++tokens.next;
    return Outcome::kNotPlain;
  }
  tokens.next = walk.at();
  switch (content.kind) {
    case Content::Kind::kAdd: LATECOMER_RETURN_IF_ERROR(sink.OnAdd(content.file)); break;
    case Content::Kind::kRemove: LATECOMER_RETURN_IF_ERROR(sink.OnRemove(content.file)); break;
    case Content::Kind::kCommitInfo: LATECOMER_RETURN_IF_ERROR(sink.OnCommitInfo(std::move(content.info))); break;
    case Content::Kind::kNothing: break;
  }
  return Outcome::kRead;
}

}  // namespace latecomer::delta
