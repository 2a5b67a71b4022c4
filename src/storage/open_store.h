// Stores by location, whatever they are on.
#pragma once

#include "storage/cloud_request.h"
#include "storage/object_store.h"

namespace latecomer::storage {

// Opens paths, file:// and the object stores' URIs. What the stores of one cloud share (connections, credentials) is
// made when the first of them is opened. kUnsupported, naming the scheme, for any other URI.
StoreOpener MakeStoreOpener(CloudTools tools);

// Of this process: its environment, clock and network; the limits that suit a person waiting. One for all tables.
const StoreOpener& ProcessStores();

}  // namespace latecomer::storage
