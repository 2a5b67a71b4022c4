#include "yaml/tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <exception>
#include <sstream>

#include "base/text.h"

namespace latecomer {
namespace {

constexpr std::size_t kMostBytes = 1 << 20;
constexpr int kMostNodes = 20000;
constexpr int kDeepest = 32;

class Converter {
 public:
  explicit Converter(const std::string& path) : path_(path) {}

  Result<YamlNode> Convert(const YAML::Node& node, std::int64_t line, std::int64_t column) {
    YamlNode out;
    const YAML::Mark mark = node.Mark();  // 0-based; -1 where there is nothing
    out.line = mark.line >= 0 ? mark.line + 1 : line;
    out.column = mark.line >= 0 ? mark.column + 1 : column;
    if (++nodes_ > kMostNodes) {
      return Fail(At(out, "the file has more than " + std::to_string(kMostNodes) + " values, counting aliases"));
    }
    for (const YAML::Node& open : path_to_root_) {
      if (open.is(node)) return Fail(At(out, "an alias stands inside the value it names"));
    }
    if (path_to_root_.size() >= kDeepest) {
      return Fail(At(out, "values are nested more than " + std::to_string(kDeepest) + " deep"));
    }
    const std::string& tag = node.Tag();
    if (!tag.empty() && tag != "?" && tag != "!")
      return Fail(At(out, "the tag `" + Printable(tag) + "` is not supported"));
    path_to_root_.push_back(node);
    Status filled = FillIn(node, out);
    path_to_root_.pop_back();
    if (!filled) return Fail(std::move(filled).error());
    return out;
  }

 private:
  Status FillIn(const YAML::Node& node, YamlNode& out) {
    switch (node.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null: out.kind = YamlNode::Kind::kNull; return {};
      case YAML::NodeType::Scalar:
        out.kind = YamlNode::Kind::kScalar;
        out.text = node.Scalar();
        out.quoted = node.Tag() == "!";
        return {};
      case YAML::NodeType::Sequence:
        out.kind = YamlNode::Kind::kList;
        for (const YAML::Node& item : node) {
          LATECOMER_ASSIGN_OR_RETURN(YamlNode converted, Convert(item, out.line, out.column));
          out.items.push_back(std::move(converted));
        }
        return {};
      case YAML::NodeType::Map: out.kind = YamlNode::Kind::kMap; return FillMap(node, out);
    }
    return {};
  }

  Status FillMap(const YAML::Node& node, YamlNode& out) {
    for (const auto& pair : node) {
      LATECOMER_ASSIGN_OR_RETURN(const YamlNode key, Convert(pair.first, out.line, out.column));
      if (key.kind != YamlNode::Kind::kScalar) return Fail(At(key, "a key must be plain text"));
      const auto same = std::find_if(out.entries.begin(), out.entries.end(),
                                     [&](const YamlEntry& entry) { return entry.key == key.text; });
      if (same != out.entries.end()) {
        return Fail(At(key, "the key `" + Printable(key.text) + "` stands here twice, first on line " +
                                std::to_string(same->line)));
      }
      LATECOMER_ASSIGN_OR_RETURN(YamlNode value, Convert(pair.second, key.line, key.column));
      out.entries.push_back({key.text, key.line, key.column, std::move(value)});
    }
    return {};
  }

  Error At(const YamlNode& node, std::string message) const {
    return Error(ErrorKind::kInvalidFile, std::move(message)).In(path_).At(node.line, node.column);
  }

  const std::string& path_;
  int nodes_ = 0;
  std::vector<YAML::Node> path_to_root_;
};

// The key with its length first: no text can be made to look like another structure.
void AppendText(std::string_view text, std::string& out) {
  out += std::to_string(text.size());
  out += ':';
  out += text;
}

void AppendCanonical(const YamlNode& node, std::string& out) {
  switch (node.kind) {
    case YamlNode::Kind::kNull: out += 'n'; return;
    case YamlNode::Kind::kScalar: AppendText(node.text, out); return;
    case YamlNode::Kind::kList:
      out += '[';
      for (const YamlNode& item : node.items) AppendCanonical(item, out);
      out += ']';
      return;
    case YamlNode::Kind::kMap: break;
  }
  std::vector<const YamlEntry*> sorted;
  for (const YamlEntry& entry : node.entries) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->key < b->key; });
  out += '{';
  for (const YamlEntry* entry : sorted) {
    AppendText(entry->key, out);
    AppendCanonical(entry->value, out);
  }
  out += '}';
}

// Takes a document in without building anything.
class Nothing final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

// 0, 1, or 2 for more. YAML::LoadAll can't be asked: after some broken documents it never comes to an end.
int CountDocuments(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Nothing nothing;
  int count = 0;
  while (count < 2 && parser.HandleNextDocument(nothing)) ++count;
  return count;
}

// What yaml-cpp calls a problem, in lower case and without its own position.
Error FromException(const YAML::Exception& problem, const std::string& path) {
  Error error(ErrorKind::kInvalidFile, "this is no valid YAML: " + problem.msg);
  error.file = path;
  if (problem.mark.line >= 0) {
    error.line = problem.mark.line + 1;
    error.column = problem.mark.column + 1;
  }
  return error;
}

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  for (const YamlEntry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

Result<YamlNode> ParseYaml(std::string_view text, const std::string& path) {
  if (text.size() > kMostBytes) {
    return Fail(Error(ErrorKind::kInvalidFile, "the file is larger than 1 MiB").In(path));
  }
  if (!IsValidUtf8(text)) return Fail(Error(ErrorKind::kInvalidFile, "the file is not UTF-8 text").In(path));
  try {
    const std::string copy(text);
    const int documents = CountDocuments(copy);
    if (documents == 0) return Fail(Error(ErrorKind::kInvalidFile, "the file is empty").In(path));
    if (documents > 1) {
      return Fail(Error(ErrorKind::kInvalidFile, "the file holds more than one YAML document")
                      .In(path)
                      .Hint("write one pipeline per file"));
    }
    return Converter(path).Convert(YAML::Load(copy), 1, 1);
  } catch (const YAML::Exception& problem) {
    return Fail(FromException(problem, path));
  } catch (const std::exception& problem) {
    return Fail(Error(ErrorKind::kInvalidFile, std::string("this is no valid YAML: ") + problem.what()).In(path));
  }
}

std::string CanonicalYaml(const YamlNode& node) {
  std::string out;
  AppendCanonical(node, out);
  return out;
}

}  // namespace latecomer
