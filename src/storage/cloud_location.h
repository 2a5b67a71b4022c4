// URIs of tables in object stores.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace latecomer::storage {

struct CloudLocation {
  std::string scheme;     // in lower case
  std::string authority;  // of s3://bucket/a/table: "bucket"
  std::string path;       // "a/table": no slash at either end; may be empty

  // With the scheme, for people and as the table's name in the ledger.
  std::string Uri() const;
  // "a/table/", or empty.
  std::string Root() const { return path.empty() ? "" : path + "/"; }
};

// Nothing is percent-decoded: object names are what they are. kInvalidArgument for one without a bucket, with "." or
// ".." in its path, or with what looks like a user and password.
Result<CloudLocation> ParseCloudLocation(const std::string& location);

}  // namespace latecomer::storage
