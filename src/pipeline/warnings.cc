#include "pipeline/pipeline.h"
#include "yaml/tree.h"

namespace latecomer::pipeline {
namespace {

class Collector {
 public:
  explicit Collector(const Pipeline& pipeline) {
    // The text was parsed before, so it parses again; without it warnings have no lines.
    if (Result<YamlNode> root = ParseYaml(pipeline.text, pipeline.file)) root_ = std::move(*root);
  }

  // Null when the file doesn't have it.
  const YamlNode* Find(std::string_view section, std::string_view key) const {
    const YamlNode* node = root_.Find(section);
    return node == nullptr ? nullptr : node->Find(key);
  }

  void Add(const YamlNode* at, std::string message) {
    warnings.push_back({at == nullptr ? 0 : at->line, std::move(message)});
  }

  std::vector<Warning> warnings;

 private:
  YamlNode root_;
};

void WarnOfDate(Collector& to, const Calendar& calendar, std::string_view section, std::string_view key,
                const std::optional<LocalTime>& date) {
  if (!date || calendar.Floor(*date) == *date) return;
  to.Add(to.Find(section, key), std::string(key) + " " + FormatLocal(*date) +
                                    " lies inside an interval, which begins at " + FormatLocal(calendar.Floor(*date)) +
                                    " and counts as earlier");
}

}  // namespace

std::vector<Warning> Warnings(const Pipeline& pipeline) {
  using lateness::Detect;
  Collector to(pipeline);
  const lateness::Rules& rules = pipeline.rules;
  WarnOfDate(to, rules.calendar, "schedule", "start", rules.start);
  WarnOfDate(to, rules.calendar, "late_data", "frozen_before", rules.frozen_before);
  if (rules.start && rules.frozen_before && *rules.frozen_before <= *rules.start) {
    to.Add(to.Find("late_data", "frozen_before"), "frozen_before lies before schedule.start and never has an effect");
  }
  if (pipeline.concurrency > pipeline.max_active_runs) {
    to.Add(to.Find("late_data", "concurrency"),
           "concurrency " + std::to_string(pipeline.concurrency) + " is more than schedule.max_active_runs " +
               std::to_string(pipeline.max_active_runs) + ", which limits backfills too");
  }
  if (rules.detect != Detect::kLookback && rules.lookback > 0) {
    to.Add(to.Find("late_data", "lookback"), "lookback has no effect without detect: lookback");
  }
  if (rules.settle_at_most > Duration::zero() && rules.settle_at_most < rules.settle_quiet) {
    to.Add(to.Find("late_data", "settle"), "settle.at_most is shorter than settle.quiet, which then has no effect");
  }
  if (rules.propagate == lateness::Propagate::kFollowing && !pipeline.depends_on_past) {
    to.Add(
        to.Find("late_data", "propagate"),
        "propagate: following without schedule.depends_on_past: a new interval may be built before the one it follows");
  }
  if (rules.detect == Detect::kOff) {
    to.Add(to.Find("late_data", "detect"), "detect: off never processes late data; it is shown as held");
  }
  return to.warnings;
}

}  // namespace latecomer::pipeline
