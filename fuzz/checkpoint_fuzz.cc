// A checkpoint file of any bytes: no crash; what can't be read is damage.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "delta/checkpoint_reader.h"
#include "delta/live_files.h"

namespace {

using latecomer::ErrorKind;
using latecomer::Fail;
using latecomer::Result;
using latecomer::Status;
namespace storage = latecomer::storage;

// One object, whatever it is called.
class OneObject final : public storage::ObjectStore {
 public:
  explicit OneObject(std::string bytes) : bytes_(std::move(bytes)) {}
  const std::string& location() const override { return location_; }
  Result<storage::ObjectInfo> Stat(std::string_view key) const override {
    storage::ObjectInfo info;
    info.key = key;
    info.size_bytes = static_cast<std::int64_t>(bytes_.size());
    return info;
  }
  Result<std::string> Read(std::string_view) const override { return bytes_; }
  Result<std::string> ReadRange(std::string_view, std::int64_t offset, std::int64_t length) const override {
    if (offset < 0 || length < 0) return Fail(ErrorKind::kIo, "impossible range");
    if (static_cast<std::size_t>(offset) >= bytes_.size()) return std::string();
    return bytes_.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
  }
  Result<std::vector<storage::ObjectInfo>> List(std::string_view, const ListOptions&) const override {
    return std::vector<storage::ObjectInfo>{};
  }
  Result<storage::PutOutcome> PutIfAbsent(std::string_view, std::string_view) override { return No(); }
  Result<std::unique_ptr<storage::ObjectWriter>> OpenForWrite(std::string_view) override { return No(); }
  Status Remove(std::string_view) override { return No(); }

 private:
  static tl::unexpected<latecomer::Error> No() { return Fail(ErrorKind::kUnsupported, "read only"); }
  std::string location_ = "memory";
  std::string bytes_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const OneObject store(std::string(reinterpret_cast<const char*>(data), size));
  latecomer::delta::ActionSink sink;
  latecomer::delta::LiveFileBatch files(latecomer::delta::Details::kKeep);
  const auto read = [&]() -> Status {
    LATECOMER_ASSIGN_OR_RETURN(const auto file, latecomer::delta::CheckpointFile::Open(store, "c", "c", {}));
    for (int piece = 0; piece < file.pieces(); ++piece) LATECOMER_RETURN_IF_ERROR(file.ReadPiece(piece, sink, files));
    return {};
  };
  const Status status = read();
  if (!status && status.error().kind != ErrorKind::kDamaged) std::abort();
  return 0;
}
