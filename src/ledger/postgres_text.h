// Texts as PostgreSQL can keep them.
//
// A text column there holds UTF-8 without zero bytes; the ledger also keeps what files and programs gave, which may be
// neither. A byte that doesn't fit becomes one character of the private range U+10FE00…U+10FEFF, and comes back as the
// byte it was. Characters of that range themselves are kept the same way, byte for byte, so that equal texts stay equal
// and different ones different.
#pragma once

#include <string>
#include <string_view>

namespace latecomer::ledger {

// Whether the text can be kept as it is.
bool IsPlainText(std::string_view text);
std::string ToPostgresText(std::string_view text);

// Whether FromPostgresText would change anything.
bool HasKeptBytes(std::string_view text);
std::string FromPostgresText(std::string_view text);

}  // namespace latecomer::ledger
