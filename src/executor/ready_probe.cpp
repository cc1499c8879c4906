#include "executor/ready_probe.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace fugle::executor {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFirstPause = 100ms;
constexpr Duration kLongestPause = 1s;
constexpr Duration kLongestQuestion = 30s;
constexpr std::size_t kMostWords = 200;

/// Its last line that says something, as far as there is room for it.
std::string last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  const std::size_t begin = text.rfind('\n');
  if (begin != std::string_view::npos) text.remove_prefix(begin + 1);
  return std::string(text.substr(0, kMostWords));
}

}  // namespace

void ReadyProbe::begin(SteadyTime now) {
  if (phase_ != Phase::before) return;
  phase_ = Phase::waiting;
  until_ = now + timeout_;
  pause_ = kFirstPause;
  next_ = now + pause_;
}

ReadyProbe::Act ReadyProbe::act(SteadyTime now) {
  if (!is_asking()) return Act::nothing;
  if (now >= until_) {
    has_given_up_ = true;
    phase_ = Phase::over;
    return Act::give_up;
  }
  if (phase_ == Phase::asked || now < next_) return Act::nothing;
  phase_ = Phase::asked;
  return Act::ask;
}

bool ReadyProbe::hear(const std::string& problem, const std::string& output, SteadyTime now) {
  if (phase_ != Phase::asked) return false;
  if (problem.empty()) {
    phase_ = Phase::over;
    return true;
  }
  const std::string words = last_line(output);
  last_answer_ = words.empty() ? problem : fmt::format("{}: {}", problem, words);
  phase_ = Phase::waiting;
  next_ = now + pause_;
  pause_ = std::min(2 * pause_, kLongestPause);
  return false;
}

/// A second at least: it may be the only one.
Duration ReadyProbe::limit(SteadyTime now) const { return std::clamp<Duration>(until_ - now, 1s, kLongestQuestion); }

std::string ReadyProbe::reason() const {
  return fmt::format(
      "not ready within {}{}", format_written(timeout_),
      last_answer_.empty() ? " ('ready' has not ended)" : fmt::format(" (the last 'ready': {})", last_answer_));
}

}  // namespace fugle::executor
