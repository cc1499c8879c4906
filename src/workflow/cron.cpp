#include "workflow/cron.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <span>
#include <vector>

#include "workflow/scalar.hpp"

namespace fugle::workflow {
namespace {

using std::chrono::sys_days;

constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct FieldKind {
  std::string_view word;
  int min;
  int max;
  std::span<const std::string_view> names;  ///< of min, min + 1, ...
};
constexpr std::array<FieldKind, 5> kFields{{{"minute", 0, 59, {}},
                                            {"hour", 0, 23, {}},
                                            {"day of month", 1, 31, {}},
                                            {"month", 1, 12, kMonths},
                                            {"weekday", 0, 7, kWeekdays}}};

struct Nickname {
  std::string_view word;
  std::string_view fields;
};
constexpr std::array<Nickname, 7> kNicknames{{{"@hourly", "0 * * * *"},
                                              {"@daily", "0 0 * * *"},
                                              {"@midnight", "0 0 * * *"},
                                              {"@weekly", "0 0 * * 0"},
                                              {"@monthly", "0 0 1 * *"},
                                              {"@yearly", "0 0 1 1 *"},
                                              {"@annually", "0 0 1 1 *"}}};

/// A part of the text and where it begins.
struct Piece {
  std::string_view text;
  std::size_t offset = 0;

  [[nodiscard]] Piece part(std::size_t from, std::size_t count = std::string_view::npos) const {
    return {text.substr(from, count), offset + from};
  }
};

std::vector<Piece> pieces_of(const Piece& whole, std::string_view separators) {
  std::vector<Piece> pieces;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = whole.text.find_first_of(separators, begin);
    pieces.push_back(whole.part(begin, end == std::string_view::npos ? end : end - begin));
    if (end == std::string_view::npos) return pieces;
    begin = end + 1;
  }
}

class CronReader {
 public:
  CronReader(std::string_view text, Position at, Diagnostics& diagnostics)
      : text_(text), at_(at), diagnostics_(diagnostics) {}

  std::optional<Cron> read() {
    std::vector<Piece> fields = pieces_of({text_, 0}, " \t");
    std::erase_if(fields, [](const Piece& field) { return field.text.empty(); });
    if (!fields.empty() && fields[0].text.starts_with('@')) return read_nickname(fields);
    if (fields.size() != kFields.size()) {
      const std::size_t extra = fields.size() > kFields.size() ? fields[kFields.size()].offset : 0;
      refuse({text_, extra}, fmt::format("'schedule' has {} field{}; it needs five: minute, hour, day of month, month, "
                                         "weekday, e.g. \"30 4 * * mon-fri\"",
                                         fields.size(), fields.size() == 1 ? "" : "s"));
      return std::nullopt;
    }
    Cron cron;
    bool is_good = true;
    for (std::size_t i = 0; i < fields.size(); ++i) is_good = read_field(i, fields[i], cron) && is_good;
    if (!is_good) return std::nullopt;
    cron.any_day = fields[2].text.starts_with('*');
    cron.any_weekday = fields[4].text.starts_with('*');
    cron.follows_clock = fields[0].text.starts_with('*') || fields[1].text.starts_with('*');
    if (cron.next({2000, 1, 1, 0, 0})) return cron;
    refuse(fields[2], fmt::format("'schedule' is {}; there is no such day in any year", in_quotes(text_)));
    return std::nullopt;
  }

 private:
  void refuse(const Piece& where, std::string message) {
    diagnostics_.error("E112", {at_.line, at_.column + static_cast<std::uint32_t>(where.offset), at_.file},
                       std::move(message));
  }

  std::optional<Cron> read_nickname(const std::vector<Piece>& fields) {
    const auto known = std::ranges::find(kNicknames, fields[0].text, &Nickname::word);
    if (known != kNicknames.end() && fields.size() == 1) return CronReader(known->fields, at_, diagnostics_).read();
    refuse(fields.size() > 1 && known != kNicknames.end() ? fields[1] : fields[0],
           fmt::format("'schedule' is {}; five fields, or one of @hourly, @daily, @weekly, @monthly, @yearly",
                       in_quotes(text_)));
    return std::nullopt;
  }

  bool read_field(std::size_t index, const Piece& field, Cron& cron) {
    const FieldKind& kind = kFields[index];
    std::bitset<60> values;
    bool is_good = true;
    for (const Piece& item : pieces_of(field, ",")) is_good = read_item(kind, item, values) && is_good;
    const auto copy = [&](auto& into) {
      for (std::size_t v = 0; v < into.size(); ++v) into[v] = values[v];
    };
    switch (index) {
      case 0: copy(cron.minutes); break;
      case 1: copy(cron.hours); break;
      case 2: copy(cron.days); break;
      case 3: copy(cron.months); break;
      default:
        copy(cron.weekdays);
        if (values[7]) cron.weekdays[0] = true;  // Sunday is 0 and 7
    }
    return is_good;
  }

  /// "*", "5", "1-5", "mon-fri", each but the single value with "/step".
  bool read_item(const FieldKind& kind, const Piece& item, std::bitset<60>& values) {
    const std::size_t slash = item.text.find('/');
    const Piece range = item.part(0, slash);
    const std::size_t dash = range.text.find('-');
    const bool is_single = range.text != "*" && dash == std::string_view::npos;
    std::optional<int> first = kind.min, last = kind.max;
    if (is_single) {
      first = last = read_value(kind, range);
    } else if (range.text != "*") {
      first = read_value(kind, range.part(0, dash));
      last = read_value(kind, range.part(dash + 1));
    }
    int step = 1;
    if (slash != std::string_view::npos && !read_step(kind, item, slash, is_single, step)) return false;
    if (!first || !last) return false;
    if (*last < *first) {
      refuse(range, fmt::format("{} {} in 'schedule' ends before it begins", kind.word, in_quotes(range.text)));
      return false;
    }
    for (int value = *first; value <= *last; value += step) values[static_cast<std::size_t>(value)] = true;
    return true;
  }

  bool read_step(const FieldKind& kind, const Piece& item, std::size_t slash, bool is_single, int& step) {
    const Piece text = item.part(slash + 1);
    const auto value = to_int(text.text);
    if (!value || *value < 1 || *value > kind.max) {
      refuse(text, fmt::format("step {} of {} in 'schedule' is not a number from 1 to {}", in_quotes(text.text),
                               kind.word, kind.max));
      return false;
    }
    if (is_single) {
      refuse(item, fmt::format("{} {} in 'schedule' has a step and no range; write */{} or {}-{}/{}", kind.word,
                               in_quotes(item.text), *value, item.text.substr(0, slash), kind.max, *value));
      return false;
    }
    step = static_cast<int>(*value);
    return true;
  }

  std::optional<int> read_value(const FieldKind& kind, const Piece& piece) {
    std::string lower(piece.text);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto name = std::ranges::find(kind.names, lower);
    if (name != kind.names.end()) return kind.min + static_cast<int>(name - kind.names.begin());
    const bool is_number = !lower.empty() && lower.size() <= 2 &&
                           std::ranges::all_of(lower, [](unsigned char c) { return std::isdigit(c) != 0; });
    const int value = is_number ? std::stoi(lower) : -1;
    if (value >= kind.min && value <= kind.max) return value;
    refuse(piece,
           fmt::format("{} {} in 'schedule' is not in {}..{}{}", kind.word, in_quotes(piece.text), kind.min, kind.max,
                       kind.names.empty() ? "" : fmt::format(", {} to {}", kind.names.front(), kind.names.back())));
    return std::nullopt;
  }

  std::string_view text_;
  Position at_;
  Diagnostics& diagnostics_;
};

std::chrono::year_month_day date_of(int year, int month, int day) {
  return {std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
          std::chrono::day(static_cast<unsigned>(day))};
}

}  // namespace

std::string to_text(const CivilMinute& m) {
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", m.year, m.month, m.day, m.hour, m.minute);
}

bool Cron::has_day(int year, int month, int day) const {
  if (!months[static_cast<std::size_t>(month)]) return false;
  const std::chrono::weekday weekday{sys_days(date_of(year, month, day))};
  const bool by_day = days[static_cast<std::size_t>(day)];
  const bool by_weekday = weekdays[weekday.c_encoding()];
  return any_day || any_weekday ? by_day && by_weekday : by_day || by_weekday;
}

std::optional<CivilMinute> Cron::next(const CivilMinute& from) const {
  constexpr int kMostDays = 8 * 366 + 1;  // 29 February may be eight years away
  sys_days date(date_of(from.year, from.month, from.day));
  for (int i = 0; i < kMostDays; ++i, date += std::chrono::days(1)) {
    const std::chrono::year_month_day ymd(date);
    const CivilMinute day{int(ymd.year()), int(unsigned(ymd.month())), int(unsigned(ymd.day())), 0, 0};
    if (!has_day(day.year, day.month, day.day)) continue;
    for (int minute = i == 0 ? from.hour * 60 + from.minute : 0; minute < 24 * 60; ++minute)
      if (hours[static_cast<std::size_t>(minute / 60)] && minutes[static_cast<std::size_t>(minute % 60)])
        return CivilMinute{day.year, day.month, day.day, minute / 60, minute % 60};
  }
  return std::nullopt;
}

std::optional<Cron> parse_cron(std::string_view text, Position at, Diagnostics& diagnostics) {
  return CronReader(text, at, diagnostics).read();
}

}  // namespace fugle::workflow
