// The files that AWS's own tools are set up with: ~/.aws/config and ~/.aws/credentials.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/environment.h"

namespace latecomer::storage {

// Settings of one profile; keys in lower case.
using AwsProfile = std::map<std::string, std::string>;

// The profiles of both files by name. Files that are missing hold nothing; kPermission when one can't be read.
struct AwsProfiles {
  std::map<std::string, AwsProfile> by_name;
  std::string chosen;         // AWS_PROFILE, else "default"
  bool is_asked_for = false;  // AWS_PROFILE names it

  // A setting of the chosen profile.
  std::optional<std::string> Setting(const std::string& key) const;
};

Result<AwsProfiles> ReadAwsProfiles(const http::Environment& environment);

// How a file of profiles is read. In the config file sections are "[profile x]" and "[default]"; in the
// credentials file "[x]". Later sections of a name add to earlier ones.
enum class AwsFile { kConfig, kCredentials };
void AddProfiles(std::string_view text, AwsFile file, std::map<std::string, AwsProfile>& profiles);

}  // namespace latecomer::storage
