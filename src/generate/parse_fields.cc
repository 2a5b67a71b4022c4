#include "generate/parse_fields.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <utility>

#include "base/text.h"

namespace latecomer::generate {
namespace {

using Keys = std::map<std::string, YAML::Node>;

const std::vector<std::string> kKinds = {"integer", "number", "boolean", "uuid", "sequence", "date", "timestamp"};

// A scalar by the rules of YAML 1.2's core schema; its text stays as it is written.
Cell CellOf(const YAML::Node& node) {
  Cell cell;
  if (node.IsNull()) return cell;
  cell.text = node.Scalar();
  cell.kind = CellKind::kText;
  if (node.Tag() == "!") return cell;  // in quotes
  const std::string& text = cell.text;
  if (text == "true" || text == "false") {
    cell.kind = CellKind::kBoolean;
    cell.integer = text == "true" ? 1 : 0;
    return cell;
  }
  const std::string_view digits = std::string_view(text).substr(text.starts_with('-') ? 1 : 0);
  if (digits.empty() || digits[0] < '0' || digits[0] > '9') return cell;
  if (digits.size() > 1 && digits[0] == '0' && digits[1] != '.') return cell;  // "010" is no number
  const char* const end = text.data() + text.size();
  if (const auto parsed = std::from_chars(text.data(), end, cell.integer);
      parsed.ec == std::errc() && parsed.ptr == end) {
    cell.kind = CellKind::kInteger;
    cell.number = static_cast<double>(cell.integer);
    return cell;
  }
  if (const auto parsed = std::from_chars(text.data(), end, cell.number);
      parsed.ec == std::errc() && parsed.ptr == end) {
    cell.kind = CellKind::kNumber;
  }
  return cell;
}

// The type that all values have; numbers of both kinds are numbers, any other mixture is text.
void Widen(CellKind& type, CellKind seen) {
  const auto is_number = [](CellKind kind) { return kind == CellKind::kInteger || kind == CellKind::kNumber; };
  if (seen == CellKind::kNull || type == seen) return;
  if (type == CellKind::kNull) {
    type = seen;
  } else {
    type = is_number(type) && is_number(seen) ? CellKind::kNumber : CellKind::kText;
  }
}

class FieldParser {
 public:
  FieldParser(const YamlReader& yaml, const std::vector<Field>& above) : yaml_(yaml), above_(above) {}

  Result<Field> Parse(const YAML::Node& node);

 private:
  Result<double> Weight(const YAML::Node& node) const;
  Result<Choices> ParseChoices(const YAML::Node& node) const;
  Result<Choice> ParseListed(const YAML::Node& node) const;
  Status ParseListedField(const Keys& keys, Field& field) const;
  Status ParseCorrelated(const Keys& keys, Field& field) const;
  Status ParseKind(const YAML::Node& node, Field& field) const;
  Status ParseInteger(const Keys& keys, Field& field) const;
  Status ParseNumber(const Keys& keys, Field& field) const;
  Status ParseTimes(const YAML::Node& node, const Keys& keys, Field& field) const;
  Result<double> Share(const Keys& keys, const std::string& key, double otherwise) const;

  const YamlReader& yaml_;
  const std::vector<Field>& above_;
};

Result<double> FieldParser::Weight(const YAML::Node& node) const {
  if (node.IsScalar() && node.Scalar().ends_with('%')) return yaml_.Placed(ParseShare(node.Scalar()), node, "a weight");
  LATECOMER_ASSIGN_OR_RETURN(const double weight, yaml_.Number(node, "a weight"));
  if (weight < 0) return Fail(yaml_.At(node, "a weight can't be negative"));
  return weight;
}

// A plain value, or {value: …, weight: …}.
Result<Choice> FieldParser::ParseListed(const YAML::Node& node) const {
  if (node.IsScalar() || node.IsNull()) return Choice{CellOf(node)};
  if (!node.IsMap()) return Fail(yaml_.At(node, "a value must be plain, or {value: …, weight: …}"));
  LATECOMER_ASSIGN_OR_RETURN(const Keys keys, yaml_.Map(node, "a weighted value", {"value", "weight"}));
  const auto value = keys.find("value");
  if (value == keys.end() || !(value->second.IsScalar() || value->second.IsNull())) {
    return Fail(yaml_.At(node, "a weighted value needs a plain `value`"));
  }
  Choice choice{CellOf(value->second)};
  if (const auto weight = keys.find("weight"); weight != keys.end()) {
    LATECOMER_ASSIGN_OR_RETURN(choice.weight, Weight(weight->second));
  }
  return choice;
}

// [a, b], or {a: 3, b: 1} with weights.
Result<Choices> FieldParser::ParseChoices(const YAML::Node& node) const {
  Choices choices;
  if (node.IsSequence()) {
    for (const YAML::Node& one : node) {
      LATECOMER_ASSIGN_OR_RETURN(choices.emplace_back(), ParseListed(one));
    }
  } else if (node.IsMap()) {
    LATECOMER_ASSIGN_OR_RETURN(const auto entries, yaml_.Entries(node, "a map of values and weights"));
    for (const YamlEntry& entry : entries) {
      LATECOMER_ASSIGN_OR_RETURN(const double weight, Weight(entry.value));
      choices.push_back({CellOf(entry.key_node), weight});
    }
  } else {
    return Fail(yaml_.At(node, "values must be a list [a, b], or a map with weights {a: 3, b: 1}"));
  }
  double total = 0;
  for (const Choice& choice : choices) total += choice.weight;
  if (choices.empty() || total <= 0) return Fail(yaml_.At(node, "there is no value to choose"));
  return choices;
}

Status FieldParser::ParseListedField(const Keys& keys, Field& field) const {
  LATECOMER_ASSIGN_OR_RETURN(Choices choices, ParseChoices(keys.at("values")));
  field.type = CellKind::kNull;
  for (const Choice& choice : choices) Widen(field.type, choice.value.kind);
  field.values = ListedValues{std::move(choices)};
  return {};
}

// All texts a field can have that others depend on.
std::set<std::string> TextsOf(const Field& field) {
  std::set<std::string> texts;
  const auto take = [&](const Choices& choices) {
    for (const Choice& choice : choices) {
      if (choice.value.kind != CellKind::kNull && choice.weight > 0) texts.insert(choice.value.text);
    }
  };
  if (const auto* listed = std::get_if<ListedValues>(&field.values)) take(listed->choices);
  if (const auto* correlated = std::get_if<CorrelatedValues>(&field.values)) {
    for (const auto& [parent, choices] : correlated->by_parent_text) take(choices);
  }
  return texts;
}

Status FieldParser::ParseCorrelated(const Keys& keys, Field& field) const {
  const YAML::Node& parent_node = keys.at("depends_on");
  CorrelatedValues values;
  LATECOMER_ASSIGN_OR_RETURN(values.parent, yaml_.Text(parent_node, "depends_on"));
  std::vector<std::string> names;
  for (const Field& one : above_) names.push_back(one.name);
  const auto parent =
      std::find_if(above_.begin(), above_.end(), [&](const Field& one) { return one.name == values.parent; });
  if (parent == above_.end()) {
    const auto nearest = NearestWord(values.parent, names);
    return Fail(
        yaml_.At(parent_node, "there is no field '" + Printable(values.parent) + "' above this one")
            .Hint(nearest ? "did you mean '" + *nearest + "'?" : "a field can depend on one that stands above it"));
  }
  const std::set<std::string> wanted = TextsOf(*parent);
  if (wanted.empty()) return Fail(yaml_.At(parent_node, "only a field with `values` can be depended on"));
  const YAML::Node& node = keys.at("values");
  LATECOMER_ASSIGN_OR_RETURN(const auto entries, yaml_.Entries(node, "values of a field that depends on another"));
  field.type = CellKind::kNull;
  for (const YamlEntry& entry : entries) {
    if (!wanted.contains(entry.key)) {
      const auto nearest = NearestWord(entry.key, {wanted.begin(), wanted.end()});
      return Fail(yaml_.At(entry.key_node, "'" + values.parent + "' never is '" + Printable(entry.key) + "'")
                      .Hint(nearest ? "did you mean '" + *nearest + "'?" : ""));
    }
    LATECOMER_ASSIGN_OR_RETURN(Choices choices, ParseChoices(entry.value));
    for (const Choice& choice : choices) Widen(field.type, choice.value.kind);
    values.by_parent_text.emplace(entry.key, std::move(choices));
  }
  for (const std::string& text : wanted) {
    if (values.by_parent_text.contains(text)) continue;
    return Fail(yaml_.At(node, "there are no values for " + values.parent + " '" + Printable(text) + "'"));
  }
  field.values = std::move(values);
  return {};
}

Result<double> FieldParser::Share(const Keys& keys, const std::string& key, double otherwise) const {
  const auto found = keys.find(key);
  if (found == keys.end()) return otherwise;
  LATECOMER_ASSIGN_OR_RETURN(const std::string text, yaml_.Text(found->second, key));
  return yaml_.Placed(ParseShare(text), found->second, key);
}

Status FieldParser::ParseInteger(const Keys& keys, Field& field) const {
  Integers integers;
  if (keys.contains("min")) {
    LATECOMER_ASSIGN_OR_RETURN(integers.least, yaml_.Integer(keys.at("min"), "min"));
  }
  if (keys.contains("max")) {
    LATECOMER_ASSIGN_OR_RETURN(integers.most, yaml_.Integer(keys.at("max"), "max"));
  }
  if (integers.most < integers.least) return Fail(yaml_.At(keys.at("kind"), "max is less than min"));
  field.type = CellKind::kInteger;
  field.values = integers;
  return {};
}

Status FieldParser::ParseNumber(const Keys& keys, Field& field) const {
  Numbers numbers;
  const auto shape = keys.find("distribution");
  std::vector<std::string> used = {"min", "max"};
  if (shape != keys.end()) {
    LATECOMER_ASSIGN_OR_RETURN(const std::string text, yaml_.Text(shape->second, "distribution"));
    if (text == "normal") {
      numbers.shape = Numbers::Shape::kNormal;
      used = {"mean", "deviation"};
    } else if (text == "exponential") {
      numbers.shape = Numbers::Shape::kExponential;
      numbers.mean = 1;
      used = {"mean"};
    } else if (text != "uniform") {
      return Fail(yaml_.At(shape->second, "a distribution is uniform, normal or exponential"));
    }
  }
  for (const auto& [key, target] : {std::pair("min", &numbers.least), std::pair("max", &numbers.most),
                                    std::pair("mean", &numbers.mean), std::pair("deviation", &numbers.deviation)}) {
    const auto found = keys.find(key);
    if (found == keys.end()) continue;
    if (std::find(used.begin(), used.end(), key) == used.end()) {
      return Fail(yaml_.At(found->second, std::string(key) + " means nothing with this distribution"));
    }
    LATECOMER_ASSIGN_OR_RETURN(*target, yaml_.Number(found->second, key));
  }
  if (keys.contains("decimals")) {
    LATECOMER_ASSIGN_OR_RETURN(const std::int64_t decimals, yaml_.Integer(keys.at("decimals"), "decimals"));
    if (decimals < 0 || decimals > 9) return Fail(yaml_.At(keys.at("decimals"), "decimals must be 0 to 9"));
    numbers.decimals = static_cast<int>(decimals);
  }
  const bool bad_range = numbers.shape == Numbers::Shape::kUniform && numbers.most < numbers.least;
  if (bad_range || numbers.deviation < 0)
    return Fail(yaml_.At(keys.at("kind"), bad_range ? "max is less than min" : "deviation can't be negative"));
  if (numbers.shape == Numbers::Shape::kExponential && numbers.mean <= 0) {
    return Fail(yaml_.At(keys.at("kind"), "mean must be more than 0"));
  }
  field.type = CellKind::kNumber;
  field.values = numbers;
  return {};
}

Status FieldParser::ParseTimes(const YAML::Node& node, const Keys& keys, Field& field) const {
  Times times;
  for (const auto& [key, target] : {std::pair("from", &times.range.start), std::pair("to", &times.range.end)}) {
    const auto found = keys.find(key);
    if (found == keys.end()) return Fail(yaml_.At(node, std::string("a date or timestamp field needs `") + key + "`"));
    LATECOMER_ASSIGN_OR_RETURN(const std::string text, yaml_.Text(found->second, key));
    LATECOMER_ASSIGN_OR_RETURN(*target, yaml_.Placed(ParseInstant(text), found->second, key));
  }
  if (times.range.end <= times.range.start)
    return Fail(yaml_.At(keys.at("to"), "`to` must be after `from`; it is not included"));
  field.values = times;
  return {};
}

Status FieldParser::ParseKind(const YAML::Node& node, Field& field) const {
  LATECOMER_ASSIGN_OR_RETURN(const std::string kind, yaml_.Text(node["kind"], "kind"));
  std::vector<std::string> known = {"name", "kind", "null_share"};
  const auto also = [&](std::vector<std::string> keys) { known.insert(known.end(), keys.begin(), keys.end()); };
  if (kind == "integer") also({"min", "max"});
  if (kind == "number") also({"min", "max", "distribution", "mean", "deviation", "decimals"});
  if (kind == "boolean") also({"true_share"});
  if (kind == "sequence") also({"start", "step"});
  if (kind == "date" || kind == "timestamp") also({"from", "to"});
  if (std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end()) {
    const auto nearest = NearestWord(kind, kKinds);
    return Fail(yaml_.At(node["kind"], "there is no kind '" + Printable(kind) + "'")
                    .Hint(nearest ? "did you mean '" + *nearest + "'?"
                                  : "kinds are integer, number, boolean, uuid, sequence, date, timestamp"));
  }
  LATECOMER_ASSIGN_OR_RETURN(const Keys keys, yaml_.Map(node, "a field of kind " + kind, known));
  if (kind == "integer") return ParseInteger(keys, field);
  if (kind == "number") return ParseNumber(keys, field);
  if (kind == "uuid") {
    field.values = Uuids{};
  } else if (kind == "boolean") {
    field.type = CellKind::kBoolean;
    LATECOMER_ASSIGN_OR_RETURN(const double share, Share(keys, "true_share", 0.5));
    field.values = Booleans{share};
  } else if (kind == "sequence") {
    field.type = CellKind::kInteger;
    Sequence sequence;
    if (keys.contains("start")) {
      LATECOMER_ASSIGN_OR_RETURN(sequence.start, yaml_.Integer(keys.at("start"), "start"));
    }
    if (keys.contains("step")) {
      LATECOMER_ASSIGN_OR_RETURN(sequence.step, yaml_.Integer(keys.at("step"), "step"));
    }
    field.values = sequence;
  } else {
    field.type = kind == "date" ? CellKind::kDate : CellKind::kTimestamp;
    return ParseTimes(node, keys, field);
  }
  return {};
}

// Every value in the field's one type.
void Unify(Choices& choices, CellKind type) {
  for (Choice& choice : choices) {
    if (choice.value.kind != CellKind::kNull) choice.value.kind = type;
  }
}

Result<Field> FieldParser::Parse(const YAML::Node& node) {
  if (!node.IsMap()) return Fail(yaml_.At(node, "a field must be a map with `name` and `values` or `kind`"));
  Field field;
  if (node["kind"].IsDefined()) {
    LATECOMER_RETURN_IF_ERROR(ParseKind(node, field));
  } else {
    LATECOMER_ASSIGN_OR_RETURN(const Keys keys,
                               yaml_.Map(node, "a field", {"name", "values", "depends_on", "kind", "null_share"}));
    if (!keys.contains("values")) return Fail(yaml_.At(node, "a field needs `values` or `kind`"));
    LATECOMER_RETURN_IF_ERROR(keys.contains("depends_on") ? ParseCorrelated(keys, field)
                                                          : ParseListedField(keys, field));
    if (field.type == CellKind::kNull) field.type = CellKind::kText;
    if (auto* listed = std::get_if<ListedValues>(&field.values)) Unify(listed->choices, field.type);
    if (auto* correlated = std::get_if<CorrelatedValues>(&field.values)) {
      for (auto& [parent, choices] : correlated->by_parent_text) Unify(choices, field.type);
    }
  }
  const YAML::Node name = node["name"];
  if (!name.IsDefined()) return Fail(yaml_.At(node, "a field needs a `name`"));
  LATECOMER_ASSIGN_OR_RETURN(field.name, yaml_.Text(name, "name"));
  for (const Field& other : above_) {
    if (other.name == field.name) return Fail(yaml_.At(name, "two fields are named '" + Printable(field.name) + "'"));
  }
  if (const YAML::Node share = node["null_share"]; share.IsDefined()) {
    LATECOMER_ASSIGN_OR_RETURN(field.null_share, Share({{"null_share", share}}, "null_share", 0));
  }
  return field;
}

}  // namespace

Result<std::vector<Field>> ParseFields(const YamlReader& yaml, const YAML::Node& node) {
  if (!node.IsSequence() || node.size() == 0)
    return Fail(yaml.At(node, "`fields` must be a list with at least one field"));
  std::vector<Field> fields;
  for (const YAML::Node& one : node) {
    LATECOMER_ASSIGN_OR_RETURN(Field field, FieldParser(yaml, fields).Parse(one));
    fields.push_back(std::move(field));
  }
  return fields;
}

}  // namespace latecomer::generate
