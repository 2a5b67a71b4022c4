#include "load/load.h"

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>

#include "base/text.h"
#include "load/batches.h"
#include "load/block_pipeline.h"
#include "load/infer_schema.h"
#include "load/parquet_input.h"
#include "load/partition_files.h"
#include "load/rows.h"

namespace latecomer::load {
namespace {

class Loader {
 public:
  Loader(delta::DeltaWriter& writer, const LoadRequest& request) : writer_(writer), request_(request) {}

  Result<LoadReport> Run();

 private:
  Status Prepare();
  Result<LoadReport> LoadInto(const Target& target);
  Result<LoadReport> LoadNewTable();
  Status ReadText(const Target& target, PartitionFiles& files);
  Status ReadParquetFiles(const Target& target, PartitionFiles& files);
  Result<std::vector<LoadColumn>> InferSchema(bool whole);
  std::unique_ptr<RowReader> MakeReader() const;
  void Progress(std::int64_t done) const {
    if (request_.progress) request_.progress(done, total_bytes_);
  }

  delta::DeltaWriter& writer_;
  const LoadRequest& request_;
  InputFormat format_ = InputFormat::kJson;
  CsvHeaders headers_;
  std::int64_t total_bytes_ = 0;
};

Status Loader::Prepare() {
  LATECOMER_ASSIGN_OR_RETURN(total_bytes_, TotalSize(request_.inputs));
  std::optional<InputFormat> format = request_.format;
  for (const std::string& path : request_.inputs) {
    if (request_.format) break;
    LATECOMER_ASSIGN_OR_RETURN(const InputFormat one, FormatOfName(path));
    if (format && *format != one) {
      return Fail(Error(ErrorKind::kInvalidArgument, "the inputs have different formats")
                      .In(path)
                      .Hint("load them one by one"));
    }
    format = one;
  }
  format_ = *format;
  if (format_ == InputFormat::kCsv) {
    LATECOMER_ASSIGN_OR_RETURN(headers_, ReadCsvHeaders(request_.inputs));
  }
  return {};
}

std::unique_ptr<RowReader> Loader::MakeReader() const {
  return format_ == InputFormat::kCsv ? MakeCsvReader(request_.inputs, headers_) : MakeJsonReader(request_.inputs);
}

// From the first block of the first file, or from all rows.
Result<std::vector<LoadColumn>> Loader::InferSchema(bool whole) {
  InputBlocks blocks(request_.inputs, format_);
  const auto reader = MakeReader();
  SchemaSink sink;
  do {
    LATECOMER_ASSIGN_OR_RETURN(const auto block, blocks.Next());
    if (!block) break;
    LATECOMER_RETURN_IF_ERROR(reader->Read(*block, sink));
  } while (whole || sink.rows() == 0);
  if (sink.rows() == 0) {
    return Fail(
        Error(ErrorKind::kInvalidFile, "the input has no rows; nothing was committed").In(request_.inputs.front()));
  }
  return sink.Columns();
}

Status Loader::ReadText(const Target& target, PartitionFiles& files) {
  const std::size_t machine = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t threads = request_.threads > 0 ? request_.threads : machine;
  struct Worker {
    std::unique_ptr<RowReader> reader;
    std::unique_ptr<BatchSink> sink;
  };
  std::vector<Worker> workers;
  for (std::size_t i = 0; i < threads; ++i) workers.push_back({MakeReader(), std::make_unique<BatchSink>(target)});
  struct Parsed {
    std::vector<PartitionBatch> parts;
    std::int64_t bytes_read = 0;
  };
  const auto make = [&](std::size_t thread, Block&& block) -> Result<Parsed> {
    Worker& worker = workers[thread];
    LATECOMER_RETURN_IF_ERROR(worker.reader->Read(block, *worker.sink));
    LATECOMER_ASSIGN_OR_RETURN(const RowBatch rows, worker.sink->Take());
    auto parts = SplitByPartition(target, rows);
    if (!parts) {
      Error error = std::move(parts).error();
      if (error.file.empty()) error.file = request_.inputs[block.file];
      return Fail(std::move(error));
    }
    return Parsed{std::move(*parts), block.bytes_read};
  };
  const auto consume = [&](Parsed&& parsed) -> Status {
    for (const PartitionBatch& part : parsed.parts) LATECOMER_RETURN_IF_ERROR(files.Write(part));
    Progress(parsed.bytes_read);
    return {};
  };
  InputBlocks blocks(request_.inputs, format_);
  return RunBlocks<Parsed>(blocks, threads, make, consume);
}

Status Loader::ReadParquetFiles(const Target& target, PartitionFiles& files) {
  std::int64_t done = 0;
  for (const std::string& path : request_.inputs) {
    LATECOMER_RETURN_IF_ERROR(ReadParquet(path, target, [&](RowBatch&& rows) -> Status {
      auto parts = SplitByPartition(target, rows);
      if (!parts) return Fail(std::move(parts.error()).In(path));
      for (const PartitionBatch& part : *parts) LATECOMER_RETURN_IF_ERROR(files.Write(part));
      return {};
    }));
    LATECOMER_ASSIGN_OR_RETURN(const std::int64_t size, TotalSize({path}));
    Progress(done += size);
  }
  return {};
}

LoadReport ReportOf(const std::vector<delta::NewFile>& files) {
  LoadReport report;
  for (const delta::NewFile& file : files) {
    if (report.partitions.empty() || !(report.partitions.back().key == file.partition)) {
      report.partitions.push_back({file.partition, 0});
    }
    report.partitions.back().rows += file.rows;
    report.rows += file.rows;
    report.bytes += file.size_bytes;
    ++report.files;
  }
  return report;
}

Result<LoadReport> Loader::LoadInto(const Target& target) {
  PartitionFiles files(writer_, target.file_schema);
  LATECOMER_RETURN_IF_ERROR(format_ == InputFormat::kParquet ? ReadParquetFiles(target, files)
                                                             : ReadText(target, files));
  LATECOMER_ASSIGN_OR_RETURN(std::vector<delta::NewFile> finished, files.Finish());
  if (finished.empty()) {
    return Fail(
        Error(ErrorKind::kInvalidFile, "the input has no rows; nothing was committed").In(request_.inputs.front()));
  }
  LoadReport report = ReportOf(finished);
  const auto appended = writer_.Append({target.schema, std::move(finished)});
  if (!appended) {
    if (appended.error().kind == ErrorKind::kUnknownOutcome) files.Release();
    return Fail(appended.error());
  }
  files.Release();
  report.version = appended->version;
  report.created = appended->created;
  return report;
}

// The columns are guessed from the first rows. When a later row doesn't agree, all rows are looked at first.
Result<LoadReport> Loader::LoadNewTable() {
  if (format_ == InputFormat::kParquet) {
    LATECOMER_ASSIGN_OR_RETURN(const auto columns, ParquetColumns(request_.inputs.front()));
    LATECOMER_ASSIGN_OR_RETURN(const Target target, TargetOf(columns, request_.partitioning));
    if (!target.unloadable.empty()) {
      const auto& [name, type] = *target.unloadable.begin();
      return Fail(Error(ErrorKind::kUnsupported, "column '" + Printable(name) + "' is of type " + Printable(type) +
                                                     "; nested columns can't be loaded")
                      .In(request_.inputs.front()));
    }
    return LoadInto(target);
  }
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<LoadColumn> guessed, InferSchema(false));
  auto target = TargetOf(AsWriteColumns(guessed), request_.partitioning);
  if (target) {
    auto loaded = LoadInto(*target);
    if (loaded || loaded.error().kind != ErrorKind::kInvalidFile) return loaded;
  } else if (target.error().kind != ErrorKind::kInvalidArgument) {
    return Fail(std::move(target).error());
  }
  LATECOMER_ASSIGN_OR_RETURN(const std::vector<LoadColumn> all, InferSchema(true));
  LATECOMER_ASSIGN_OR_RETURN(const Target whole, TargetOf(AsWriteColumns(all), request_.partitioning));
  return LoadInto(whole);
}

Result<LoadReport> Loader::Run() {
  LATECOMER_RETURN_IF_ERROR(Prepare());
  LATECOMER_ASSIGN_OR_RETURN(const auto shape, writer_.ReadShape());
  if (!shape) return LoadNewTable();
  LATECOMER_ASSIGN_OR_RETURN(const Target target, TargetOf(*shape, request_.partitioning));
  return LoadInto(target);
}

}  // namespace

Result<LoadReport> Load(delta::DeltaWriter& writer, const LoadRequest& request) {
  return Loader(writer, request).Run();
}

}  // namespace latecomer::load
