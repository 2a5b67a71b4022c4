#include "cli/lateness_text.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/text_table.h"

namespace latecomer::cli {
namespace {

using lateness::Arrival;
using lateness::Arrivals;
using lateness::ArrivalTotal;
using lateness::Bucket;
using lateness::Group;
using lateness::LatenessReport;
using lateness::LookbackRow;

constexpr std::size_t kMostListed = 10;

std::string Percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f %%", share * 100);
  return text;
}

std::string Plural(std::int64_t number, const std::string& noun) {
  return GroupDigits(number) + " " + noun + (number == 1 ? "" : "s");
}

// "1,234 rows in 5 changes", "~" before rows that are added minus removed, "?" for what isn't known.
std::string TotalText(const ArrivalTotal& total) {
  std::string rows = (total.estimate ? "~" : "") + Plural(total.rows, "row");
  if (total.unknown_changes > 0) rows += " and an unknown number";
  return rows + " in " + Plural(total.changes, "change");
}

std::string BucketName(const std::vector<Bucket>& buckets, std::size_t i) {
  if (!buckets[i].up_to) return i == 0 ? "more than 365 d" : "more";
  return "up to " + HumanDuration(*buckets[i].up_to);
}

std::int64_t SizeOf(const Bucket& bucket, bool by_rows) {
  return by_rows ? bucket.rows : bucket.changes;
}

std::int64_t LargestOf(const LatenessReport& report) {
  std::int64_t largest = 1;
  for (const Bucket& bucket : report.histogram) largest = std::max(largest, SizeOf(bucket, report.by_rows));
  return largest;
}

void PrintSummary(Context& context, const LatenessSubject& subject, const Arrivals& arrivals,
                  const LatenessReport& report) {
  std::string columns;
  for (const std::string& name : subject.columns) columns += (columns.empty() ? "" : ", ") + name;
  context.out << Printable(subject.location) << ": " << Plural(arrivals.commits, "commit") << ", versions "
              << subject.versions.base.Next().value << " to " << subject.versions.target.value << "; "
              << Plural(static_cast<std::int64_t>(arrivals.intervals.size()), "partition") << " by "
              << Printable(columns) << ", every " << FormatCadence(subject.calendar.cadence()) << ", "
              << subject.calendar.zone().name() << "\n\n";
  if (report.late.changes == 0) {
    context.out << "nothing came late\n";
  } else {
    context.out << "late          " << TotalText(report.late) << ", to " << Plural(report.late_intervals, "partition")
                << ": " << Percent(report.share) << " of the " << (report.by_rows ? "rows" : "changes")
                << " that came\n";
  }
  context.out << "on time       " << TotalText(arrivals.total(Arrival::kOnTime)) << '\n'
              << "first, after  " << TotalText(arrivals.total(Arrival::kFirstDelivery))
              << ": first data of a new partition, after its end\n"
              << "not counted   initial loads: " << TotalText(arrivals.total(Arrival::kInitialLoad)) << '\n'
              << "              rewrites and deletions: " << Plural(arrivals.total(Arrival::kRewrite).changes, "change")
              << '\n';
  if (arrivals.total(Arrival::kNoInterval).changes > 0) {
    context.out << "              null or unreadable keys: " << TotalText(arrivals.total(Arrival::kNoInterval)) << '\n';
  }
}

void PrintHistogram(Context& context, const LatenessReport& report) {
  const lateness::Percentiles& p = report.percentiles;
  context.out << "\nhow late (of the late " << (report.by_rows ? "rows" : "changes") << "): 50 % within "
              << HumanDuration(p.p50) << ", 90 % " << HumanDuration(p.p90) << ", 95 % " << HumanDuration(p.p95)
              << ", 99 % " << HumanDuration(p.p99) << ", all " << HumanDuration(p.max) << '\n';
  const std::int64_t largest = LargestOf(report);
  const int room = std::clamp(context.width - 32, 10, 50);
  for (std::size_t i = 0; i < report.histogram.size(); ++i) {
    const std::int64_t size = SizeOf(report.histogram[i], report.by_rows);
    const auto width = size == 0 ? 0 : std::max<std::int64_t>(1, size * room / largest);
    std::string bar;
    for (std::int64_t j = 0; j < width; ++j) bar += "█";
    char label[32];
    std::snprintf(label, sizeof label, "  %-14s ", BucketName(report.histogram, i).c_str());
    context.out << label << bar << (bar.empty() ? "" : " ") << GroupDigits(size) << '\n';
  }
}

void PrintGroups(Context& context, const LatenessReport& report) {
  TextTable months({{"MONTH"},
                    {"LATE ROWS", Align::kRight},
                    {"CHANGES", Align::kRight},
                    {"OF ROWS", Align::kRight},
                    {"LATEST", Align::kRight}});
  for (const Group& group : report.by_month) {
    const double share =
        group.arrived_rows == 0 ? 0 : static_cast<double>(group.late_rows) / static_cast<double>(group.arrived_rows);
    months.Add({FormatLocal(group.start).substr(0, 7), GroupDigits(group.late_rows), GroupDigits(group.late_changes),
                Percent(share), group.late_changes > 0 ? HumanDuration(group.max_lateness) : "-"});
  }
  context.out << '\n';
  months.Print(context.out, context.color);

  std::vector<Group> most = report.by_interval;
  std::stable_sort(most.begin(), most.end(), [](const Group& a, const Group& b) {
    return std::make_pair(a.late_rows, a.late_changes) > std::make_pair(b.late_rows, b.late_changes);
  });
  const std::size_t shown = std::min(most.size(), kMostListed);
  TextTable partitions(
      {{"PARTITION"}, {"LATE ROWS", Align::kRight}, {"CHANGES", Align::kRight}, {"LATEST", Align::kRight}});
  for (std::size_t i = 0; i < shown; ++i) {
    partitions.Add({FormatLocal(most[i].start), GroupDigits(most[i].late_rows), GroupDigits(most[i].late_changes),
                    HumanDuration(most[i].max_lateness)});
  }
  context.out << '\n';
  partitions.Print(context.out, context.color);
  if (shown < most.size())
    context.out << "and " << Plural(static_cast<std::int64_t>(most.size() - shown), "more partition") << '\n';
}

void PrintLookback(Context& context, const LatenessReport& report) {
  TextTable table({{"LOOK-BACK", Align::kRight},
                   {"MISSED CHANGES", Align::kRight},
                   {"MISSED ROWS", Align::kRight},
                   {"PROCESSED AGAIN", Align::kRight},
                   {"FOR NOTHING", Align::kRight}});
  for (const LookbackRow& row : lateness::WorthShowing(report.lookback)) {
    table.Add({std::to_string(row.n), GroupDigits(row.missed_changes), GroupDigits(row.missed_rows),
               GroupDigits(row.processed_again), GroupDigits(row.for_nothing)});
  }
  context.out << "\nwith the last N partitions processed again by each scheduled run, instead of those that changed:\n";
  table.Print(context.out, context.color);
}

nlohmann::ordered_json Seconds(Duration duration) {
  return static_cast<double>(duration.count()) / 1000.0;
}

nlohmann::ordered_json TotalJson(const ArrivalTotal& total) {
  return {{"changes", total.changes},
          {"rows", total.rows},
          {"changes_with_unknown_rows", total.unknown_changes},
          {"estimate", total.estimate}};
}

nlohmann::ordered_json GroupsJson(const std::vector<Group>& groups, const char* name, std::size_t name_size) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Group& group : groups) {
    const auto share = group.LateShare();
    list.push_back({{name, FormatLocal(group.start).substr(0, name_size)},
                    {"late_share", share ? nlohmann::ordered_json(*share) : nlohmann::ordered_json()},
                    {"late_changes", group.late_changes},
                    {"late_rows", group.late_rows},
                    {"rows", group.arrived_rows},
                    {"max_lateness_seconds", Seconds(group.max_lateness)}});
  }
  return list;
}

}  // namespace

void PrintLateness(Context& context, const LatenessSubject& subject, const Arrivals& arrivals,
                   const LatenessReport& report) {
  PrintSummary(context, subject, arrivals, report);
  if (report.late.changes > 0) {
    PrintHistogram(context, report);
    PrintGroups(context, report);
    PrintLookback(context, report);
  }
  context.out << "\nfor the pipeline file:\n\n" << report.suggestion;
}

nlohmann::ordered_json LatenessJson(const LatenessSubject& subject, const Arrivals& arrivals,
                                    const LatenessReport& report) {
  nlohmann::ordered_json json;
  json["table"] = subject.location;
  json["partition"] = subject.columns;
  json["cadence"] = FormatCadence(subject.calendar.cadence());
  json["time_zone"] = subject.calendar.zone().name();
  json["first_version"] = subject.versions.base.Next().value;
  json["last_version"] = subject.versions.target.value;
  json["partitions"] = arrivals.intervals.size();
  json["on_time"] = TotalJson(arrivals.total(Arrival::kOnTime));
  json["first_deliveries"] = TotalJson(arrivals.total(Arrival::kFirstDelivery));
  json["initial_loads"] = TotalJson(arrivals.total(Arrival::kInitialLoad));
  json["rewrites"] = TotalJson(arrivals.total(Arrival::kRewrite));
  json["no_interval"] = TotalJson(arrivals.total(Arrival::kNoInterval));
  json["late"] = TotalJson(report.late);
  json["late_partitions"] = report.late_intervals;
  json["weighted_by"] = report.by_rows ? "rows" : "changes";
  json["late_share"] = report.share;
  const lateness::Percentiles& p = report.percentiles;
  json["lateness_seconds"] = report.late.changes == 0 ? nlohmann::ordered_json()
                                                      : nlohmann::ordered_json{{"p50", Seconds(p.p50)},
                                                                               {"p90", Seconds(p.p90)},
                                                                               {"p95", Seconds(p.p95)},
                                                                               {"p99", Seconds(p.p99)},
                                                                               {"max", Seconds(p.max)}};
  json["histogram"] = nlohmann::ordered_json::array();
  for (const Bucket& bucket : report.histogram) {
    json["histogram"].push_back({{"up_to_seconds", bucket.up_to ? Seconds(*bucket.up_to) : nlohmann::ordered_json()},
                                 {"changes", bucket.changes},
                                 {"rows", bucket.rows}});
  }
  json["by_partition"] = GroupsJson(report.by_interval, "start", std::string::npos);
  json["by_month"] = GroupsJson(report.by_month, "month", 7);
  json["lookback"] = nlohmann::ordered_json::array();
  for (const LookbackRow& row : report.lookback) {
    json["lookback"].push_back({{"n", row.n},
                                {"missed_changes", row.missed_changes},
                                {"missed_rows", row.missed_rows},
                                {"processed_again", row.processed_again},
                                {"for_nothing", row.for_nothing}});
  }
  json["suggestion"] = report.suggestion;
  return json;
}

Drawing LatenessDrawing(const LatenessSubject& subject, const LatenessReport& report) {
  constexpr int kWidth = 880;
  constexpr int kRow = 26;
  constexpr int kLeft = 150;   // where bars begin
  constexpr int kRight = 110;  // left free for the numbers behind the bars
  constexpr int kTop = 78;
  constexpr std::uint32_t kBar = 0x3b6ea8;
  constexpr std::uint32_t kMuted = 0x5c6670;
  constexpr std::size_t kMostCharacters = (kWidth - 20) / Drawing::kCharacterWidth;
  const auto cut = [](const std::string& text) {  // the end of a path tells more than its beginning
    return text.size() <= kMostCharacters ? text : "..." + text.substr(text.size() - (kMostCharacters - 3));
  };
  Drawing drawing;
  drawing.width = kWidth;
  drawing.height = kTop + kRow * static_cast<int>(std::max<std::size_t>(report.histogram.size(), 1)) + 14;
  const std::string what = report.by_rows ? "rows" : "changes";
  drawing.texts.push_back({10, 24, "Late " + what + " by how late they came", Anchor::kStart, true, 0});
  drawing.texts.push_back({10, 44, cut(subject.location), Anchor::kStart, false, kMuted});
  if (report.histogram.empty()) {
    drawing.texts.push_back({10, kTop, "nothing came late", Anchor::kStart, false, 0});
    return drawing;
  }
  const lateness::Percentiles& p = report.percentiles;
  drawing.texts.push_back({10, 62,
                           Percent(report.share) + " of the " + what + " came late: half within " +
                               HumanDuration(p.p50) + ", 99 % within " + HumanDuration(p.p99) + ", all within " +
                               HumanDuration(p.max),
                           Anchor::kStart, false, kMuted});
  const auto largest = static_cast<double>(LargestOf(report));
  for (std::size_t i = 0; i < report.histogram.size(); ++i) {
    const std::int64_t size = SizeOf(report.histogram[i], report.by_rows);
    const int y = kTop + kRow * static_cast<int>(i);
    const auto width = static_cast<int>(static_cast<double>(size) / largest * (kWidth - kLeft - kRight));
    drawing.texts.push_back({kLeft - 8, y + 17, BucketName(report.histogram, i), Anchor::kEnd, false, 0});
    if (size > 0) drawing.boxes.push_back({kLeft, y + 2, std::max(width, 1), 20, kBar});
    drawing.texts.push_back({kLeft + std::max(width, 0) + 6, y + 17, GroupDigits(size), Anchor::kStart, false, 0});
  }
  return drawing;
}

}  // namespace latecomer::cli
