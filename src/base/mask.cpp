#include "base/mask.hpp"

#include <algorithm>

namespace fugle {

Mask::Mask(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    words_.push_back(word);
    std::size_t begin = word.find('\n') == std::string::npos ? std::string::npos : 0;
    while (begin != std::string::npos) {
      const std::size_t end = word.find('\n', begin);
      std::string_view line = std::string_view(word).substr(begin, end == std::string::npos ? end : end - begin);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.size() >= kShortestLine) words_.emplace_back(line);
      begin = end == std::string::npos ? end : end + 1;
    }
  }
  std::erase(words_, "");
  std::ranges::sort(words_, [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  words_.erase(std::unique(words_.begin(), words_.end()), words_.end());
  for (const std::string& word : words_) begins_[static_cast<unsigned char>(word.front())] = true;
}

/// Whether the whole text is the beginning of a longer word.
bool Mask::may_begin_at(std::string_view text) const {
  return std::ranges::any_of(words_, [text](std::string_view word) {
    return word.size() > text.size() && word.starts_with(text);
  });
}

std::size_t Mask::look(std::string_view text, End end, std::string& out) const {
  const std::size_t longest = words_.empty() ? 0 : words_.front().size();
  std::size_t at = 0, copied = 0;
  while (at < text.size()) {
    if (!begins_[static_cast<unsigned char>(text[at])]) {
      ++at;
      continue;
    }
    const std::string_view rest = text.substr(at);
    if (end == End::open && rest.size() < longest && may_begin_at(rest)) break;
    const auto word = std::ranges::find_if(words_, [rest](std::string_view w) { return rest.starts_with(w); });
    if (word == words_.end()) {
      ++at;
      continue;
    }
    out.append(text.substr(copied, at - copied)).append(kInstead);
    at += word->size();
    copied = at;
  }
  out.append(text.substr(copied, at - copied));
  return at;
}

std::string Mask::applied(std::string_view text) const {
  std::string out;
  look(text, End::closed, out);
  return out;
}

void Mask::apply(std::string& text) const {
  if (!words_.empty()) text = applied(text);
}

std::string Mask::Stream::next(const Mask& mask, std::string_view piece) {
  held_ += piece;
  std::string out;
  held_.erase(0, mask.look(held_, End::open, out));
  return out;
}

std::string Mask::Stream::rest(const Mask& mask) {
  std::string out = mask.applied(held_);
  held_.clear();
  return out;
}

}  // namespace fugle
