#include "app/notice_book.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "workflow/run_rules.hpp"

namespace fugle::app {

using workflow::RunEvent;

void NoticeBook::note(RunEvent event, std::string line, Time now) {
  if ((events_ & bit_of(event)) == 0) return;
  News& news = news_[static_cast<std::size_t>(event)];
  ++news.count;
  if (news.lines.size() < kMostLines) news.lines.push_back(std::move(line));
  if (!first_) first_ = now;
}

Time NoticeBook::due() const {
  if (!first_) return kNever;
  return last_ ? std::max(*first_ + kGather, *last_ + kPeriod) : *first_ + kGather;
}

std::optional<NoticeText> NoticeBook::take(Time now, When when) {
  if (!first_ || (when == When::due && now < due())) return std::nullopt;
  NoticeText text;
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < kNumRunEvents; ++i) {
    const News news = std::exchange(news_[i], {});
    text.counts[i] = news.count;
    if (news.count == 0) continue;
    const std::string_view word = workflow::name_of(static_cast<RunEvent>(i));
    text.events.emplace_back(word);
    // The run itself is done, stalled or resumed.
    const bool is_of_run = static_cast<RunEvent>(i) > RunEvent::late;
    parts.push_back(is_of_run ? std::string(word) : fmt::format("{} {}", news.count, word));
    for (const std::string& line : news.lines) text.body += fmt::format("{}: {}\n", word, line);
    if (news.count > news.lines.size()) text.body += fmt::format("{}: and {} more\n", word, news.count - news.lines.size());
  }
  text.subject = join(parts, ", ");
  first_.reset();
  last_ = now;
  return text;
}

}  // namespace fugle::app
