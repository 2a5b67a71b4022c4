// What incremental planning rests on: nothing that isn't placed or marked may be left out.
#include <algorithm>

#include "ledger/ledger_contract.h"

namespace latecomer::ledger {
namespace {

constexpr const char* kTable = "/tables/devices";

LocalTime Local(int seconds) {
  return LocalTime(std::chrono::seconds(seconds));
}

SourcePartitionRecord Partition(const std::string& key, std::int64_t last_changed = 1) {
  SourcePartitionRecord record;
  record.key = key;
  record.log_json = "{}";
  record.files = 1;
  record.rows = 5;
  record.fingerprint = 0xffff'ffff'ffff'ff00;
  record.last_changed = Version{last_changed};
  return record;
}

Status PutPartitions(Writer& writer, const std::vector<SourcePartitionRecord>& records,
                     const std::string& location = kTable) {
  TableRecord table;
  table.location = location;
  LATECOMER_RETURN_IF_ERROR(writer.PutTable(table));
  return writer.PutSourcePartitions(location, records);
}

std::string Keys(const Result<std::vector<SourcePartitionRecord>>& records) {
  if (!records) return records.error().ToString();
  std::string keys;
  for (const SourcePartitionRecord& record : *records) keys += record.key + " ";
  return keys;
}

std::string Keys(const Result<std::vector<PlacedPartition>>& records) {
  if (!records) return records.error().ToString();
  std::string keys;
  for (const PlacedPartition& placed : *records) {
    keys += placed.partition.key + "@" +
            (placed.start ? std::to_string(placed.start->time_since_epoch().count()) : "none") + " ";
  }
  return keys;
}

TEST_P(LedgerContract, PartitionsAreFoundByTheNewestChange) {
  Write([](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(PutPartitions(writer, {Partition("z", 9)}, "/tables/other"));
    return PutPartitions(writer, {Partition("b", 3), Partition("a", 2), Partition("c", 1)});
  });
  Write([](Writer& writer) { return PutPartitions(writer, {Partition("c", 4)}); });
  Read([](Reader& reader) {
    EXPECT_EQ(Keys(reader.SourcePartitionsChangedAfter(kTable, Version{0})), "a b c ");
    EXPECT_EQ(Keys(reader.SourcePartitionsChangedAfter(kTable, Version{2})), "b c ");
    EXPECT_EQ(Keys(reader.SourcePartitionsChangedAfter(kTable, Version{4})), "");
    EXPECT_EQ(Keys(reader.SourcePartitionsChangedAfter("/nowhere", Version{0})), "");
    const auto found = reader.FindSourcePartition(kTable, "c");
    ASSERT_TRUE(found && found->has_value());
    EXPECT_EQ((*found)->last_changed, Version{4});
    EXPECT_EQ((*found)->fingerprint, 0xffff'ffff'ffff'ff00);
    EXPECT_FALSE(reader.FindSourcePartition("/tables/other", "c")->has_value());
  });
}

TEST_P(LedgerContract, APartitionIsNotPlacedUntilSomebodyPlacesItInEachReading) {
  ReadingId days = 0;
  ReadingId weeks = 0;
  Write([&](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(PutPartitions(writer, {Partition("a"), Partition("b")}));
    LATECOMER_RETURN_IF_ERROR(PutPartitions(writer, {Partition("x")}, "/tables/other"));
    LATECOMER_ASSIGN_OR_RETURN(days, writer.AddReading(kTable, "days"));
    LATECOMER_ASSIGN_OR_RETURN(weeks, writer.AddReading(kTable, "weeks"));
    const auto again = writer.AddReading(kTable, "days");
    EXPECT_EQ(again ? ErrorKind::kUnexpected : again.error().kind, ErrorKind::kConflict);
    LATECOMER_RETURN_IF_ERROR(writer.PlacePartition(days, "a", Local(10)));
    LATECOMER_RETURN_IF_ERROR(writer.PlacePartition(weeks, "a", Local(0)));
    // One that comes later, and one that only changed.
    return PutPartitions(writer, {Partition("c"), Partition("a", 7)});
  });
  Read([&](Reader& reader) {
    EXPECT_EQ(*reader.FindReading(kTable, "days"), days);
    EXPECT_FALSE(reader.FindReading(kTable, "months")->has_value());
    EXPECT_FALSE(reader.FindReading("/tables/other", "days")->has_value());
    EXPECT_EQ(Keys(reader.NotPlaced(days)), "b c ");
    EXPECT_EQ(Keys(reader.NotPlaced(weeks)), "b c ");
    EXPECT_EQ(Keys(reader.PartitionsBetween(days, Local(0), Local(99))), "a@10 ");
    EXPECT_EQ(Keys(reader.PartitionsBetween(weeks, Local(0), Local(99))), "a@0 ");
    EXPECT_EQ(reader.PartitionsBetween(days, Local(0), Local(99))->front().partition.last_changed, Version{7});
  });
}

TEST_P(LedgerContract, PlacesAreFoundByTime) {
  ReadingId days = 0;
  Write([&](Writer& writer) -> Status {
    std::vector<SourcePartitionRecord> partitions;
    for (const char* key : {"m", "a", "n", "b", "null", "old"}) partitions.push_back(Partition(key));
    LATECOMER_RETURN_IF_ERROR(PutPartitions(writer, partitions));
    LATECOMER_ASSIGN_OR_RETURN(days, writer.AddReading(kTable, "days"));
    LATECOMER_RETURN_IF_ERROR(writer.PlacePartition(days, "m", Local(20)));
    LATECOMER_RETURN_IF_ERROR(writer.PlacePartition(days, "a", Local(20)));
    LATECOMER_RETURN_IF_ERROR(writer.PlacePartition(days, "n", Local(10)));
    LATECOMER_RETURN_IF_ERROR(writer.PlacePartition(days, "b", Local(30)));
    LATECOMER_RETURN_IF_ERROR(writer.PlacePartition(days, "null", std::nullopt));
    return writer.PlacePartition(days, "old", Local(-5));
  });
  Read([&](Reader& reader) {
    EXPECT_EQ(Keys(reader.PartitionsBetween(days, Local(10), Local(20))), "n@10 a@20 m@20 ");
    EXPECT_EQ(Keys(reader.PartitionsBetween(days, Local(11), Local(19))), "");
    EXPECT_EQ(Keys(reader.PartitionsWithoutInterval(days)), "null@none ");
    EXPECT_EQ(*reader.NewestStart(days, std::nullopt), Local(30));
    EXPECT_EQ(*reader.NewestStart(days, Local(30)), Local(20));
    EXPECT_EQ(*reader.NewestStart(days, Local(10)), Local(-5));
    EXPECT_FALSE(reader.NewestStart(days, Local(-5))->has_value());  // what has no interval is before nothing
    EXPECT_EQ(*reader.OldestStart(days, std::nullopt), Local(-5));
    EXPECT_EQ(*reader.OldestStart(days, Local(20)), Local(30));
    EXPECT_FALSE(reader.OldestStart(days, Local(30))->has_value());
  });
}

TEST_P(LedgerContract, AChangeOfWhatWasProcessedMarksTheOutput) {
  const auto marked = [&] {
    std::string all;
    Read([&](Reader& reader) {
      const auto marks = reader.Marked("devices");
      ASSERT_TRUE(marks) << marks.error().ToString();
      for (const MarkRecord& mark : *marks) all += mark.partition + " ";
    });
    return all;
  };
  MarkRecord seen;
  Write([](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(writer.PutProcessed({.pipeline = "other", .partition = "a"}));
    return writer.PutProcessed({.pipeline = "devices", .partition = "a"});
  });
  EXPECT_EQ(marked(), "a ");
  Read([&](Reader& reader) { seen = reader.Marked("devices")->front(); });
  Write([&](Writer& writer) { return writer.Unmark("devices", seen); });
  EXPECT_EQ(marked(), "");
  Write([](Writer& writer) { return writer.RemoveProcessed("devices", "a"); });
  EXPECT_EQ(marked(), "a ");
  // Somebody who saw the first mark must not take the second one away.
  Write([&](Writer& writer) { return writer.Unmark("devices", seen); });
  EXPECT_EQ(marked(), "a ");
  Read([&](Reader& reader) { seen = reader.Marked("devices")->front(); });
  Write([](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(writer.Mark("devices", "a"));
    return writer.Mark("devices", "b");
  });
  Write([&](Writer& writer) { return writer.Unmark("devices", seen); });
  EXPECT_EQ(marked(), "a b ");
}

TEST_P(LedgerContract, NothingIsSettledAfterATableWasForgotten) {
  ReadingId days = 0;
  Write([&](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(PutPartitions(writer, {Partition("a")}));
    LATECOMER_ASSIGN_OR_RETURN(days, writer.AddReading(kTable, "days"));
    LATECOMER_RETURN_IF_ERROR(writer.PlacePartition(days, "a", Local(1)));
    LATECOMER_RETURN_IF_ERROR(writer.PutSettled({"devices", "shape", {{"devices", Version{3}}}}));
    return writer.PutSettled({"devices", "shape 2", {{"devices", Version{4}}}, Local(7)});
  });
  Read([&](Reader& reader) {
    const auto settled = reader.FindSettled("devices");
    ASSERT_TRUE(settled && settled->has_value());
    EXPECT_EQ((*settled)->shape, "shape 2");
    EXPECT_EQ((*settled)->up_to, (VersionVector{{"devices", Version{4}}}));
    EXPECT_EQ((*settled)->frontier, Local(7));
    EXPECT_FALSE(reader.FindSettled("other")->has_value());
  });
  Write([](Writer& writer) { return writer.ForgetTable(kTable); });
  Read([&](Reader& reader) {
    EXPECT_FALSE(reader.FindSettled("devices")->has_value());
    EXPECT_FALSE(reader.NewestStart(days, std::nullopt)->has_value());
  });
  Write([](Writer& writer) { return PutPartitions(writer, {Partition("a")}); });
  Read([&](Reader& reader) { EXPECT_EQ(Keys(reader.NotPlaced(days)), "a "); });
}

TEST_P(LedgerContract, TheRunBeforeIsTheNewestOfTheNearestEarlierInterval) {
  const auto before = [&](int start) {
    std::string name;
    Read([&](Reader& reader) {
      const auto run = reader.RunBefore("devices", Local(start));
      ASSERT_TRUE(run) << run.error().ToString();
      name = *run ? (*run)->run_id : "none";
    });
    return name;
  };
  std::vector<std::int64_t> ids;
  Write([&](Writer& writer) -> Status {
    const std::pair<const char*, int> runs[] = {{"first", 10}, {"newer", 10}, {"skipped", 20}, {"later", 30}};
    for (const auto& [name, start] : runs) {
      RunRecord run = SomeRun(name, name, name);
      if (run.run_id == "skipped") run.state = RunState::kSkipped;
      LATECOMER_ASSIGN_OR_RETURN(ids.emplace_back(), writer.InsertRun(run));
      LATECOMER_RETURN_IF_ERROR(writer.PlaceRun(ids.back(), Local(start)));
    }
    for (const char* name : {"without interval", "not placed"}) {
      LATECOMER_ASSIGN_OR_RETURN(ids.emplace_back(), writer.InsertRun(SomeRun(name, name, name)));
    }
    return writer.PlaceRun(ids[4], std::nullopt);
  });
  EXPECT_EQ(before(10), "none");
  EXPECT_EQ(before(11), "newer");
  EXPECT_EQ(before(30), "newer");
  EXPECT_EQ(before(31), "later");
  const auto not_placed = [&] {
    std::string names;
    Read([&](Reader& reader) {
      const auto runs = reader.RunsNotPlaced("devices");
      ASSERT_TRUE(runs) << runs.error().ToString();
      for (const RunRecord& run : *runs) names += run.run_id + ",";
    });
    return names;
  };
  EXPECT_EQ(not_placed(), "not placed,");
  Write([](Writer& writer) { return writer.ResetSettled("devices"); });
  EXPECT_EQ(not_placed(), "first,newer,skipped,later,without interval,not placed,");
  EXPECT_EQ(before(31), "none");
}

TEST_P(LedgerContract, TheNewestStartedIntervalWasProcessedOrHasARunThatStarted) {
  const auto newest = [&](std::optional<LocalTime> before) {
    std::optional<LocalTime> start;
    Read([&](Reader& reader) {
      const auto found = reader.NewestStarted("devices", before);
      ASSERT_TRUE(found) << found.error().ToString();
      start = *found;
    });
    return start;
  };
  EXPECT_EQ(newest({}), std::nullopt);
  Write([&](Writer& writer) -> Status {
    const std::pair<const char*, int> runs[] = {{"queued", 50}, {"started", 30}, {"other", 90}};
    for (const auto& [name, start] : runs) {
      RunRecord run = SomeRun(name, name, name);
      run.tries = run.run_id == "queued" ? 0 : 1;
      if (run.run_id == "other") run.pipeline = "other";
      LATECOMER_ASSIGN_OR_RETURN(const std::int64_t id, writer.InsertRun(run));
      LATECOMER_RETURN_IF_ERROR(writer.PlaceRun(id, Local(start)));
    }
    for (const char* name : {"late", "not placed", "none"}) {
      LATECOMER_RETURN_IF_ERROR(writer.PutProcessed({.pipeline = "devices", .partition = name}));
    }
    LATECOMER_RETURN_IF_ERROR(writer.PlaceProcessed("devices", "none", std::nullopt));
    return writer.PlaceProcessed("devices", "late", Local(20));
  });
  EXPECT_EQ(newest({}), Local(30));
  EXPECT_EQ(newest(Local(30)), Local(20));
  EXPECT_EQ(newest(Local(20)), std::nullopt);
  Read(
      [](Reader& reader) { EXPECT_EQ(*reader.ProcessedNotPlaced("devices"), std::vector<std::string>{"not placed"}); });
  // Processed again, it stays where it is.
  Write([](Writer& writer) { return writer.PutProcessed({.pipeline = "devices", .partition = "late"}); });
  EXPECT_EQ(newest(Local(30)), Local(20));
  Write([](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(writer.Mark("devices", "marked"));
    return writer.ResetSettled("devices");
  });
  Read([](Reader& reader) {
    const auto marks = *reader.Marked("devices");
    EXPECT_TRUE(std::ranges::any_of(marks, [](const MarkRecord& mark) { return mark.partition == "marked"; }));
  });
  EXPECT_EQ(newest({}), std::nullopt);
  Read([](Reader& reader) { EXPECT_EQ(reader.ProcessedNotPlaced("devices")->size(), 3U); });
}

}  // namespace
}  // namespace latecomer::ledger
