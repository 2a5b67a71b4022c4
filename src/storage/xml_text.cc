#include "storage/xml_text.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "base/text.h"

namespace latecomer::storage {
namespace {

constexpr std::size_t kMostDepth = 32;
constexpr std::size_t kMostElements = 1'000'000;

Error NotXml(const char* what) {
  return Error(ErrorKind::kDamaged, std::string("the answer is no XML document: ") + what);
}

void AppendUtf8(std::uint32_t code, std::string& text) {
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xC0 | code >> 6);
    text += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    text += static_cast<char>(0xE0 | code >> 12);
    text += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    text += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    text += static_cast<char>(0xF0 | code >> 18);
    text += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    text += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    text += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// `entity` is what stands between & and ;.
bool AppendEntity(std::string_view entity, std::string& text) {
  constexpr std::pair<std::string_view, char> kNamed[] = {
      {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
  for (const auto& [name, character] : kNamed) {
    if (entity != name) continue;
    text += character;
    return true;
  }
  if (!entity.starts_with('#')) return false;
  entity.remove_prefix(1);
  const int base = entity.starts_with('x') ? 16 : 10;
  if (base == 16) entity.remove_prefix(1);
  std::uint32_t code = 0;
  const auto [end, failed] = std::from_chars(entity.data(), entity.data() + entity.size(), code, base);
  if (failed != std::errc() || end != entity.data() + entity.size() || code == 0 || code > 0x10FFFF) return false;
  AppendUtf8(code, text);
  return true;
}

class Reader {
 public:
  explicit Reader(std::string_view document) : rest_(document) {}

  Result<XmlElement> Read() {
    while (!rest_.empty() && !done_) {
      const std::size_t tag = rest_.find('<');
      if (tag == std::string_view::npos) break;
      LATECOMER_RETURN_IF_ERROR(TakeText(rest_.substr(0, tag)));
      rest_.remove_prefix(tag);
      LATECOMER_RETURN_IF_ERROR(TakeTag());
    }
    if (!done_) return Fail(NotXml("it ends early"));
    return std::move(root_);
  }

 private:
  // The pieces of a path may move when their siblings grow, so the way down is kept as numbers.
  XmlElement& Current() {
    XmlElement* element = &root_;
    for (std::size_t i = 1; i < depth_; ++i) element = &element->children.back();
    return *element;
  }

  Status TakeText(std::string_view text) {
    if (depth_ == 0) return {};
    std::string& into = Current().text;
    while (!text.empty()) {
      const std::size_t entity = text.find('&');
      into += text.substr(0, entity);
      if (entity == std::string_view::npos) return {};
      text.remove_prefix(entity + 1);
      const std::size_t end = text.find(';');
      if (end == std::string_view::npos || !AppendEntity(text.substr(0, end), into)) {
        return Fail(NotXml("an unknown entity"));
      }
      text.remove_prefix(end + 1);
    }
    return {};
  }

  Status Skip(std::string_view end) {
    const std::size_t at = rest_.find(end);
    if (at == std::string_view::npos) return Fail(NotXml("it ends early"));
    rest_.remove_prefix(at + end.size());
    return {};
  }

  Status TakeTag() {
    if (rest_.starts_with("<?")) return Skip("?>");
    if (rest_.starts_with("<!--")) return Skip("-->");
    if (rest_.starts_with("<!")) return Fail(NotXml("a declaration"));
    const std::size_t end = rest_.find('>');
    if (end == std::string_view::npos) return Fail(NotXml("it ends early"));
    std::string_view tag = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    const bool closes = tag.starts_with('/');
    const bool is_empty = tag.ends_with('/');
    if (closes) tag.remove_prefix(1);
    std::string_view name = tag.substr(0, tag.find_first_of(" \t\r\n/"));
    if (const std::size_t colon = name.find(':'); colon != std::string_view::npos) name.remove_prefix(colon + 1);
    if (name.empty()) return Fail(NotXml("a tag without a name"));
    if (closes) return Close(name);
    LATECOMER_RETURN_IF_ERROR(Open(name));
    tag.remove_prefix(std::min(tag.find_first_of(" \t\r\n/"), tag.size()));
    Current().attributes = Trim(tag);
    return is_empty ? Close(name) : Status();
  }

  Status Open(std::string_view name) {
    if (depth_ >= kMostDepth || ++elements_ > kMostElements) return Fail(NotXml("it is too large"));
    if (depth_ == 0) {
      root_.name = name;
    } else {
      Current().children.emplace_back().name = name;
    }
    ++depth_;
    return {};
  }

  Status Close(std::string_view name) {
    if (depth_ == 0 || Current().name != name) return Fail(NotXml("tags that don't match"));
    --depth_;
    done_ = depth_ == 0;
    return {};
  }

  std::string_view rest_;
  XmlElement root_;
  std::size_t depth_ = 0;
  std::size_t elements_ = 0;
  bool done_ = false;
};

}  // namespace

const XmlElement* XmlElement::Find(std::string_view child) const {
  for (const XmlElement& element : children) {
    if (element.name == child) return &element;
  }
  return nullptr;
}

std::string XmlElement::Text(std::string_view child) const {
  const XmlElement* element = Find(child);
  return element == nullptr ? std::string() : element->text;
}

Result<XmlElement> ParseXml(std::string_view document) {
  return Reader(document).Read();
}

std::string XmlEscape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

}  // namespace latecomer::storage
