#include "sim_keys.h"

#include <cctype>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace latecomer::simulation {
namespace {

std::string Number(int number, bool padded) {
  return (padded && number < 10 ? "0" : "") + std::to_string(number);
}

constexpr int kNoMonth = 13;  // of a partition whose writer had lost its calendar

// The runs of digits in a text.
std::vector<int> NumbersIn(std::string_view text) {
  std::vector<int> numbers;
  bool inside = false;
  for (const char c : text) {
    const bool digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
    if (digit && !inside) numbers.push_back(0);
    if (digit) numbers.back() = numbers.back() * 10 + (c - '0');
    inside = digit;
  }
  return numbers;
}

// Of the values of a key in any writing: the numbers in it are year, month, day and country, or, where the time is
// null, the country alone.
Slot SlotOfText(std::string_view text) {
  const std::vector<int> numbers = NumbersIn(text);
  const bool is_null = text.find("null") != std::string_view::npos;
  const std::size_t dates = is_null ? 0 : 3;
  if (numbers.size() != dates && numbers.size() != dates + 1) {
    throw std::logic_error("no partition: " + std::string(text));
  }
  Slot slot;
  if (is_null) {
    slot.day = kNullDay;
  } else if (numbers[1] == kNoMonth) {
    slot.day = kUnreadableDay;
  } else {
    slot.day = FromCivil({.year = numbers[0], .month = numbers[1], .day = numbers[2]});
  }
  if (numbers.size() == dates + 1) slot.country = numbers[dates];
  return slot;
}

}  // namespace

table::PartitionSchema SchemaOf(const SimTable& table) {
  table::PartitionSchema schema;
  if (table.columns() == SimTable::Columns::kDate) {
    schema.push_back({"event_date", {table::TypeKind::kDate}});
  } else {
    for (const char* name : {"year", "month", "day"}) schema.push_back({name, {table::TypeKind::kInteger}});
  }
  if (table.with_country()) schema.push_back({"country", {table::TypeKind::kString}});
  return schema;
}

namespace {

table::PartitionKey MakeKey(const SimTable& table, const Slot& slot, bool padded) {
  std::map<std::string, std::optional<std::string>> texts;
  if (slot.day == kNullDay) {
    // Every column of the time is missing: null.
  } else if (table.columns() == SimTable::Columns::kDate) {
    texts["event_date"] = DayText(slot.day);
  } else {
    const CivilDay civil = slot.day == kUnreadableDay ? CivilDay{.month = kNoMonth} : ToCivil(slot.day);
    texts["year"] = std::to_string(civil.year);
    texts["month"] = Number(civil.month, padded);
    texts["day"] = Number(civil.day, padded);
  }
  if (table.with_country()) texts["country"] = "c" + std::to_string(slot.country);
  auto key = table::PartitionKey::FromTexts(SchemaOf(table), texts);
  if (!key) throw std::logic_error(key.error().ToString());
  return *key;
}

}  // namespace

// Made once: a job that looks at a table's files asks for the key of each.
table::PartitionKey KeyOf(const SimTable& table, const Slot& slot, bool padded) {
  thread_local std::map<std::tuple<SimTable::Columns, bool, Slot, bool>, table::PartitionKey> keys;
  const auto [it, is_new] = keys.try_emplace({table.columns(), table.with_country(), slot, padded});
  if (is_new) it->second = MakeKey(table, slot, padded);
  return it->second;
}

Slot SlotOf(const table::PartitionKey& key) {
  std::string text;
  for (std::size_t i = 0; i < key.size(); ++i) {
    text += (key.value(i).IsNull() ? std::string("null") : key.value(i).text()) + "/";
  }
  return SlotOfText(text);
}

Slot SlotOfCanonical(std::string_view canonical) {
  return SlotOfText(canonical);
}

}  // namespace latecomer::simulation
