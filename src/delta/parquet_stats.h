// Statistics of an add action from the footer of its Parquet file (Delta protocol, "Per-file Statistics").
#pragma once

#include <set>
#include <string>

namespace parquet {
class FileMetaData;
}

namespace latecomer::delta {

// {"numRecords":…,"minValues":{…},"maxValues":{…},"nullCount":{…}} for the first 32 columns; nested, binary and
// boolean ones have no bounds. Texts are cut at 32 characters, upper bounds then raised. Parquet's bounds leave
// NaN out, which Spark takes for the largest number: the columns named in `with_nan` get none.
std::string StatsJson(const parquet::FileMetaData& metadata, const std::set<std::string>& with_nan);

// A text's lower and upper bound of at most 32 characters (the upper: 33). The upper is empty when there is none.
std::string LowerBound(const std::string& text);
std::string UpperBound(const std::string& text);

}  // namespace latecomer::delta
