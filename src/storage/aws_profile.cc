#include "storage/aws_profile.h"

#include <algorithm>

#include "base/text.h"
#include "http/secret_file.h"

namespace latecomer::storage {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

Status AddFile(const std::string& path, AwsFile kind, AwsProfiles& profiles) {
  const Result<std::string> text = http::ReadSecretFile(path);
  if (!text && text.error().kind == ErrorKind::kNotFound) return {};
  if (!text) return Fail(text.error());
  AddProfiles(*text, kind, profiles.by_name);
  return {};
}

}  // namespace

void AddProfiles(std::string_view text, AwsFile file, std::map<std::string, AwsProfile>& profiles) {
  AwsProfile* profile = nullptr;
  for (const std::string_view raw : Split(text, '\n')) {
    const bool nested = raw.starts_with(' ') || raw.starts_with('\t');  // "s3 =" and its own settings below
    const std::string_view line = Trim(raw);
    if (line.empty() || line.starts_with('#') || line.starts_with(';')) continue;
    if (line.starts_with('[')) {
      const std::size_t end = line.find(']');
      std::string_view name = Trim(line.substr(1, end == std::string_view::npos ? end : end - 1));
      profile = nullptr;
      if (file == AwsFile::kConfig && name != "default") {
        if (!name.starts_with("profile ")) continue;  // sso-session and services
        name = Trim(name.substr(8));
      }
      profile = &profiles[std::string(name)];
      continue;
    }
    const std::size_t equals = line.find('=');
    if (profile == nullptr || nested || equals == std::string_view::npos) continue;
    (*profile)[Lower(Trim(line.substr(0, equals)))] = Trim(line.substr(equals + 1));
  }
}

std::optional<std::string> AwsProfiles::Setting(const std::string& key) const {
  const auto profile = by_name.find(chosen);
  if (profile == by_name.end()) return std::nullopt;
  const auto found = profile->second.find(key);
  if (found == profile->second.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

Result<AwsProfiles> ReadAwsProfiles(const http::Environment& environment) {
  AwsProfiles profiles;
  const auto named = environment("AWS_PROFILE");
  const auto older_name = environment("AWS_DEFAULT_PROFILE");
  profiles.is_asked_for = named || older_name;
  profiles.chosen = named.value_or(older_name.value_or("default"));
  const auto home = environment("HOME");
  const auto path = [&](const char* variable, const char* name) {
    const auto given = environment(variable);
    if (given) return given->starts_with("~/") && home ? *home + given->substr(1) : *given;
    return home ? *home + "/.aws/" + name : std::string();
  };
  LATECOMER_RETURN_IF_ERROR(AddFile(path("AWS_CONFIG_FILE", "config"), AwsFile::kConfig, profiles));
  LATECOMER_RETURN_IF_ERROR(
      AddFile(path("AWS_SHARED_CREDENTIALS_FILE", "credentials"), AwsFile::kCredentials, profiles));
  return profiles;
}

}  // namespace latecomer::storage
