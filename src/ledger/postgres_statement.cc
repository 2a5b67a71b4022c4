#include "ledger/postgres_statement.h"

#include <bit>
#include <cstring>
#include <variant>

#include "ledger/postgres_text.h"

namespace latecomer::ledger {
namespace {

// Numbers of built-in types, which never change (pg_type.dat).
constexpr Oid kBool = 16;
constexpr Oid kInt8 = 20;
constexpr Oid kInt2 = 21;
constexpr Oid kInt4 = 23;
constexpr Oid kText = 25;
constexpr Oid kGuessed = 0;
constexpr int kBinary = 1;

static_assert(std::endian::native == std::endian::little);

std::uint64_t InNetworkOrder(std::int64_t value) {
  return __builtin_bswap64(static_cast<std::uint64_t>(value));
}

}  // namespace

PostgresValues::PostgresValues(std::span<const Parameter> parameters) : formats_(parameters.size(), kBinary) {
  types_.reserve(parameters.size());
  values_.reserve(parameters.size());
  lengths_.reserve(parameters.size());
  signature_.reserve(parameters.size());
  integers_.reserve(parameters.size());  // so that none of them moves
  for (const Parameter& parameter : parameters) {
    if (const auto* integer = std::get_if<std::int64_t>(&parameter)) {
      integers_.push_back(InNetworkOrder(*integer));
      types_.push_back(kInt8);
      values_.push_back(reinterpret_cast<const char*>(&integers_.back()));
      lengths_.push_back(sizeof(std::uint64_t));
      signature_ += 'i';
    } else if (const auto* text = std::get_if<std::string_view>(&parameter)) {
      std::string_view kept = *text;
      if (!IsPlainText(kept)) kept = texts_.emplace_back(ToPostgresText(kept));
      types_.push_back(kText);
      values_.push_back(kept.data() == nullptr ? "" : kept.data());  // a null pointer would be a null
      lengths_.push_back(static_cast<int>(kept.size()));
      signature_ += 't';
    } else {
      types_.push_back(kGuessed);
      values_.push_back(nullptr);
      lengths_.push_back(0);
      signature_ += 'n';
    }
  }
}

bool PostgresRow::IsInteger(int column) const {
  if (IsNull(column)) return false;
  const Oid type = PQftype(result_, column);
  return type == kInt8 || type == kInt4 || type == kInt2 || type == kBool;
}

std::int64_t PostgresRow::Integer(int column) const {
  if (!IsInteger(column)) return 0;
  const char* bytes = PQgetvalue(result_, row_, column);
  switch (PQgetlength(result_, row_, column)) {
    case 8: {
      std::uint64_t value = 0;
      std::memcpy(&value, bytes, sizeof value);
      return static_cast<std::int64_t>(__builtin_bswap64(value));
    }
    case 4: {
      std::uint32_t value = 0;
      std::memcpy(&value, bytes, sizeof value);
      return static_cast<std::int32_t>(__builtin_bswap32(value));
    }
    case 2: {
      std::uint16_t value = 0;
      std::memcpy(&value, bytes, sizeof value);
      return static_cast<std::int16_t>(__builtin_bswap16(value));
    }
    default: return *bytes;
  }
}

std::string_view PostgresRow::Text(int column) const {
  if (IsNull(column)) return {};
  if (IsInteger(column)) return texts_.emplace_back(std::to_string(Integer(column)));
  const std::string_view kept(PQgetvalue(result_, row_, column),
                              static_cast<std::size_t>(PQgetlength(result_, row_, column)));
  if (!HasKeptBytes(kept)) return kept;
  return texts_.emplace_back(FromPostgresText(kept));
}

}  // namespace latecomer::ledger
