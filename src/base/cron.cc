#include "base/cron.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <vector>

#include "base/text.h"

namespace latecomer {
namespace {

using std::chrono::local_days;

constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct Field {
  std::string_view name;
  int first;
  int last;
  std::span<const std::string_view> names;  // of `first` and those after it
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kShort{{{"@hourly", "0 * * * *"},
                                                                               {"@daily", "0 0 * * *"},
                                                                               {"@midnight", "0 0 * * *"},
                                                                               {"@weekly", "0 0 * * 0"},
                                                                               {"@monthly", "0 0 1 * *"},
                                                                               {"@yearly", "0 0 1 1 *"},
                                                                               {"@annually", "0 0 1 1 *"}}};

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words = Split(text, ' ');
  std::erase_if(words, [](std::string_view word) { return word.empty(); });
  return words;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::optional<int> Number(std::string_view text) {
  int value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || text.empty() || value < 0) return std::nullopt;
  return value;
}

class FieldParser {
 public:
  explicit FieldParser(const Field& field) : field_(field) {}

  Result<std::uint64_t> Parse(std::string_view text) const {
    std::uint64_t bits = 0;
    for (const std::string_view part : Split(text, ',')) {
      LATECOMER_ASSIGN_OR_RETURN(const std::uint64_t some, ParsePart(part));
      bits |= some;
    }
    return bits;
  }

 private:
  Error Wrong(std::string_view part) const {
    return Error(ErrorKind::kInvalidArgument,
                 "`" + Printable(std::string(part)) + "` is no " + std::string(field_.name) +
                     " of a cron line: " + std::to_string(field_.first) + " to " + std::to_string(field_.last));
  }

  Result<int> Value(std::string_view text) const {
    std::optional<int> value = Number(text);
    if (!value) {
      const std::string lower = Lower(text);
      const auto name = std::find(field_.names.begin(), field_.names.end(), std::string_view(lower));
      if (name != field_.names.end()) value = field_.first + static_cast<int>(name - field_.names.begin());
    }
    if (!value || *value < field_.first || *value > field_.last) return Fail(Wrong(text));
    return *value;
  }

  // `*`, `5`, `1-5`, each perhaps with a step behind it.
  Result<std::uint64_t> ParsePart(std::string_view part) const {
    const std::size_t slash = part.find('/');
    const std::string_view range = part.substr(0, slash);
    int step = 1;
    if (slash != std::string_view::npos) {
      const std::optional<int> given = Number(part.substr(slash + 1));
      if (!given || *given < 1 || *given > field_.last) return Fail(Wrong(part));
      step = *given;
    }
    int from = field_.first;
    int to = field_.last;
    if (range != "*") {
      const std::size_t dash = range.find('-');
      LATECOMER_ASSIGN_OR_RETURN(from, Value(range.substr(0, dash)));
      if (dash != std::string_view::npos) {
        LATECOMER_ASSIGN_OR_RETURN(to, Value(range.substr(dash + 1)));
      } else if (slash == std::string_view::npos) {
        to = from;
      }
      if (from > to) return Fail(Wrong(part));
    }
    std::uint64_t bits = 0;
    for (int value = from; value <= to; value += step) bits |= std::uint64_t{1} << value;
    return bits;
  }

  const Field& field_;
};

bool Has(std::uint64_t bits, unsigned value) {
  return (bits >> value & 1) != 0;
}

}  // namespace

Result<CronLine> CronLine::Parse(std::string_view text) {
  CronLine line;
  line.text_ = std::string(Trim(text));
  std::string_view fields = line.text_;
  const auto shorthand =
      std::find_if(kShort.begin(), kShort.end(), [&](const auto& one) { return one.first == fields; });
  if (shorthand != kShort.end()) fields = shorthand->second;
  const std::vector<std::string_view> words = Words(fields);
  if (words.size() != 5) {
    return Fail(Error(ErrorKind::kInvalidArgument, "`" + Printable(line.text_) + "` is no cron line")
                    .Hint("it has five fields (minute, hour, day of the month, month, day of the week), or is one of "
                          "@hourly, @daily, @weekly, @monthly, @yearly"));
  }
  const std::array<Field, 5> about{Field{"minute", 0, 59, {}}, Field{"hour", 0, 23, {}}, Field{"day", 1, 31, {}},
                                   Field{"month", 1, 12, kMonths}, Field{"weekday", 0, 7, kWeekdays}};
  const std::array<std::uint64_t*, 5> into{&line.minutes_, &line.hours_, &line.days_, &line.months_, &line.weekdays_};
  for (std::size_t i = 0; i < words.size(); ++i) {
    LATECOMER_ASSIGN_OR_RETURN(*into[i], FieldParser(about[i]).Parse(words[i]));
  }
  if (Has(line.weekdays_, 7)) line.weekdays_ |= 1;
  line.any_day_ = words[2].starts_with('*');
  line.any_weekday_ = words[4].starts_with('*');
  const local_days leap_year(std::chrono::year(2000) / 1 / 1);
  for (int day = 0; day < 366; ++day) {
    if (line.IsOnDay(leap_year + std::chrono::days(day))) return line;
  }
  return Fail(ErrorKind::kInvalidArgument, "the times of the cron line `" + Printable(line.text_) + "` never come");
}

bool CronLine::IsOnDay(local_days day) const {
  const std::chrono::year_month_day date(day);
  if (!Has(months_, unsigned{date.month()})) return false;
  const bool by_day = Has(days_, unsigned{date.day()});
  const bool by_weekday = Has(weekdays_, std::chrono::weekday(day).c_encoding());
  return any_day_ || any_weekday_ ? by_day && by_weekday : by_day || by_weekday;
}

LocalTime CronLine::NextFrom(LocalTime from) const {
  const auto minute = std::chrono::ceil<std::chrono::minutes>(from);
  local_days day = std::chrono::floor<std::chrono::days>(minute);
  auto begin = std::chrono::duration_cast<std::chrono::minutes>(minute - day).count();
  // Parse has made sure that such a day comes, after a century without its leap day at the latest.
  while (true) {
    if (IsOnDay(day)) {
      for (auto at = begin; at < 24 * 60; ++at) {
        const bool named = Has(hours_, static_cast<unsigned>(at / 60)) && Has(minutes_, static_cast<unsigned>(at % 60));
        if (named) return day + std::chrono::minutes(at);
      }
    }
    day += std::chrono::days(1);
    begin = 0;
  }
}

}  // namespace latecomer
