// YAML as JSON, for what is handed on to a system that takes JSON.
#pragma once

#include <string>

#include "yaml/tree.h"

namespace latecomer::pipeline {

// A map, list or value as one line of JSON. Plain scalars are what `kubectl apply` takes them for (YAML 1.1): `true`,
// `yes`, `on` and their opposites, whole numbers (also octal `0440` and `0x…`), decimal ones, null; all else is text.
std::string JsonText(const YamlNode& node);

}  // namespace latecomer::pipeline
