// Names and labels of what is created in a cluster, from texts that may hold anything.
#pragma once

#include <string>
#include <string_view>

namespace latecomer::kubernetes {

// 32 hexadecimal digits that stand for a text.
std::string DigestOf(std::string_view text);

// "latecomer-<pipeline>-<step>-<10 digits of the digest>": a DNS label that begins with a letter, of at most 52
// characters, so that what is named after it (pods, services) has room too.
std::string ObjectName(std::string_view pipeline, std::string_view step, std::string_view digest);

// A text as a label's value: of at most 63 characters, letters, digits, `-`, `_` and `.` with a letter or digit at both
// ends. Where something had to be left out, a part of its digest tells it from others.
std::string LabelValue(std::string_view text);

}  // namespace latecomer::kubernetes
