#include "delta/checkpoint_actions.h"

#include <string>
#include <utility>

#include "delta/checkpoint_columns.h"

namespace latecomer::delta {
namespace {

Status EmitMetadata(const arrow::RecordBatch& batch, ActionSink& sink) {
  const auto metadata = StructOf(batch.GetColumnByName("metaData"));
  if (metadata == nullptr) return {};
  LATECOMER_COLUMN(id, TextColumn, Child(metadata, "id"), "metaData.id");
  LATECOMER_COLUMN(schema, TextColumn, Child(metadata, "schemaString"), "metaData.schemaString");
  LATECOMER_COLUMN(provider, TextColumn, Child(StructOf(Child(metadata, "format")), "provider"),
                   "metaData.format.provider");
  LATECOMER_ASSIGN_OR_RETURN(const MapColumn configuration,
                             MapColumn::Of(Child(metadata, "configuration"), "metaData.configuration"));
  const auto columns = Child(metadata, "partitionColumns");
  for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
    if (metadata->IsNull(i) || !id[i]) continue;
    if (!schema[i]) return Fail(DamagedCheckpoint("metaData without schemaString"));
    Metadata action;
    action.id = id.Owned(i);
    action.schema_json = schema.Owned(i);
    action.format_provider = provider.Owned(i);
    action.configuration = configuration.Map(i);
    LATECOMER_ASSIGN_OR_RETURN(action.partition_columns, Strings(columns, i, "metaData.partitionColumns"));
    LATECOMER_RETURN_IF_ERROR(sink.OnMetadata(std::move(action)));
  }
  return {};
}

Status EmitProtocol(const arrow::RecordBatch& batch, ActionSink& sink) {
  const auto protocol = StructOf(batch.GetColumnByName("protocol"));
  if (protocol == nullptr) return {};
  LATECOMER_COLUMN(reader, IntegerColumn, Child(protocol, "minReaderVersion"), "protocol.minReaderVersion");
  LATECOMER_COLUMN(writer, IntegerColumn, Child(protocol, "minWriterVersion"), "protocol.minWriterVersion");
  const auto reader_features = Child(protocol, "readerFeatures");
  const auto writer_features = Child(protocol, "writerFeatures");
  for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
    if (protocol->IsNull(i) || !reader[i]) continue;
    if (!writer[i]) return Fail(DamagedCheckpoint("protocol without minWriterVersion"));
    Protocol action;
    action.min_reader_version = *reader[i];
    action.min_writer_version = *writer[i];
    LATECOMER_ASSIGN_OR_RETURN(action.reader_features, Strings(reader_features, i, "protocol.readerFeatures"));
    LATECOMER_ASSIGN_OR_RETURN(action.writer_features, Strings(writer_features, i, "protocol.writerFeatures"));
    LATECOMER_RETURN_IF_ERROR(sink.OnProtocol(std::move(action)));
  }
  return {};
}

Status EmitOthers(const arrow::RecordBatch& batch, ActionSink& sink) {
  if (const auto txn = StructOf(batch.GetColumnByName("txn"))) {
    LATECOMER_COLUMN(app, TextColumn, Child(txn, "appId"), "txn.appId");
    LATECOMER_COLUMN(version, IntegerColumn, Child(txn, "version"), "txn.version");
    for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
      if (txn->IsNull(i) || !app[i] || !version[i]) continue;
      LATECOMER_RETURN_IF_ERROR(sink.OnTransaction(Transaction{app.Owned(i), *version[i]}));
    }
  }
  if (const auto sidecar = StructOf(batch.GetColumnByName("sidecar"))) {
    LATECOMER_COLUMN(path, TextColumn, Child(sidecar, "path"), "sidecar.path");
    for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
      if (sidecar->IsNull(i) || !path[i]) continue;
      LATECOMER_RETURN_IF_ERROR(sink.OnSidecar(Sidecar{path.Owned(i)}));
    }
  }
  return {};
}

}  // namespace

Status EmitActions(const arrow::RecordBatch& batch, ActionSink& sink) {
  LATECOMER_RETURN_IF_ERROR(EmitProtocol(batch, sink));
  LATECOMER_RETURN_IF_ERROR(EmitMetadata(batch, sink));
  return EmitOthers(batch, sink);
}

}  // namespace latecomer::delta
