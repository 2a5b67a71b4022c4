// What really happened to the tables, kept apart from everything under test: which commits changed which
// partition's data, and what each output partition has to hold.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim_table.h"

namespace latecomer::simulation {

// A cron line with one time, of every day or of one of the week.
struct CronTime {
  int hour = 0;
  int minute = 0;
  std::optional<int> weekday;  // 0: Monday
};
// The first such time after the day is over.
std::int64_t DueMs(const CronTime& time, Day day);

// One of the tables that a pipeline reads.
struct SourceFacts {
  enum class Mapping { kDay, kWindow, kAll };
  std::string name;
  std::string location;
  Mapping mapping = Mapping::kDay;
  int window = 0;  // days before its own that an output is made from, too
};

// What the model has to know of a pipeline.
struct PipelineFacts {
  std::string id;
  std::vector<SourceFacts> sources;  // the first is mapped by day, and gives the outputs their keys
  std::string into;                  // location
  std::string step;                  // the one that writes
  bool by_country = false;
  bool workers_outside = false;
  std::optional<Day> start;
  bool fills_gaps = false;   // days without data between others are processed, too
  bool passes_over = false;  // days that are over when the first run begins are left out (`catch_up: false`)
  bool following = false;    // each day is built on the one before it
  int outputs = 1;           // that it has had
  // Schedulers may be at work that know a definition before; did one of those fill gaps?
  bool changed = false;
  bool filled_gaps = false;
  bool passed_over = false;
  std::optional<CronTime> ready;  // else a day is complete when a later one is there
  bool on_request = false;        // … or never: each first run is somebody's wish (`ready: manual`)
};

// The output partition that a source partition is folded into.
Slot Fold(const PipelineFacts& pipeline, const Slot& source);
// Is the output partition made from that partition of the source?
bool IsMadeFrom(const PipelineFacts& pipeline, const SourceFacts& source, const Slot& output, const Slot& from);

// Versions by name of a source.
using Versions = std::map<std::string, std::int64_t>;

class Truth {
 public:
  void OnCommit(const std::string& location, std::int64_t version, const SimCommit& commit);
  // The commits of (base, target] were gone before anybody read them.
  void OnBridged(const std::string& location, std::int64_t base, std::int64_t target);
  // The table is another one from now on.
  void OnReplaced(const std::string& location) { replaced_.insert(location); }
  // … and a person accepted it: each partition that it has, or the one before had, changed in its newest version.
  void OnAccepted(const SimTable& table);

  bool IsReplaced(const std::string& location) const { return replaced_.contains(location); }
  bool Bridged(const std::string& location, std::int64_t base, std::int64_t target) const;
  // The newest version in (base, target] that changed data of what the output partition is made from.
  std::optional<std::int64_t> NewestChange(const PipelineFacts& pipeline, const SourceFacts& source, const Slot& output,
                                           std::int64_t base, std::int64_t target) const;
  // Output partitions whose own day any data-changing commit ever touched: those that exist.
  std::set<Slot> Touched(const PipelineFacts& pipeline) const;
  // Did a commit up to these versions touch the output partition's own day?
  bool IsTouched(const PipelineFacts& pipeline, const Slot& output, const Versions& up_to) const;
  // Those and, where gaps are filled or were, the days between them.
  std::set<Slot> Exist(const PipelineFacts& pipeline) const;
  // A day that nothing touched, between two of the same country that something did; as far as these versions tell, or
  // the newest.
  bool IsGap(const PipelineFacts& pipeline, const Slot& output, const Versions* up_to = nullptr) const;

 private:
  std::map<std::string, std::map<Slot, std::vector<std::int64_t>>> changes_;  // by location, source partition
  std::map<std::string, std::vector<std::pair<std::int64_t, std::int64_t>>> bridged_;
  std::set<std::string> replaced_;
};

using FindTable = std::function<SimTable&(const std::string& location)>;
// Has any source that goes by days rows of the output partition's own day, at these versions?
bool HasOwnRows(const PipelineFacts& pipeline, const FindTable& find_table, const Versions& at, const Slot& output);
// The rows that make up an output partition, from the sources' newest versions alone; of one that is built on the day
// before, from what that holds, too.
std::vector<std::int64_t> ExpectedContent(const PipelineFacts& pipeline, const FindTable& find_table, const Slot& slot);
// The rows that the output holds.
std::vector<std::int64_t> ActualContent(const SimTable& output, const Slot& slot);

}  // namespace latecomer::simulation
