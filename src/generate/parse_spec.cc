#include <charconv>
#include <chrono>
#include <cmath>
#include <exception>

#include "base/text.h"
#include "generate/parse_fields.h"
#include "generate/spec.h"
#include "generate/yaml_map.h"

namespace latecomer::generate {
namespace {

using Keys = std::map<std::string, YAML::Node>;

const std::vector<std::string> kSpecKeys = {"entity", "rows",       "format",    "seed",
                                            "fields", "event_time", "late_rows", "lateness"};

Result<Lateness> ParseLateness(const YamlReader& yaml, const YAML::Node& node) {
  LATECOMER_ASSIGN_OR_RETURN(const Keys keys, yaml.Map(node, "`lateness`", {"distribution", "most", "mean", "lags"}));
  Lateness lateness;
  std::string shape = keys.contains("lags") ? "lags" : "uniform";
  if (keys.contains("distribution")) {
    LATECOMER_ASSIGN_OR_RETURN(shape, yaml.Text(keys.at("distribution"), "distribution"));
  }
  if (shape == "exponential") {
    lateness.shape = Lateness::Shape::kExponential;
    lateness.most = 365;
  } else if (shape == "lags") {
    lateness.shape = Lateness::Shape::kLags;
  } else if (shape != "uniform") {
    return Fail(yaml.At(keys.at("distribution"), "a distribution of late rows is uniform, exponential or lags"));
  }
  const auto refuse = [&](const char* key, bool used) -> Status {
    if (used || !keys.contains(key)) return {};
    return Fail(yaml.At(keys.at(key), std::string("`") + key + "` means nothing with this distribution"));
  };
  LATECOMER_RETURN_IF_ERROR(refuse("mean", shape == "exponential"));
  LATECOMER_RETURN_IF_ERROR(refuse("lags", shape == "lags"));
  LATECOMER_RETURN_IF_ERROR(refuse("most", shape != "lags"));
  if (keys.contains("most")) {
    LATECOMER_ASSIGN_OR_RETURN(lateness.most, yaml.Integer(keys.at("most"), "most"));
    if (lateness.most < 1 || lateness.most > 1'000'000)
      return Fail(yaml.At(keys.at("most"), "`most` must be 1 to 1000000 partitions"));
  }
  if (keys.contains("mean")) {
    LATECOMER_ASSIGN_OR_RETURN(lateness.mean, yaml.Number(keys.at("mean"), "mean"));
    if (lateness.mean <= 0) return Fail(yaml.At(keys.at("mean"), "`mean` must be more than 0 partitions"));
  }
  if (shape != "lags") return lateness;
  if (!keys.contains("lags")) return Fail(yaml.At(node, "`lags` is missing: {1: 60%, 7: 40%}"));
  LATECOMER_ASSIGN_OR_RETURN(const auto entries, yaml.Entries(keys.at("lags"), "`lags`"));
  double total = 0;
  for (const YamlEntry& entry : entries) {
    LATECOMER_ASSIGN_OR_RETURN(const std::int64_t lag, yaml.Integer(entry.key_node, "a lag"));
    if (lag < 1 || lag > 1'000'000) return Fail(yaml.At(entry.key_node, "a lag must be 1 to 1000000 partitions"));
    const bool share = entry.value.IsScalar() && entry.value.Scalar().ends_with('%');
    LATECOMER_ASSIGN_OR_RETURN(const double weight,
                               share ? yaml.Placed(ParseShare(entry.value.Scalar()), entry.value, "a lag's share")
                                     : yaml.Number(entry.value, "a lag's weight"));
    if (weight < 0) return Fail(yaml.At(entry.value, "a lag's weight can't be negative"));
    total += weight;
    lateness.lags.emplace_back(lag, weight);
  }
  if (total <= 0) return Fail(yaml.At(keys.at("lags"), "there is no lag to choose"));
  return lateness;
}

Result<EventTime> ParseEventTime(const YamlReader& yaml, const YAML::Node& node) {
  LATECOMER_ASSIGN_OR_RETURN(const Keys keys,
                             yaml.Map(node, "`event_time`", {"field", "cadence", "time_zone", "current", "type"}));
  EventTime event_time;
  if (keys.contains("field")) {
    LATECOMER_ASSIGN_OR_RETURN(event_time.field, yaml.Text(keys.at("field"), "field"));
  }
  Cadence cadence;
  if (keys.contains("cadence")) {
    LATECOMER_ASSIGN_OR_RETURN(const std::string text, yaml.Text(keys.at("cadence"), "cadence"));
    LATECOMER_ASSIGN_OR_RETURN(cadence, yaml.Placed(ParseCadence(text), keys.at("cadence"), "cadence"));
  }
  TimeZone zone = TimeZone::Utc();
  if (keys.contains("time_zone")) {
    LATECOMER_ASSIGN_OR_RETURN(const std::string text, yaml.Text(keys.at("time_zone"), "time_zone"));
    LATECOMER_ASSIGN_OR_RETURN(zone, yaml.Placed(TimeZone::Load(text), keys.at("time_zone"), "time_zone"));
  }
  event_time.calendar = Calendar(cadence, std::move(zone));
  if (keys.contains("current")) {
    LATECOMER_ASSIGN_OR_RETURN(const std::string text, yaml.Text(keys.at("current"), "current"));
    LATECOMER_ASSIGN_OR_RETURN(event_time.current, yaml.Placed(ParseLocal(text), keys.at("current"), "current"));
  }
  if (keys.contains("type")) {
    LATECOMER_ASSIGN_OR_RETURN(const std::string type, yaml.Text(keys.at("type"), "type"));
    if (type != "date" && type != "timestamp") return Fail(yaml.At(keys.at("type"), "`type` is date or timestamp"));
    event_time.type = type == "date" ? CellKind::kDate : CellKind::kTimestamp;
  }
  return event_time;
}

Result<Spec> Parse(const YamlReader& yaml, const YAML::Node& root) {
  LATECOMER_ASSIGN_OR_RETURN(const Keys keys, yaml.Map(root, "a spec", kSpecKeys));
  for (const char* key : {"entity", "fields"}) {
    if (!keys.contains(key)) return Fail(yaml.At(root, std::string("`") + key + "` is missing"));
  }
  Spec spec;
  LATECOMER_ASSIGN_OR_RETURN(spec.entity, yaml.Text(keys.at("entity"), "entity"));
  LATECOMER_ASSIGN_OR_RETURN(spec.fields, ParseFields(yaml, keys.at("fields")));
  if (keys.contains("rows")) {
    LATECOMER_ASSIGN_OR_RETURN(spec.rows, yaml.Integer(keys.at("rows"), "rows"));
    if (spec.rows < 0) return Fail(yaml.At(keys.at("rows"), "`rows` can't be negative"));
  }
  if (keys.contains("seed")) {
    LATECOMER_ASSIGN_OR_RETURN(const std::int64_t seed, yaml.Integer(keys.at("seed"), "seed"));
    if (seed < 0) return Fail(yaml.At(keys.at("seed"), "`seed` can't be negative"));
    spec.seed = static_cast<std::uint64_t>(seed);
  }
  if (keys.contains("format")) {
    LATECOMER_ASSIGN_OR_RETURN(const std::string text, yaml.Text(keys.at("format"), "format"));
    LATECOMER_ASSIGN_OR_RETURN(spec.format, yaml.Placed(ParseFormat(text), keys.at("format"), "format"));
  }
  if (keys.contains("event_time")) {
    LATECOMER_ASSIGN_OR_RETURN(spec.event_time, ParseEventTime(yaml, keys.at("event_time")));
  }
  if (keys.contains("late_rows")) {
    LATECOMER_ASSIGN_OR_RETURN(const std::string text, yaml.Text(keys.at("late_rows"), "late_rows"));
    LATECOMER_ASSIGN_OR_RETURN(spec.late_rows, yaml.Placed(ParseShare(text), keys.at("late_rows"), "late_rows"));
  }
  if (keys.contains("lateness")) {
    LATECOMER_ASSIGN_OR_RETURN(spec.lateness, ParseLateness(yaml, keys.at("lateness")));
  }
  return spec;
}

}  // namespace

Result<Spec> ParseSpec(const std::string& yaml, const std::string& name) {
  const YamlReader reader(name);
  LATECOMER_ASSIGN_OR_RETURN(const YAML::Node root, reader.Load(yaml));
  try {
    return Parse(reader, root);
  } catch (const std::exception& problem) {  // yaml-cpp throws on wrong use of nodes
    return Fail(Error(ErrorKind::kInvalidFile, problem.what()).In(name));
  }
}

Status CheckSpec(const Spec& spec) {
  if (!spec.event_time) return {};
  const EventTime& event_time = *spec.event_time;
  for (const Field& field : spec.fields) {
    if (field.name == event_time.field) {
      return Fail(Error(ErrorKind::kInvalidArgument,
                        "the event-time field '" + Printable(field.name) + "' has the name of another field")
                      .Hint("name it differently"));
    }
  }
  if (!event_time.current) {
    return Fail(
        Error(ErrorKind::kInvalidArgument, "the current partition isn't given, so there is nothing to be late after")
            .Hint("add --current 2024-01-02, or `current` under `event_time` in the spec"));
  }
  if (event_time.type == CellKind::kDate && event_time.calendar.cadence().unit == CadenceUnit::kHour) {
    return Fail(Error(ErrorKind::kInvalidArgument, "a date can't tell the hours of an hourly cadence apart")
                    .Hint("use the type timestamp"));
  }
  return {};
}

Result<double> ParseShare(std::string_view text) {
  const std::string_view trimmed = Trim(text);
  double value = 0;
  if (trimmed.ends_with('%')) {
    const char* const end = trimmed.data() + trimmed.size() - 1;
    const auto parsed = std::from_chars(trimmed.data(), end, value);
    if (parsed.ec == std::errc() && parsed.ptr == end && value >= 0 && value <= 100) return value / 100;
  }
  return Fail(Error(ErrorKind::kInvalidArgument, "'" + Printable(text) + "' is no share")
                  .Hint("write 0% to 100%, for example 70%"));
}

Result<LocalTime> ParseLocal(std::string_view text) {
  const bool has_zone = text.size() > 10 && text.find_first_of("zZ+-", 10) != std::string_view::npos;
  auto instant = has_zone ? Result<Instant>(Fail(ErrorKind::kInvalidArgument, ""))
                          : ParseInstant(text.size() > 10 ? std::string(text) + "Z" : std::string(text));
  if (instant) return LocalTime(std::chrono::floor<std::chrono::seconds>(instant->time_since_epoch()));
  return Fail(Error(ErrorKind::kInvalidArgument, "'" + Printable(text) + "' is no date or time of day")
                  .Hint("for example 2024-01-02, or 2024-01-02T05:00:00 without a zone"));
}

Result<Format> ParseFormat(std::string_view text) {
  if (text == "json") return Format::kJson;
  if (text == "csv") return Format::kCsv;
  if (text == "parquet") return Format::kParquet;
  return Fail(
      Error(ErrorKind::kInvalidArgument, "there is no format '" + Printable(text) + "'").Hint("json, csv or parquet"));
}

const char* FormatName(Format format) {
  return format == Format::kJson ? "json" : format == Format::kCsv ? "csv" : "parquet";
}

}  // namespace latecomer::generate
