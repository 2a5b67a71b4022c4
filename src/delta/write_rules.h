// Whether a table lets this program write to it (Delta protocol, "Writer Version Requirements").
#pragma once

#include "base/result.h"
#include "delta/actions.h"

namespace latecomer::delta {

enum class WriteKind {
  kAppend,   // adds only
  kReplace,  // removes too
};

// kUnsupported, naming it, when the table uses something that a writer must do and this one doesn't:
// constraints, invariants, generated, identity or default columns, column mapping, row tracking, Iceberg
// compatibility, an unknown writer feature; or when it is append-only and something is to be removed.
// A feature that is only listed, with nothing in the table that uses it, asks nothing of a writer.
Status CheckWritable(const Protocol& protocol, const Metadata& metadata, WriteKind kind);

}  // namespace latecomer::delta
