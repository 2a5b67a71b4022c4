// Deletion vectors: which rows of a data file are deleted (protocol, "Deletion Vector Format").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "delta/actions.h"
#include "storage/object_store.h"

namespace latecomer::delta {

// Z85 (ZeroMQ RFC 32): five characters for four bytes. kDamaged when the text is none.
Result<std::string> DecodeZ85(std::string_view text);

// Row positions, ascending, from a serialized RoaringBitmapArray with its magic number. kDamaged when the
// bytes are none, positions are not ascending, or there are more than `limit` of them.
Result<std::vector<std::int64_t>> DecodeRowPositions(std::string_view bytes, std::int64_t limit);

// Where a vector's file lies: a key below the table for "u", the decoded absolute path or URI for "p".
Result<std::string> DeletionVectorPath(const DeletionVector& vector);

// Reads and decodes a vector, wherever it is stored; checks size, checksum and cardinality.
// `open_store` opens the folder of an absolute path; kUnsupported when it is empty but needed.
Result<std::vector<std::int64_t>> ReadDeletionVector(const DeletionVector& vector, const storage::ObjectStore& table,
                                                     const storage::StoreOpener& open_store);

}  // namespace latecomer::delta
