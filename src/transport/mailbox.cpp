#include "transport/mailbox.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/codec.hpp"
#include "base/descriptor.hpp"
#include "base/text.hpp"

namespace fugle::transport {
namespace {

/// After a frame that makes a file larger the next file begins.
constexpr std::uint64_t kMostOfFile = std::uint64_t{1} << 20;
/// Larger than any message; what claims to be longer is damaged.
constexpr std::uint32_t kMostOfFrame = std::uint32_t{1} << 28;
/// Before the frame: its length, and the hash of all after that (zeros and torn writes do not pass it).
constexpr std::size_t kHeader = 4 + 8;
/// A mark of the mailbox itself: the next frame is in the next file.
constexpr std::uint8_t kTurn = 0xFF;

std::string pack(const Frame& frame) {
  ByteWriter body;
  body.put(frame.number);
  body.put(frame.ack);
  body.put(frame.kind);
  body.put(frame.bytes);
  const std::string bytes = body.take();
  ByteWriter header;
  header.put(static_cast<std::uint32_t>(bytes.size()));
  header.put(hash_text(bytes));
  return header.take() + bytes;
}

/// The frame at the beginning of `bytes`, and its length; nothing when it is not whole yet.
std::optional<std::pair<Frame, std::size_t>> unpack(std::string_view bytes) {
  ByteReader header(bytes);
  const auto length = header.get<std::uint32_t>();
  const auto sum = header.get<std::uint64_t>();
  if (header.failed() || length == 0 || length > kMostOfFrame || bytes.size() < kHeader + length) return std::nullopt;
  const std::string_view body = bytes.substr(kHeader, length);
  if (hash_text(body) != sum) return std::nullopt;
  ByteReader in(body);
  Frame frame;
  frame.number = in.get<std::uint64_t>();
  frame.ack = in.get<std::uint64_t>();
  frame.kind = in.get<std::uint8_t>();
  frame.bytes = in.get<std::string>();
  if (in.failed() || !in.at_end()) return std::nullopt;
  return std::pair(std::move(frame), kHeader + length);
}

std::string file_name(const std::string& path, std::uint64_t number) { return path + "." + std::to_string(number); }

/// Bytes that are in the file then, from `offset` on.
std::size_t write_at(const std::string& name, std::uint64_t offset, std::string_view bytes) {
  const int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return 0;
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t n =
        ::pwrite(fd, bytes.data() + written, bytes.size() - written, static_cast<off_t>(offset + written));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    written += static_cast<std::size_t>(n);
  }
  // A network file system tells of a full disk here.
  return ::close(fd) == 0 ? written : 0;
}

/// What is in the file from `offset` on.
std::string read_from(const std::string& name, std::uint64_t offset) {
  const Descriptor file(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat facts {};
  if (!file.is_open() || ::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) return {};
  const auto size = static_cast<std::uint64_t>(facts.st_size);
  if (size <= offset) return {};
  std::string bytes(std::min<std::uint64_t>(size - offset, kMostOfFile + kMostOfFrame), '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t n =
        ::pread(file.get(), bytes.data() + filled, bytes.size() - filled, static_cast<off_t>(offset + filled));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    filled += static_cast<std::size_t>(n);
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace

std::uint64_t MailboxWriter::put(std::uint8_t kind, std::uint64_t ack, std::string_view bytes) {
  if (unwritten_.empty() || unwritten_.back().is_last_of_file) unwritten_.emplace_back();
  Piece& piece = unwritten_.back();
  const std::size_t before = piece.bytes.size();
  piece.bytes += pack({kind, ack, std::string(bytes), ++last_});
  size_planned_ += piece.bytes.size() - before;
  if (size_planned_ > kMostOfFile) {
    piece.bytes += pack({kTurn, ack, "", last_});
    piece.is_last_of_file = true;
    size_planned_ = 0;
  }
  return last_;
}

bool MailboxWriter::flush() {
  while (!unwritten_.empty()) {
    Piece& piece = unwritten_.front();
    const std::size_t written = write_at(file_name(path_, file_), offset_, piece.bytes);
    offset_ += written;
    piece.bytes.erase(0, written);
    if (!piece.bytes.empty()) return false;
    if (piece.is_last_of_file) ++file_, offset_ = 0;
    unwritten_.erase(unwritten_.begin());
  }
  return true;
}

void MailboxReader::read(std::vector<Frame>& frames) {
  while (read_file(frames)) {
  }
}

/// True: the file is at its end, and the next one is to be read.
bool MailboxReader::read_file(std::vector<Frame>& frames) {
  const std::string bytes = read_from(file_name(path_, file_), offset_);
  std::string_view rest = bytes;
  while (auto next = unpack(rest)) {
    auto& [frame, length] = *next;
    if (frame.kind == kTurn) {
      ::unlink(file_name(path_, file_).c_str());
      ++file_;
      offset_ = 0;
      return true;
    }
    if (frame.number != last_ + 1) return false;  // no frame of this conversation; its writer will seem silent
    last_ = frame.number;
    offset_ += length;
    rest.remove_prefix(length);
    frames.push_back(std::move(frame));
  }
  return false;
}

}  // namespace fugle::transport
