// The little XML that S3 and Azure answer with.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace latecomer::storage {

// An element with its text and the elements in it. Comments and namespaces' prefixes are passed over.
struct XmlElement {
  std::string name;
  std::string text;        // of this element alone, with entities replaced; white space kept
  std::string attributes;  // as they stand in its tag
  std::vector<XmlElement> children;

  const XmlElement* Find(std::string_view child) const;
  // The text of a child; empty when there is none.
  std::string Text(std::string_view child) const;
};

// The root of a document. kDamaged when it is none: tags that don't match, a depth or number of elements that no store
// sends, entities other than the five of XML and character numbers.
Result<XmlElement> ParseXml(std::string_view document);

// Text as an element's content.
std::string XmlEscape(std::string_view text);

}  // namespace latecomer::storage
