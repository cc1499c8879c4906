#include "executor/spawner/proc_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>

namespace fugle::spawner {

std::string read_proc_file(const std::string& path, std::size_t limit) {
  std::string text;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  std::array<char, 4096> piece;
  while (text.size() < limit) {
    const ssize_t n = ::read(fd, piece.data(), piece.size());
    if (n <= 0) break;
    text.append(piece.data(), static_cast<std::size_t>(n));
  }
  ::close(fd);
  return text;
}

std::vector<std::uint64_t> numbers_in(std::string_view text) {
  std::vector<std::uint64_t> numbers;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    std::uint64_t number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error == std::errc{}) numbers.push_back(number);
    at = error == std::errc{} ? next : at + 1;
  }
  return numbers;
}

std::uint64_t number_after(std::string_view text, std::string_view name) {
  for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    if (at > 0 && text[at - 1] != '\n') continue;
    const auto numbers = numbers_in(text.substr(at + name.size(), 64));
    return numbers.empty() ? 0 : numbers.front();
  }
  return 0;
}

}  // namespace fugle::spawner
