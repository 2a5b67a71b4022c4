// Requests to a cluster's API server.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/result.h"
#include "http/client.h"
#include "http/streams.h"
#include "kubernetes/cluster.h"
#include "kubernetes/credentials.h"

namespace latecomer::kubernetes {

// One thread uses it.
class Api {
 public:
  explicit Api(Cluster cluster);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  const Cluster& cluster() const { return cluster_; }

  // `path`: "/apis/batch/v1/namespaces/data/jobs/x". A status of 400 or more is an error:
  //   kNotFound 404; kConflict 409; kHistoryGone 410; kPermission 401, 403, with the right that is missing;
  //   kInvalidArgument what the server finds wrong with the object; kIo that may pass.
  // What got no answer is kIo, or kUnknownOutcome when it may have been heard.
  Result<nlohmann::json> Get(const std::string& path);
  Result<nlohmann::json> Create(const std::string& path, const nlohmann::json& object);
  // What depends on the object goes first.
  Status Delete(const std::string& path);

  // For http::Streams: a watch, or a log. Its answer, when it is none of 200 to 299, is told by ErrorOf.
  Result<http::Request> Stream(const std::string& path);
  // After the answer or failure of a request. A 401 has the token fetched anew.
  Error ErrorOf(const http::Response& response);
  Error ErrorOf(const http::Failure& failure) const;

 private:
  Result<http::Request> RequestTo(const std::string& method, const std::string& path);
  Result<http::Response> Send(const std::string& method, const std::string& path, const std::string& body);
  Result<nlohmann::json> Ask(const std::string& method, const std::string& path, const std::string& body);

  const Cluster cluster_;
  Credentials credentials_;
  http::Client client_;
};

}  // namespace latecomer::kubernetes
