// ObjectStore on a local folder.
#pragma once

#include <memory>
#include <string>

#include "storage/object_store.h"

namespace latecomer::storage {

// `folder` need not exist yet; it is created by the first write. Symbolic links inside are followed.
std::shared_ptr<ObjectStore> MakeLocalStore(std::string folder);

// A path or file:// URI → MakeLocalStore. kUnsupported, naming the scheme, for any other URI.
Result<std::shared_ptr<ObjectStore>> OpenLocalStore(const std::string& location);

}  // namespace latecomer::storage
