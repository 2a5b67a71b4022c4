#include <limits>

#include "pipeline/parse.h"

namespace latecomer::pipeline {
namespace {

using lateness::Ready;

constexpr std::int64_t kMostInt = 1'000'000;

Status ReadOptionalDate(const YamlReader& reader, const YamlNode& section, const std::string& key,
                        const std::string& what, std::optional<LocalTime>& into) {
  const YamlNode* node = section.Find(key);
  if (node == nullptr) return {};
  LATECOMER_ASSIGN_OR_RETURN(into, reader.Date(*node, what + "." + key));
  return {};
}

Status ReadOptionalBool(const YamlReader& reader, const YamlNode& section, const std::string& key,
                        const std::string& what, bool& into) {
  const YamlNode* node = section.Find(key);
  if (node == nullptr) return {};
  LATECOMER_ASSIGN_OR_RETURN(into, reader.Bool(*node, what + "." + key));
  return {};
}

template <typename Integer>
Status ReadOptionalInteger(const YamlReader& reader, const YamlNode& section, const std::string& key,
                           const std::string& what, std::int64_t least, Integer& into) {
  const YamlNode* node = section.Find(key);
  if (node == nullptr) return {};
  const std::int64_t most = sizeof(Integer) > 4 ? std::numeric_limits<std::int64_t>::max() : kMostInt;
  LATECOMER_ASSIGN_OR_RETURN(const std::int64_t value, reader.Integer(*node, what + "." + key, least, most));
  into = static_cast<Integer>(value);
  return {};
}

// Five or six fields, or "@daily".
bool LooksLikeCron(const std::string& text) {
  return text.starts_with('@') ||
         (text.find(' ') != std::string::npos && text.find_first_of("*/0123456789") != std::string::npos);
}

Status ParseNextPartition(const YamlReader& reader, const YamlNode& node, Ready& ready) {
  ready.kind = Ready::Kind::kNextPartition;
  LATECOMER_RETURN_IF_ERROR(reader.ExpectKeys(node, "ready.next_partition", {"at_latest"}));
  if (const YamlNode* at_latest = node.Find("at_latest")) {
    LATECOMER_ASSIGN_OR_RETURN(ready.at_latest, reader.Span(*at_latest, "ready.next_partition.at_latest"));
  }
  return {};
}

Status ParseCron(const YamlReader& reader, const YamlNode& node, Ready& ready) {
  LATECOMER_ASSIGN_OR_RETURN(const std::string text, reader.Text(node, "schedule.ready"));
  auto line = CronLine::Parse(text);
  if (!line) {
    Error error = reader.Invalid(node, line.error().message);
    error.hint = line.error().hint;
    return Fail(std::move(error));
  }
  ready.kind = Ready::Kind::kCron;
  ready.cron = std::move(*line);
  return {};
}

// next_partition, manual, a cron line, {next_partition: {at_latest: 26h}} or {delay: 2h}.
Status ParseReady(const YamlReader& reader, const YamlNode& node, Ready& ready) {
  if (node.kind == YamlNode::Kind::kScalar) {
    if (LooksLikeCron(node.text)) return ParseCron(reader, node, ready);
    LATECOMER_ASSIGN_OR_RETURN(ready.kind, reader.Choice<Ready::Kind>(node, "schedule.ready",
                                                                      {{"next_partition", Ready::Kind::kNextPartition},
                                                                       {"manual", Ready::Kind::kManual}},
                                                                      {{"delay", "write {delay: 2h}"}}));
    return {};
  }
  LATECOMER_RETURN_IF_ERROR(reader.ExpectKeys(node, "schedule.ready", {"next_partition", "delay"},
                                              {{"cron", "write the line itself: ready: \"0 3 * * *\""}}));
  if (node.entries.size() != 1) {
    return Fail(
        reader.Invalid(node, "schedule.ready must be exactly one of next_partition, delay, a cron line or manual"));
  }
  const YamlNode& value = node.entries.front().value;
  if (node.entries.front().key == "next_partition") return ParseNextPartition(reader, value, ready);
  ready.kind = Ready::Kind::kDelay;
  LATECOMER_ASSIGN_OR_RETURN(ready.delay, reader.Span(value, "schedule.ready.delay"));
  return {};
}

// {quiet: 10m, at_most: 1h}; a bare duration is the quiet time.
Status ParseSettle(const YamlReader& reader, const YamlNode& node, lateness::Rules& rules) {
  if (node.kind == YamlNode::Kind::kScalar) {
    LATECOMER_ASSIGN_OR_RETURN(rules.settle_quiet, reader.Span(node, "late_data.settle"));
    return {};
  }
  LATECOMER_RETURN_IF_ERROR(reader.ExpectKeys(node, "late_data.settle", {"quiet", "at_most"}));
  const YamlNode* quiet = node.Find("quiet");
  if (quiet == nullptr) return Fail(reader.Missing(node, "quiet"));
  LATECOMER_ASSIGN_OR_RETURN(rules.settle_quiet, reader.Span(*quiet, "late_data.settle.quiet"));
  if (const YamlNode* at_most = node.Find("at_most")) {
    LATECOMER_ASSIGN_OR_RETURN(rules.settle_at_most, reader.Span(*at_most, "late_data.settle.at_most"));
  }
  return {};
}

Status ParseDetect(const YamlReader& reader, const YamlNode& node, lateness::Rules& rules) {
  using lateness::Detect;
  const std::vector<std::pair<std::string, Detect>> ways = {
      {"changes", Detect::kChanges}, {"lookback", Detect::kLookback}, {"off", Detect::kOff}};
  if (const YamlNode* detect = node.Find("detect")) {
    LATECOMER_ASSIGN_OR_RETURN(rules.detect, reader.Choice<Detect>(*detect, "late_data.detect", ways));
  }
  LATECOMER_RETURN_IF_ERROR(ReadOptionalInteger(reader, node, "lookback", "late_data", 1, rules.lookback));
  if (rules.detect == Detect::kLookback && rules.lookback == 0) {
    Error error = reader.Missing(node, "lookback");
    error.hint = "detect: lookback needs the number of partitions to process again: `lookback: 2`";
    return Fail(std::move(error));
  }
  return {};
}

// Cumulative outputs are built on the one before them.
Status ParsePropagate(const YamlReader& reader, const YamlNode& node, lateness::Rules& rules) {
  using lateness::Propagate;
  LATECOMER_ASSIGN_OR_RETURN(
      rules.propagate, reader.Choice<Propagate>(node, "late_data.propagate",
                                                {{"none", Propagate::kNone}, {"following", Propagate::kFollowing}}));
  if (rules.propagate == Propagate::kFollowing && rules.detect != lateness::Detect::kChanges) {
    return Fail(reader.Invalid(node, "propagate: following goes with detect: changes only"));
  }
  return {};
}

Status ParseEmptyPartitions(const YamlReader& reader, const YamlNode& node, lateness::Rules& rules) {
  using lateness::EmptyPartitions;
  LATECOMER_ASSIGN_OR_RETURN(rules.empty_partitions, reader.Choice<EmptyPartitions>(node, "schedule.empty_partitions",
                                                                                    {{"skip", EmptyPartitions::kSkip},
                                                                                     {"run", EmptyPartitions::kRun}}));
  if (rules.empty_partitions == EmptyPartitions::kRun && !rules.start) {
    Error error = reader.Invalid(node, "empty_partitions: run needs schedule.start");
    error.hint = "one partition with a date of long ago would make thousands of intervals due";
    return Fail(std::move(error));
  }
  return {};
}

}  // namespace

Status ParseSchedule(const YamlReader& reader, const YamlNode& node, Pipeline& pipeline) {
  LATECOMER_RETURN_IF_ERROR(reader.ExpectKeys(node, "schedule",
                                              {"start", "end", "ready", "empty_partitions", "max_active_runs",
                                               "depends_on_past", "catch_up", "wait_for_upstream", "workers"},
                                              {{"cron", "use ready"}}));
  lateness::Rules& rules = pipeline.rules;
  LATECOMER_RETURN_IF_ERROR(ReadOptionalDate(reader, node, "start", "schedule", rules.start));
  LATECOMER_RETURN_IF_ERROR(ReadOptionalDate(reader, node, "end", "schedule", rules.end));
  if (rules.start && rules.end && *rules.end < *rules.start) {
    return Fail(reader.Invalid(*node.Find("end"), "schedule.end lies before schedule.start"));
  }
  if (const YamlNode* ready = node.Find("ready")) LATECOMER_RETURN_IF_ERROR(ParseReady(reader, *ready, rules.ready));
  if (const YamlNode* empty = node.Find("empty_partitions")) {
    LATECOMER_RETURN_IF_ERROR(ParseEmptyPartitions(reader, *empty, rules));
  }
  LATECOMER_RETURN_IF_ERROR(
      ReadOptionalInteger(reader, node, "max_active_runs", "schedule", 1, pipeline.max_active_runs));
  LATECOMER_RETURN_IF_ERROR(ReadOptionalBool(reader, node, "depends_on_past", "schedule", pipeline.depends_on_past));
  rules.depends_on_past = pipeline.depends_on_past;
  LATECOMER_RETURN_IF_ERROR(
      ReadOptionalBool(reader, node, "wait_for_upstream", "schedule", pipeline.wait_for_upstream));
  if (const YamlNode* workers = node.Find("workers")) {
    LATECOMER_ASSIGN_OR_RETURN(
        pipeline.workers,
        reader.Choice<Workers>(*workers, "schedule.workers", {{"own", Workers::kOwn}, {"outside", Workers::kOutside}}));
  }
  return ReadOptionalBool(reader, node, "catch_up", "schedule", rules.catch_up);
}

Status ParseLateData(const YamlReader& reader, const YamlNode& node, Pipeline& pipeline) {
  using lateness::HoldOrProcess;
  using lateness::Order;
  const std::string what = "late_data";
  LATECOMER_RETURN_IF_ERROR(reader.ExpectKeys(
      node, what,
      {"detect", "lookback", "allowed_lateness", "frozen_before", "settle", "min_rows", "emptied", "no_interval",
       "max_backfills", "concurrency", "order", "max_wait", "propagate", "retry_failed_after"}));
  lateness::Rules& rules = pipeline.rules;
  LATECOMER_RETURN_IF_ERROR(ParseDetect(reader, node, rules));
  if (const YamlNode* allowed = node.Find("allowed_lateness")) {
    LATECOMER_ASSIGN_OR_RETURN(rules.allowed_lateness, reader.Span(*allowed, "late_data.allowed_lateness"));
  }
  LATECOMER_RETURN_IF_ERROR(ReadOptionalDate(reader, node, "frozen_before", what, rules.frozen_before));
  if (const YamlNode* settle = node.Find("settle")) LATECOMER_RETURN_IF_ERROR(ParseSettle(reader, *settle, rules));
  LATECOMER_RETURN_IF_ERROR(ReadOptionalInteger(reader, node, "min_rows", what, 0, rules.min_rows));
  if (const YamlNode* emptied = node.Find("emptied")) {
    LATECOMER_ASSIGN_OR_RETURN(rules.emptied, reader.Choice<HoldOrProcess>(*emptied, "late_data.emptied",
                                                                           {{"hold", HoldOrProcess::kHold},
                                                                            {"process", HoldOrProcess::kProcess}}));
  }
  if (const YamlNode* no_interval = node.Find("no_interval")) {
    LATECOMER_ASSIGN_OR_RETURN(rules.no_interval, reader.Choice<HoldOrProcess>(*no_interval, "late_data.no_interval",
                                                                               {{"hold", HoldOrProcess::kHold},
                                                                                {"process", HoldOrProcess::kProcess}}));
  }
  if (const YamlNode* again = node.Find("retry_failed_after")) {
    LATECOMER_ASSIGN_OR_RETURN(rules.retry_failed_after, reader.Span(*again, "late_data.retry_failed_after"));
    if (*rules.retry_failed_after == Duration::zero()) {
      return Fail(reader.Invalid(*again, "retry_failed_after must be longer than 0"));
    }
  }
  if (const YamlNode* propagate = node.Find("propagate")) {
    LATECOMER_RETURN_IF_ERROR(ParsePropagate(reader, *propagate, rules));
  }
  LATECOMER_RETURN_IF_ERROR(ReadOptionalInteger(reader, node, "max_backfills", what, 1, rules.max_backfills));
  LATECOMER_RETURN_IF_ERROR(ReadOptionalInteger(reader, node, "concurrency", what, 1, pipeline.concurrency));
  if (const YamlNode* order = node.Find("order")) {
    LATECOMER_ASSIGN_OR_RETURN(rules.order, reader.Choice<Order>(*order, "late_data.order",
                                                                 {{"oldest_first", Order::kOldestFirst},
                                                                  {"newest_first", Order::kNewestFirst},
                                                                  {"most_rows", Order::kMostRows}}));
  }
  if (const YamlNode* max_wait = node.Find("max_wait")) {
    LATECOMER_ASSIGN_OR_RETURN(pipeline.max_wait, reader.Span(*max_wait, "late_data.max_wait"));
  }
  return {};
}

}  // namespace latecomer::pipeline
