// Where tokens for Google Cloud Storage come from: Application Default Credentials.
#pragma once

#include "base/result.h"
#include "storage/cloud_request.h"
#include "storage/token_cache.h"

namespace latecomer::storage {

// 1. the file that GOOGLE_APPLICATION_CREDENTIALS names: a service account's key, a user's, or a workload identity
//    federation (external_account) whose token comes from a file or a URL
// 2. the file that `gcloud auth application-default login` leaves
// 3. the metadata server of an instance, GKE's included (GCE_METADATA_HOST)
// kPermission, naming these, when there is none.
Result<BearerToken> FetchGoogleToken(const CloudTools& tools);

}  // namespace latecomer::storage
