#include "lateness/reasons.h"

#include <algorithm>
#include <map>
#include <optional>

namespace latecomer::lateness {
namespace {

// "version 3", "versions 3 and 5", "versions 3 to 9"
std::string DescribeVersions(const std::vector<const Change*>& changes) {
  std::vector<Version> versions;
  for (const Change* change : changes) versions.push_back(change->version);
  std::sort(versions.begin(), versions.end());
  versions.erase(std::unique(versions.begin(), versions.end()), versions.end());
  const std::string first = std::to_string(versions.front().value);
  const std::string last = std::to_string(versions.back().value);
  if (versions.size() == 1) return "version " + first;
  if (versions.size() == 2) return "versions " + first + " and " + last;
  const bool without_gaps =
      versions.back().value - versions.front().value + 1 == static_cast<std::int64_t>(versions.size());
  if (without_gaps) return "versions " + first + " to " + last;
  return "versions " + first + " to " + last + " (" + std::to_string(versions.size()) + " commits)";
}

// "1 file, 100 rows"
std::string DescribeCounts(const std::vector<Change>& changes) {
  std::int64_t files = 0;
  std::optional<std::int64_t> rows = 0;
  for (const Change& change : changes) {
    const table::ChangeCounts& counts = change.counts;
    files += counts.files_added + counts.files_removed;
    if (rows && counts.rows_added && counts.rows_removed) {
      *rows += *counts.rows_added + *counts.rows_removed;
    } else {
      rows.reset();
    }
  }
  return Count(files, "file") + ", " + (rows ? Count(*rows, "row") : "an unknown number of rows");
}

}  // namespace

std::string Count(std::int64_t number, std::string_view noun) {
  return std::to_string(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

std::string DescribeLateness(Duration lateness) {
  if (lateness < Duration::zero()) return HumanDuration(-lateness) + " before the interval's end";
  return HumanDuration(lateness) + " after the interval's end";
}

std::string DescribeVector(const VersionVector& vector) {
  std::string text;
  for (const auto& [source, version] : vector) {
    if (!text.empty()) text += ", ";
    text += source + " version " + std::to_string(version.value);
  }
  return text;
}

std::string DescribeChanges(const std::vector<Change>& changes, const std::optional<Interval>& interval) {
  if (changes.empty()) return "changes that are on no record";
  std::map<std::string, std::vector<const Change*>> by_source;
  const Change* newest = &changes.front();
  bool assumed = false;
  for (const Change& change : changes) {
    by_source[change.source].push_back(&change);
    if (change.timestamp >= newest->timestamp) newest = &change;
    assumed = assumed || change.assumed;
  }
  std::string text;
  for (const auto& [source, list] : by_source) {
    if (!text.empty()) text += ", ";
    text += source + " " + DescribeVersions(list);
  }
  text += ": " + DescribeCounts(changes);
  if (interval) {
    text += ", ";
    if (changes.size() > 1) text += "the last ";
    text += DescribeLateness(newest->timestamp - interval->end);
  }
  if (assumed) text += " (assumed: a part of the history is gone)";
  return text;
}

}  // namespace latecomer::lateness
