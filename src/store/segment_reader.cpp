#include "store/segment_reader.hpp"

#include <algorithm>
#include <span>

namespace fugle::store {

using scheduler::Event;
using scheduler::Sequence;

namespace {
constexpr std::uint32_t kWindowRows = 4096;
}

SegmentReader::SegmentReader(Segment segment) : segment_(std::move(segment)), next_seq_(segment_.info.first_seq) {}

const Row& SegmentReader::row(std::uint32_t index) {
  if (index < window_first_ || index >= window_first_ + window_.size()) load(index);
  return window_[index - window_first_];
}

void SegmentReader::load(std::uint32_t index) {
  const SegmentInfo& info = segment_.info;
  // A file cut short reads as never written.
  window_.assign(std::min(kWindowRows, info.capacity - index), Row{});
  window_first_ = index;
  segment_.file.read_at(info.rows_offset + index * sizeof(Row), std::as_writable_bytes(std::span(window_)));

  std::uint64_t begin = info.text_capacity;
  std::uint64_t end = 0;
  for (const Row& r : window_) {
    if (r.text_len == 0) continue;
    begin = std::min<std::uint64_t>(begin, r.text_off);
    end = std::max<std::uint64_t>(end, r.text_off + std::uint64_t{r.text_len});
  }
  end = std::min(end, info.text_capacity);
  text_first_ = begin;
  text_.assign(end > begin ? end - begin : 0, '\0');
  segment_.file.read_at(info.text_offset + begin, std::as_writable_bytes(std::span(text_)));
}

std::string_view SegmentReader::text_of(const Row& r) const {
  return r.text_len == 0 ? std::string_view{} : std::string_view(text_).substr(r.text_off - text_first_, r.text_len);
}

bool SegmentReader::is_intact(const Row& r) const {
  if (r.seq == 0) return false;
  if (r.text_len > 0 && r.text_off + std::uint64_t{r.text_len} > segment_.info.text_capacity) return false;
  return crc_of(r, text_of(r)) == r.crc;
}

/// With commit_align a commit starts on a new page: to be skipped only when the next event is seen there, because an
/// unfinished commit of the page at hand looks the same.
bool SegmentReader::skip_padding() {
  if (segment_.info.commit_align == 0 || next_row_ % kRowsPerPage == 0 || !is_blank(row(next_row_))) return false;
  const std::uint32_t next_page = next_row_ + kRowsPerPage - next_row_ % kRowsPerPage;
  if (next_page >= segment_.info.capacity) return false;
  const Row& first = row(next_page);
  if (first.seq != next_seq_ || !is_intact(first)) return false;
  next_row_ = next_page;
  return true;
}

void SegmentReader::read_on(std::vector<Event>& events, Sequence end) {
  window_.clear();
  while (next_row_ < segment_.info.capacity && next_seq_ < end) {
    const Row& next = row(next_row_);
    if (next.seq == next_seq_ && is_intact(next)) {
      events.push_back(to_event(next, text_of(next)));
      ++next_row_;
      ++next_seq_;
    } else if (!skip_padding()) {
      return;
    }
  }
}

SegmentReader::Beyond SegmentReader::look_beyond() {
  Beyond beyond;
  for (std::uint32_t i = next_row_; i < segment_.info.capacity; ++i) {
    const Row& r = row(i);
    if (is_blank(r)) continue;
    ++beyond.num_rows;
    if (is_intact(r) && r.lag <= r.seq) beyond.acknowledged = std::max(beyond.acknowledged, r.seq - r.lag);
  }
  return beyond;
}

std::vector<SegmentReader::Found> SegmentReader::find_all() {
  window_.clear();
  std::vector<Found> found;
  for (std::uint32_t i = 0; i < segment_.info.capacity; ++i) {
    const Row& r = row(i);
    if (is_blank(r) || !is_intact(r)) continue;
    found.push_back({r.seq, r.seq - std::min<Sequence>(r.lag, r.seq), to_event(r, text_of(r))});
  }
  return found;
}

}  // namespace fugle::store
