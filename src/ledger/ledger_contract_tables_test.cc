#include <limits>

#include "ledger/ledger_contract.h"

namespace latecomer::ledger {
namespace {

const std::string kTable = "/data/it's \"a\" table; DROP TABLE runs; --";

TableRecord SomeTable() {
  TableRecord table;
  table.location = kTable;
  table.table_id = "3f0a";
  table.partition_columns = {
      {.name = "event_time", .type = {.kind = table::TypeKind::kDate}},
      {.name = "länge", .type = {.kind = table::TypeKind::kDecimal, .precision = 10, .scale = 2}}};
  table.seen = {.version = Version{9'007'199'254'740'993},
                .etag = "e\ntag",
                .size_bytes = 12,
                .content_hash = std::numeric_limits<std::uint64_t>::max() - 1};
  table.first_contact = Version{2};
  table.observed_at = At(1704067200123);
  return table;
}

ChangeRecord SomeChange(std::int64_t version, const std::string& key) {
  ChangeRecord change;
  change.version = Version{version};
  change.key = key;
  change.timestamp = At(version * 1000);
  change.operation = "WRITE";
  change.counts = {.files_added = 1,
                   .files_removed = 2,
                   .rows_added = 100,
                   .rows_removed = std::nullopt,
                   .bytes_added = 3,
                   .bytes_removed = 4,
                   .deletion_vector_updates = 5};
  change.assumed = true;
  change.note = "bridged";
  return change;
}

TEST_P(LedgerContract, TablesRoundTrip) {
  Read([](Reader& reader) {
    const auto found = reader.FindTable(kTable);
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->has_value());
  });
  const TableRecord table = SomeTable();
  Write([&](Writer& writer) { return writer.PutTable(table); });
  Read([&](Reader& reader) {
    const auto found = reader.FindTable(kTable);
    ASSERT_TRUE(found && found->has_value());
    const TableRecord& stored = **found;
    EXPECT_EQ(stored.location, table.location);
    EXPECT_EQ(stored.table_id, table.table_id);
    EXPECT_EQ(stored.partition_columns, table.partition_columns);
    EXPECT_EQ(stored.seen, table.seen);
    EXPECT_EQ(stored.first_contact, table.first_contact);
    EXPECT_EQ(stored.observed_at, table.observed_at);
  });
}

TEST_P(LedgerContract, PutTableReplacesAndKeepsWhatBelongsToIt) {
  TableRecord table = SomeTable();
  Write([&](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(writer.PutTable(table));
    return writer.PutChanges(kTable, {SomeChange(1, "a")});
  });
  table.seen.version = Version{11};
  Write([&](Writer& writer) { return writer.PutTable(table); });
  Read([&](Reader& reader) {
    EXPECT_EQ((*reader.FindTable(kTable))->seen.version, Version{11});
    EXPECT_EQ(reader.Changes(kTable, kBeforeFirst, std::nullopt)->size(), 1U);
  });
}

TEST_P(LedgerContract, WhatBelongsToAnUnknownTableIsRefused) {
  for (const auto& put : std::vector<std::function<Status(Writer&)>>{
           [](Writer& w) { return w.PutChanges("nowhere", {SomeChange(1, "a")}); },
           [](Writer& w) { return w.PutCommits("nowhere", {CommitRecord{}}); },
           [](Writer& w) { return w.PutSourcePartitions("nowhere", {SourcePartitionRecord{}}); }}) {
    const Status done = ledger_->Write(put);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind, ErrorKind::kNotFound);
    EXPECT_EQ(done.error().file, "nowhere");
  }
  Read([](Reader& reader) {
    EXPECT_TRUE(reader.Changes("nowhere", kBeforeFirst, std::nullopt)->empty());
    EXPECT_TRUE(reader.Commits("nowhere", kBeforeFirst)->empty());
    EXPECT_TRUE(reader.SourcePartitions("nowhere")->empty());
  });
}

TEST_P(LedgerContract, ChangesRoundTripInOrderAndByPartition) {
  Write([](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(writer.PutTable(SomeTable()));
    // Version 10 must come after 9, and not be compared as text.
    return writer.PutChanges(kTable, {SomeChange(10, "a"), SomeChange(9, "b"), SomeChange(9, "a"), SomeChange(2, "a")});
  });
  Read([](Reader& reader) {
    const auto all = reader.Changes(kTable, kBeforeFirst, std::nullopt);
    ASSERT_TRUE(all);
    std::vector<std::pair<std::int64_t, std::string>> order;
    for (const ChangeRecord& change : *all) order.emplace_back(change.version.value, change.key);
    EXPECT_EQ(order, (std::vector<std::pair<std::int64_t, std::string>>{{2, "a"}, {9, "a"}, {9, "b"}, {10, "a"}}));
    const auto later = reader.Changes(kTable, Version{2}, "a");
    ASSERT_TRUE(later);
    ASSERT_EQ(later->size(), 2U);
    EXPECT_EQ((*later)[0].version, Version{9});
    const ChangeRecord& stored = (*later)[1];
    EXPECT_EQ(stored.version, Version{10});
    EXPECT_EQ(stored.timestamp, At(10000));
    EXPECT_EQ(stored.counts.rows_added, 100);
    EXPECT_EQ(stored.counts.rows_removed, std::nullopt);
    EXPECT_EQ(stored.counts.deletion_vector_updates, 5);
    EXPECT_EQ(stored.counts.bytes_removed, 4);
    EXPECT_TRUE(stored.assumed);
    EXPECT_EQ(stored.note, "bridged");
  });
}

TEST_P(LedgerContract, CommitsRoundTrip) {
  Write([](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(writer.PutTable(SomeTable()));
    std::vector<CommitRecord> commits;
    for (const auto source :
         {table::TimestampSource::kInCommit, table::TimestampSource::kCommitInfo, table::TimestampSource::kFile}) {
      commits.push_back({.version = Version{static_cast<std::int64_t>(commits.size())},
                         .timestamp = At(-5),
                         .timestamp_source = source,
                         .operation = "OPTIMIZE"});
    }
    return writer.PutCommits(kTable, commits);
  });
  Read([](Reader& reader) {
    const auto commits = reader.Commits(kTable, Version{0});
    ASSERT_TRUE(commits);
    ASSERT_EQ(commits->size(), 2U);
    EXPECT_EQ((*commits)[0].version, Version{1});
    EXPECT_EQ((*commits)[0].timestamp_source, table::TimestampSource::kCommitInfo);
    EXPECT_EQ((*commits)[1].timestamp_source, table::TimestampSource::kFile);
    EXPECT_EQ((*commits)[1].timestamp, At(-5));
    EXPECT_EQ((*commits)[1].operation, "OPTIMIZE");
  });
}

TEST_P(LedgerContract, SourcePartitionsRoundTripAndAreReplaced) {
  SourcePartitionRecord known;
  known.key = R"({"event_time":"2024-01-01"})";
  known.log_json = known.key;
  known.files = 2;
  known.rows = 200;
  known.bytes = 8642;
  known.fingerprint = 0xffff'ffff'ffff'fffe;
  known.last_changed = Version{3};
  known.first_seen = At(77);
  SourcePartitionRecord unknown;
  unknown.key = R"({"event_time":null})";
  Write([&](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(writer.PutTable(SomeTable()));
    return writer.PutSourcePartitions(kTable, {unknown, known});
  });
  known.files = 0;
  Write([&](Writer& writer) { return writer.PutSourcePartitions(kTable, {known}); });
  Read([&](Reader& reader) {
    const auto stored = reader.SourcePartitions(kTable);
    ASSERT_TRUE(stored);
    ASSERT_EQ(stored->size(), 2U);
    EXPECT_EQ((*stored)[0].key, known.key);
    EXPECT_EQ((*stored)[0].files, 0);
    EXPECT_EQ((*stored)[0].rows, 200);
    EXPECT_EQ((*stored)[0].fingerprint, known.fingerprint);
    EXPECT_EQ((*stored)[0].last_changed, Version{3});
    EXPECT_EQ((*stored)[0].first_seen, At(77));
    EXPECT_EQ((*stored)[1].rows, std::nullopt);
    EXPECT_EQ((*stored)[1].first_seen, std::nullopt);
    EXPECT_EQ((*stored)[1].last_changed, kBeforeFirst);
  });
}

TEST_P(LedgerContract, AForgottenTableKeepsItsIdentityOnly) {
  SourcePartitionRecord partition;
  partition.key = partition.log_json = R"({"event_time":"2024-01-01"})";
  TableRecord other = SomeTable();
  other.location = "/another";
  Write([&](Writer& writer) -> Status {
    for (const TableRecord& table : {SomeTable(), other}) {
      LATECOMER_RETURN_IF_ERROR(writer.PutTable(table));
      LATECOMER_RETURN_IF_ERROR(writer.PutCommits(table.location, {CommitRecord{.version = Version{4}}}));
      LATECOMER_RETURN_IF_ERROR(
          writer.PutChanges(table.location, {ChangeRecord{.version = Version{4}, .key = partition.key}}));
      LATECOMER_RETURN_IF_ERROR(writer.PutSourcePartitions(table.location, {partition}));
    }
    return writer.ForgetTable(kTable);
  });
  Read([&](Reader& reader) {
    EXPECT_TRUE(reader.FindTable(kTable)->has_value());
    EXPECT_TRUE(reader.Commits(kTable, kBeforeFirst)->empty());
    EXPECT_TRUE(reader.Changes(kTable, kBeforeFirst, std::nullopt)->empty());
    EXPECT_TRUE(reader.SourcePartitions(kTable)->empty());
    EXPECT_EQ(reader.Commits(other.location, kBeforeFirst)->size(), 1U);
    EXPECT_EQ(reader.Changes(other.location, kBeforeFirst, std::nullopt)->size(), 1U);
    EXPECT_EQ(reader.SourcePartitions(other.location)->size(), 1U);
  });
  ASSERT_FALSE(ledger_->Write([](Writer& writer) { return writer.ForgetTable("/never seen"); }));
}

TEST_P(LedgerContract, TextsAreOrderedByTheirBytes) {
  const std::vector<std::string> ordered{"", " ", "B", "_", "a", "a b", "ab", "z", "\xC3\xA4", "\xE6\x97\xA5"};
  Write([&](Writer& writer) -> Status {
    for (auto it = ordered.rbegin(); it != ordered.rend(); ++it) {
      LATECOMER_RETURN_IF_ERROR(writer.PutProcessed({.pipeline = "devices", .partition = *it}));
    }
    return {};
  });
  Read([&](Reader& reader) {
    std::vector<std::string> found;
    const auto stored = reader.Processed("devices");
    ASSERT_TRUE(stored);
    for (const ProcessedRecord& record : *stored) found.push_back(record.partition);
    EXPECT_EQ(found, ordered);
  });
}

TEST_P(LedgerContract, PipelinesAndProcessedRoundTrip) {
  PipelineRecord pipeline{.id = "devices",
                          .name = "Geräte",
                          .file = "/p.yaml",
                          .text = std::string("a: 1\n\0b", 7),
                          .definition_hash = "h",
                          .paused = true,
                          .updated = At(9)};
  ProcessedRecord processed{.pipeline = "devices",
                            .partition = "p",
                            .vector = {{"devices", Version{3}}, {"we\"ird", Version{-1}}},
                            .run_id = "adopt",
                            .try_number = 0,
                            .token = 1LL << 60,
                            .at = At(10)};
  Write([&](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(writer.PutPipeline(pipeline));
    LATECOMER_RETURN_IF_ERROR(writer.PutProcessed(processed));
    processed.token += 1;
    return writer.PutProcessed(processed);
  });
  Read([&](Reader& reader) {
    const auto stored = reader.FindPipeline("devices");
    ASSERT_TRUE(stored && stored->has_value());
    EXPECT_EQ((*stored)->name, pipeline.name);
    EXPECT_EQ((*stored)->text, pipeline.text);
    EXPECT_TRUE((*stored)->paused);
    EXPECT_EQ((*stored)->updated, At(9));
    EXPECT_EQ(reader.Pipelines()->size(), 1U);
    EXPECT_FALSE(reader.FindPipeline("other")->has_value());
    const auto found = reader.FindProcessed("devices", "p");
    ASSERT_TRUE(found && found->has_value());
    EXPECT_EQ((*found)->vector, processed.vector);
    EXPECT_EQ((*found)->token, processed.token);
    EXPECT_EQ((*found)->run_id, "adopt");
    EXPECT_EQ(reader.Processed("devices")->size(), 1U);
    EXPECT_TRUE(reader.Processed("other")->empty());
  });
  Write([](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(writer.RemoveProcessed("devices", "not there"));
    return writer.RemoveProcessed("devices", "p");
  });
  Read([](Reader& reader) { EXPECT_FALSE(reader.FindProcessed("devices", "p")->has_value()); });
}

TEST_P(LedgerContract, ManyPartitionsAreLookedUpInOneGo) {
  constexpr int kMany = 300;  // more than one statement holds
  const auto key = [](int i) { return "it's \"" + std::to_string(1000 + i); };
  Write([&](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(writer.PutTable(SomeTable()));
    for (int i = 0; i < kMany; ++i) {
      const ProcessedRecord processed{
          .pipeline = "devices", .partition = key(i), .vector = {}, .run_id = {}, .token = i, .at = At(1)};
      LATECOMER_RETURN_IF_ERROR(writer.PutProcessed(processed));
      for (const char* cause : {"interval", "devices@3"}) {
        const std::string name = cause + key(i);
        LATECOMER_RETURN_IF_ERROR(writer.InsertRun(SomeRun(name, key(i), cause)).map([](auto) {}));
      }
    }
    return writer.PutChanges(kTable, {SomeChange(9, key(1)), SomeChange(2, key(1)), SomeChange(3, key(0))});
  });
  std::vector<std::string> keys{"unknown"};
  for (int i = kMany - 1; i >= 0; --i) keys.push_back(key(i));
  Read([&](Reader& reader) {
    EXPECT_TRUE(reader.ProcessedOf("devices", {})->empty());
    EXPECT_TRUE(reader.ProcessedOf("others", keys)->empty());
    const auto three = reader.ProcessedOf("devices", {key(7), key(3), key(5)});
    ASSERT_EQ(three->size(), 3U);
    EXPECT_EQ(three->front().partition, key(3));
    EXPECT_EQ(three->back().token, 7);
    EXPECT_EQ(reader.ProcessedOf("devices", keys)->size(), std::size_t{kMany});
    const auto runs = reader.RunsOf("devices", {key(7), key(3)});
    ASSERT_EQ(runs->size(), 4U);
    EXPECT_EQ(runs->at(0).partition, key(3));
    EXPECT_EQ(runs->at(0).cause, "interval") << "the older one";
    EXPECT_EQ(runs->at(3).cause, "devices@3");
    EXPECT_EQ(reader.RunsOf("devices", keys)->size(), std::size_t{2 * kMany});
    const auto changes = reader.ChangesOf(kTable, Version{1}, {key(1), key(0), "unknown"});
    ASSERT_EQ(changes->size(), 3U);
    EXPECT_EQ(changes->at(0).key, key(0));
    EXPECT_EQ(changes->at(1).version, Version{2});
    EXPECT_EQ(changes->at(2).version, Version{9});
    EXPECT_EQ(reader.ChangesOf(kTable, Version{3}, keys)->size(), 1U);
  });
}

TEST_P(LedgerContract, ReleasesAndEventsRoundTrip) {
  Write([](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(
        writer.PutRelease({.pipeline = "devices", .partition = "p", .up_to = {{"s", Version{1}}}, .at = At(1)}));
    LATECOMER_RETURN_IF_ERROR(
        writer.PutRelease({.pipeline = "devices", .partition = "p", .up_to = {{"s", Version{2}}}, .at = At(2)}));
    for (const char* what : {"run.created", "run.queued", "late.detected"}) {
      EventRecord event;
      event.pipeline = "devices";
      event.partition = what == std::string("late.detected") ? "q" : "p";
      event.run_id = what == std::string("run.created") ? "r1" : "r2";
      event.what = what;
      event.detail = R"({"a":1})";
      event.at = At(4);
      LATECOMER_RETURN_IF_ERROR(writer.AppendEvent(event));
    }
    return {};
  });
  Read([](Reader& reader) {
    const auto releases = reader.Releases("devices");
    ASSERT_TRUE(releases);
    ASSERT_EQ(releases->size(), 1U);
    EXPECT_EQ((*releases)[0].up_to.at("s"), Version{2});
    const auto all = reader.Events("devices", std::nullopt, std::nullopt);
    ASSERT_TRUE(all);
    ASSERT_EQ(all->size(), 3U);
    EXPECT_LT((*all)[0].sequence, (*all)[1].sequence);
    EXPECT_LT((*all)[1].sequence, (*all)[2].sequence);
    EXPECT_EQ((*all)[0].detail, R"({"a":1})");
    EXPECT_EQ(reader.Events("devices", "r2", std::nullopt)->size(), 2U);
    EXPECT_EQ(reader.Events("devices", std::nullopt, "p")->size(), 2U);
    EXPECT_EQ(reader.Events("devices", "r2", "p")->size(), 1U);
    EXPECT_TRUE(reader.Events("other", std::nullopt, std::nullopt)->empty());
  });
}

TEST_P(LedgerContract, HoldsRoundTripAndGo) {
  const HoldRecord hold{.pipeline = "devices", .partition = "p", .reason = "why", .by = "ann", .at = At(3)};
  Write([&](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(writer.PutHold({.pipeline = "devices", .partition = "p", .reason = "old"}));
    LATECOMER_RETURN_IF_ERROR(writer.PutHold({.pipeline = "other", .partition = "p", .reason = "other"}));
    return writer.PutHold(hold);
  });
  Read([&](Reader& reader) {
    const auto holds = reader.Holds("devices");
    ASSERT_TRUE(holds);
    ASSERT_EQ(holds->size(), 1U);
    EXPECT_EQ((*holds)[0].reason, hold.reason);
    EXPECT_EQ((*holds)[0].by, hold.by);
    EXPECT_EQ((*holds)[0].at, hold.at);
  });
  Write([](Writer& writer) { return writer.RemoveHold("devices", "p"); });
  Read([](Reader& reader) {
    EXPECT_TRUE(reader.Holds("devices")->empty());
    EXPECT_EQ(reader.Holds("other")->size(), 1U);
  });
}

TEST_P(LedgerContract, AnEventIsFoundByItsSequenceAndAReleaseGoes) {
  std::int64_t sequence = 0;
  Write([&](Writer& writer) -> Status {
    LATECOMER_RETURN_IF_ERROR(writer.PutRelease({.pipeline = "devices", .partition = "p", .up_to = {}, .at = At(1)}));
    LATECOMER_RETURN_IF_ERROR(writer.RemoveRelease("devices", "p"));
    LATECOMER_ASSIGN_OR_RETURN(const std::int64_t before, writer.LastEvent());
    EventRecord event;
    event.pipeline = "devices";
    event.what = "pipeline.paused";
    event.detail = "{}";
    LATECOMER_RETURN_IF_ERROR(writer.AppendEvent(event));
    LATECOMER_ASSIGN_OR_RETURN(sequence, writer.LastEvent());
    EXPECT_GT(sequence, before);
    return {};
  });
  Read([&](Reader& reader) {
    EXPECT_TRUE(reader.Releases("devices")->empty());
    const auto found = reader.FindEvent(sequence);
    ASSERT_TRUE(found && found->has_value());
    EXPECT_EQ((*found)->what, "pipeline.paused");
    EXPECT_FALSE(reader.FindEvent(sequence + 1)->has_value());
  });
}

TEST_P(LedgerContract, PredecessorsAreKeptOnce) {
  for (const int at : {1, 2}) {
    Write([at](Writer& writer) { return writer.PutPredecessor({.ledger_id = "lost", .at = At(at)}); });
  }
  Write([](Writer& writer) { return writer.PutPredecessor({.ledger_id = "again lost", .at = At(3)}); });
  Read([](Reader& reader) {
    const auto predecessors = reader.Predecessors();
    ASSERT_TRUE(predecessors);
    ASSERT_EQ(predecessors->size(), 2U);
    EXPECT_EQ((*predecessors)[0].ledger_id, "again lost");
    EXPECT_EQ((*predecessors)[1].ledger_id, "lost");
    EXPECT_EQ((*predecessors)[1].at, At(1));
  });
}

}  // namespace
}  // namespace latecomer::ledger
