// What one entry of `notify` has to tell, gathered: at most one notice a minute, the first after a few seconds, so that
// what fails together is told together; and one at the end. Knows no clock and sends nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "workflow/workflow.hpp"

namespace fugle::app {

inline constexpr std::size_t kNumRunEvents = 5;

struct NoticeText {
  std::vector<std::string> events;                   ///< words, e.g. "failed"
  std::array<std::uint64_t, kNumRunEvents> counts{};  ///< [RunEvent]
  std::string subject;                               ///< "3 failed, 1 late"
  std::string body;                                  ///< a line for each, the first few
};

class NoticeBook {
 public:
  static constexpr Duration kGather = std::chrono::seconds(3);
  static constexpr Duration kPeriod = std::chrono::minutes(1);
  static constexpr std::size_t kMostLines = 10;  ///< of each event

  /// `events`: a bit for each; the others are left aside.
  explicit NoticeBook(std::uint32_t events) : events_(events) {}

  /// `line`: what happened to whom.
  void note(workflow::RunEvent event, std::string line, Time now);
  [[nodiscard]] bool has_news() const { return first_.has_value(); }
  /// When take() would give something; kNever: nothing is there.
  [[nodiscard]] Time due() const;
  /// All that was noted since the last one. Nothing: it is not due.
  enum class When : std::uint8_t { due, now };
  [[nodiscard]] std::optional<NoticeText> take(Time now, When when = When::due);

 private:
  struct News {
    std::uint64_t count = 0;
    std::vector<std::string> lines;
  };
  std::uint32_t events_;
  std::array<News, kNumRunEvents> news_;
  std::optional<Time> first_;  ///< of the news
  std::optional<Time> last_;   ///< notice that was taken
};

}  // namespace fugle::app
