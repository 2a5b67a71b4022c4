// What incremental planning reads: places in time, marks, and up to where everything else is settled.
#include <algorithm>
#include <limits>

#include "ledger/record_text.h"
#include "ledger/sql_rows.h"
#include "ledger/sql_transaction.h"

namespace latecomer::ledger {
namespace {

// In columns of local starts: null says that nobody has placed the row yet.
constexpr std::int64_t kNoInterval = std::numeric_limits<std::int64_t>::min();

std::int64_t Seconds(LocalTime local) {
  return local.time_since_epoch().count();
}

std::int64_t Place(const std::optional<LocalTime>& start) {
  return start ? Seconds(*start) : kNoInterval;
}

Result<std::optional<LocalTime>> ReadStart(const Row& row) {
  if (row.IsNull(0)) return std::optional<LocalTime>();
  return std::optional(LocalTime(std::chrono::seconds(row.Integer(0))));
}

Result<PlacedPartition> ReadPlaced(const Row& row) {
  PlacedPartition placed;
  LATECOMER_ASSIGN_OR_RETURN(placed.partition, ReadSourcePartition(row));
  const std::int64_t start = row.Integer(kSourcePartitionColumnCount);
  if (start != kNoInterval) placed.start = LocalTime(std::chrono::seconds(start));
  return placed;
}

Result<SettledRecord> ReadSettled(const Row& row) {
  SettledRecord record;
  record.pipeline = Owned(row, 0);
  record.shape = Owned(row, 1);
  LATECOMER_ASSIGN_OR_RETURN(record.up_to, VectorFromJson(row.Text(2)));
  if (!row.IsNull(3)) record.frontier = LocalTime(std::chrono::seconds(row.Integer(3)));
  return record;
}

Result<MarkRecord> ReadMark(const Row& row) {
  return MarkRecord{.partition = Owned(row, 0), .number = row.Integer(1)};
}

#define LATECOMER_OF_TABLE "table_key = (SELECT id FROM source_tables WHERE location = $1)"

// The places first: they say in which order, and how few.
#define LATECOMER_PLACED                                                           \
  "FROM partition_starts AS places JOIN readings ON readings.id = places.reading " \
  "JOIN source_partitions AS parts ON parts.table_key = readings.table_key AND parts.partition_key = places.part "

}  // namespace

Result<std::optional<SourcePartitionRecord>> SqlTransaction::FindSourcePartition(const std::string& location,
                                                                                 const std::string& key) {
  return One<SourcePartitionRecord>("SELECT " LATECOMER_SOURCE_PARTITION_COLUMNS
                                    " FROM source_partitions WHERE " LATECOMER_OF_TABLE " AND partition_key = $2",
                                    {std::string_view(location), std::string_view(key)}, ReadSourcePartition);
}

Result<std::vector<SourcePartitionRecord>> SqlTransaction::SourcePartitionsChangedAfter(const std::string& location,
                                                                                        Version after) {
  return All<SourcePartitionRecord>("SELECT " LATECOMER_SOURCE_PARTITION_COLUMNS
                                    " FROM source_partitions WHERE " LATECOMER_OF_TABLE
                                    " AND last_changed > $2 ORDER BY partition_key",
                                    {std::string_view(location), after.value}, ReadSourcePartition);
}

Result<std::optional<ReadingId>> SqlTransaction::FindReading(const std::string& location,
                                                             const std::string& definition) {
  return OneInteger("SELECT id FROM readings WHERE " LATECOMER_OF_TABLE " AND definition = $2",
                    {std::string_view(location), std::string_view(definition)});
}

Result<std::vector<SourcePartitionRecord>> SqlTransaction::NotPlaced(ReadingId reading) {
  return All<SourcePartitionRecord>("SELECT " LATECOMER_SOURCE_PARTITION_COLUMNS " " LATECOMER_PLACED
                                    "WHERE places.reading = $1 AND places.start IS NULL ORDER BY places.part",
                                    {reading}, ReadSourcePartition);
}

Result<std::vector<PlacedPartition>> SqlTransaction::PartitionsBetween(ReadingId reading, LocalTime first,
                                                                       LocalTime last) {
  return All<PlacedPartition>("SELECT " LATECOMER_SOURCE_PARTITION_COLUMNS ", places.start " LATECOMER_PLACED
                              "WHERE places.reading = $1 AND places.start >= $2 AND places.start <= $3 "
                              "ORDER BY places.start, places.part",
                              {reading, Seconds(first), Seconds(last)}, ReadPlaced);
}

Result<std::vector<PlacedPartition>> SqlTransaction::PartitionsWithoutInterval(ReadingId reading) {
  return All<PlacedPartition>("SELECT " LATECOMER_SOURCE_PARTITION_COLUMNS ", places.start " LATECOMER_PLACED
                              "WHERE places.reading = $1 AND places.start = $2 ORDER BY places.part",
                              {reading, kNoInterval}, ReadPlaced);
}

Result<std::optional<LocalTime>> SqlTransaction::NewestStart(ReadingId reading, std::optional<LocalTime> before) {
  const std::int64_t end = before ? Seconds(*before) : std::numeric_limits<std::int64_t>::max();
  LATECOMER_ASSIGN_OR_RETURN(
      const auto found, One<std::optional<LocalTime>>(
                            "SELECT MAX(start) FROM partition_starts WHERE reading = $1 AND start < $2 AND start > $3",
                            {reading, end, kNoInterval}, ReadStart));
  return found.value_or(std::nullopt);
}

Result<std::optional<LocalTime>> SqlTransaction::OldestStart(ReadingId reading, std::optional<LocalTime> after) {
  LATECOMER_ASSIGN_OR_RETURN(
      const auto found,
      One<std::optional<LocalTime>>("SELECT MIN(start) FROM partition_starts WHERE reading = $1 AND start > $2",
                                    {reading, after ? Seconds(*after) : kNoInterval}, ReadStart));
  return found.value_or(std::nullopt);
}

Result<std::optional<SettledRecord>> SqlTransaction::FindSettled(const std::string& pipeline) {
  return One<SettledRecord>("SELECT pipeline, shape, up_to, frontier FROM settled WHERE pipeline = $1",
                            {std::string_view(pipeline)}, ReadSettled);
}

Result<std::vector<MarkRecord>> SqlTransaction::Marked(const std::string& pipeline) {
  return All<MarkRecord>("SELECT partition_key, number FROM marks WHERE pipeline = $1 ORDER BY partition_key",
                         {std::string_view(pipeline)}, ReadMark);
}

Result<std::optional<RunRecord>> SqlTransaction::RunBefore(const std::string& pipeline, LocalTime start) {
  return One<RunRecord>("SELECT " LATECOMER_RUN_COLUMNS
                        " FROM runs WHERE pipeline = $1 AND interval_start < $2 AND interval_start > $3 "
                        "AND state <> 'skipped' ORDER BY interval_start DESC, id DESC LIMIT 1",
                        {std::string_view(pipeline), Seconds(start), kNoInterval}, ReadRun);
}

Result<std::vector<RunRecord>> SqlTransaction::RunsNotPlaced(const std::string& pipeline) {
  return All<RunRecord>("SELECT " LATECOMER_RUN_COLUMNS
                        " FROM runs WHERE pipeline = $1 AND interval_start IS NULL ORDER BY id",
                        {std::string_view(pipeline)}, ReadRun);
}

Result<std::vector<std::string>> SqlTransaction::ProcessedNotPlaced(const std::string& pipeline) {
  return All<std::string>("SELECT partition_key FROM processed WHERE pipeline = $1 AND interval_start IS NULL",
                          {std::string_view(pipeline)},
                          [](const Row& row) -> Result<std::string> { return Owned(row, 0); });
}

Result<std::optional<LocalTime>> SqlTransaction::NewestStarted(const std::string& pipeline,
                                                               std::optional<LocalTime> before) {
  const std::int64_t end = before ? Seconds(*before) : std::numeric_limits<std::int64_t>::max();
  std::optional<LocalTime> newest;
  for (const char* sql : {"SELECT interval_start FROM runs WHERE pipeline = $1 AND interval_start < $2 AND "
                          "interval_start > $3 AND tries > 0 ORDER BY interval_start DESC LIMIT 1",
                          "SELECT interval_start FROM processed WHERE pipeline = $1 AND interval_start < $2 AND "
                          "interval_start > $3 ORDER BY interval_start DESC LIMIT 1"}) {
    LATECOMER_ASSIGN_OR_RETURN(const auto found, One<std::optional<LocalTime>>(
                                                     sql, {std::string_view(pipeline), end, kNoInterval}, ReadStart));
    if (found && *found) newest = std::max(newest.value_or(**found), **found);
  }
  return newest;
}

Result<ReadingId> SqlTransaction::AddReading(const std::string& location, const std::string& definition) {
  LATECOMER_ASSIGN_OR_RETURN(const std::int64_t table, TableKey(location));
  LATECOMER_ASSIGN_OR_RETURN(const auto added,
                             OneInteger("INSERT INTO readings (table_key, definition) VALUES ($1, $2) "
                                        "ON CONFLICT DO NOTHING RETURNING id",
                                        {table, std::string_view(definition)}));
  if (!added) {
    return Fail(Error(ErrorKind::kConflict, "this table is read so already").In(location));
  }
  LATECOMER_RETURN_IF_ERROR(
      Run("INSERT INTO partition_starts (reading, part) SELECT $1, partition_key FROM source_partitions "
          "WHERE table_key = $2",
          {*added, table}));
  return *added;
}

Status SqlTransaction::PlacePartition(ReadingId reading, const std::string& key, std::optional<LocalTime> start) {
  return Run("UPDATE partition_starts SET start = $1 WHERE reading = $2 AND part = $3",
             {Place(start), reading, std::string_view(key)});
}

Status SqlTransaction::PlaceRun(std::int64_t run, std::optional<LocalTime> start) {
  return Run("UPDATE runs SET interval_start = $1 WHERE id = $2", {Place(start), run});
}

Status SqlTransaction::PlaceProcessed(const std::string& pipeline, const std::string& partition,
                                      std::optional<LocalTime> start) {
  return Run("UPDATE processed SET interval_start = $1 WHERE pipeline = $2 AND partition_key = $3",
             {Place(start), std::string_view(pipeline), std::string_view(partition)});
}

Status SqlTransaction::PutSettled(const SettledRecord& record) {
  const std::string up_to = VectorToJson(record.up_to);
  const Parameter frontier = record.frontier ? Parameter(Seconds(*record.frontier)) : Parameter(std::monostate());
  return Run(
      "INSERT INTO settled (pipeline, shape, up_to, frontier) VALUES ($1, $2, $3, $4) "
      "ON CONFLICT (pipeline) DO UPDATE SET shape = excluded.shape, up_to = excluded.up_to, "
      "frontier = excluded.frontier",
      {std::string_view(record.pipeline), std::string_view(record.shape), std::string_view(up_to), frontier});
}

Status SqlTransaction::ResetSettled(const std::string& pipeline) {
  LATECOMER_RETURN_IF_ERROR(Run("DELETE FROM settled WHERE pipeline = $1", {std::string_view(pipeline)}));
  for (const char* placed : {"runs", "processed"}) {
    LATECOMER_RETURN_IF_ERROR(Run("UPDATE " + std::string(placed) + " SET interval_start = NULL WHERE pipeline = $1",
                                  {std::string_view(pipeline)}));
  }
  return {};
}

// A mark that is set again gets another number: what was seen of the old one takes no new one away.
Status SqlTransaction::Mark(const std::string& pipeline, const std::string& partition) {
  LATECOMER_ASSIGN_OR_RETURN(const std::optional<std::int64_t> number,
                             OneInteger("UPDATE ledger SET marks_made = marks_made + 1 WHERE one = 1 "
                                        "RETURNING marks_made",
                                        {}));
  return Run(
      "INSERT INTO marks (pipeline, partition_key, number) VALUES ($1, $2, $3) "
      "ON CONFLICT (pipeline, partition_key) DO UPDATE SET number = excluded.number",
      {std::string_view(pipeline), std::string_view(partition), number.value_or(0)});
}

Status SqlTransaction::Unmark(const std::string& pipeline, const MarkRecord& mark) {
  return Run("DELETE FROM marks WHERE pipeline = $1 AND partition_key = $2 AND number = $3",
             {std::string_view(pipeline), std::string_view(mark.partition), mark.number});
}

}  // namespace latecomer::ledger
