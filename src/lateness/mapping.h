// Which intervals of a source an output interval is made from, and the reverse. Pure calendar arithmetic.
//
// Intervals are named by their aligned local start: of the source's calendar on one side, of the output's on the
// other. Both directions say the same: b is among SourceStarts(a) exactly when a is among OutputStarts(b).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/cadence.h"
#include "base/result.h"

namespace latecomer::lateness {

struct Mapping {
  enum class Kind {
    kIdentity,  // the interval of the same time
    kWindow,    // that one and the `window` before it
    kRollup,    // all intervals that begin in the output's longer one
    kAll,       // every partition
    kLatest,    // the newest partition at the pinned version, or the whole table when it has no intervals
  };
  Kind kind = Kind::kIdentity;
  int window = 0;  // with kWindow, at least 1
  friend bool operator==(const Mapping&, const Mapping&) = default;
};

// Identity, window and roll-up go by time; `all` and `latest` don't.
bool GoesByTime(const Mapping& mapping);

// "identity", "window: 7", "rollup", "all", "latest"
std::string FormatMapping(const Mapping& mapping);

// For mappings that go by time. Ascending; never empty, except for a roll-up whose interval is so short in a zone that
// no source interval begins in it.
std::vector<LocalTime> SourceStarts(const Mapping& mapping, const Calendar& source, const Calendar& output,
                                    LocalTime output_start);
std::vector<LocalTime> OutputStarts(const Mapping& mapping, const Calendar& source, const Calendar& output,
                                    LocalTime source_start);

// The output interval that a source interval stands for by itself: the first of OutputStarts. A window's outputs exist
// where their own interval has data, not wherever older data reaches.
LocalTime OwnOutput(const Mapping& mapping, const Calendar& source, const Calendar& output, LocalTime source_start);

// Does each interval of `shorter` lie within one of `longer`?
bool Nests(const Cadence& shorter, const Cadence& longer);

// kInvalidArgument, with what to write instead as its hint, when a mapping doesn't fit the two calendars: identity and
// window need equal ones, a roll-up a longer output in which the source's intervals nest.
Status CheckMapping(const Mapping& mapping, const Calendar& source, const Calendar& output);

}  // namespace latecomer::lateness
