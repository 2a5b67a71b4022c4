#include "kubernetes/credentials.h"

#include "base/text.h"
#include "http/secret_file.h"
#include "kubernetes/exec_plugin.h"

namespace latecomer::kubernetes {

using std::chrono::steady_clock;

Result<std::string> Credentials::Token() {
  if (cluster_.token_file.empty() && !cluster_.exec) return cluster_.token;
  if (token_ && (!good_until_ || steady_clock::now() < *good_until_)) return *token_;
  token_.reset();
  LATECOMER_ASSIGN_OR_RETURN(token_, cluster_.exec ? AskPlugin() : ReadFile());
  return *token_;
}

Result<std::string> Credentials::ReadFile() {
  LATECOMER_ASSIGN_OR_RETURN(const std::string text, http::ReadSecretFile(cluster_.token_file));
  constexpr auto kFresh = std::chrono::minutes(1);
  good_until_ = steady_clock::now() + kFresh;
  std::string token(Trim(text));
  if (!token.empty()) return token;
  return Fail(Error(ErrorKind::kInvalidFile, "the token file is empty").In(cluster_.token_file));
}

Result<std::string> Credentials::AskPlugin() {
  LATECOMER_ASSIGN_OR_RETURN(ExecCredential credential, RunExecPlugin(*cluster_.exec));
  constexpr auto kEarly = std::chrono::minutes(1);
  good_until_.reset();
  if (credential.expires) {
    good_until_ = steady_clock::now() + (*credential.expires - SystemClock().Now()) - kEarly;
  }
  return std::move(credential.token);
}

bool Credentials::Renew() {
  if ((cluster_.token_file.empty() && !cluster_.exec) || !token_) return false;
  const std::string refused = *token_;
  token_.reset();
  const auto now = Token();
  return now && *now != refused;
}

}  // namespace latecomer::kubernetes
