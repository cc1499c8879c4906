#include "workflow/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "base/assert.hpp"

namespace fugle::workflow {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{2} << 30;

/// zlib's stream, ended when it goes out of scope.
class ScopedInflate {
 public:
  ScopedInflate() { FUGLE_CHECK_THAT(inflateInit2(&stream, kGzipOnly) == Z_OK, "zlib does not start"); }
  ~ScopedInflate() { inflateEnd(&stream); }
  ScopedInflate(const ScopedInflate&) = delete;
  ScopedInflate& operator=(const ScopedInflate&) = delete;

  z_stream stream{};

 private:
  static constexpr int kGzipOnly = 16 + MAX_WBITS;
};

/// Takes one member off the bytes.
bool inflate_member(std::string_view& bytes, std::string& out) {
  ScopedInflate inflater;
  z_stream& stream = inflater.stream;
  std::vector<char> block(std::size_t{1} << 16);
  int status = Z_OK;
  while (status == Z_OK) {
    const std::size_t given = std::min<std::size_t>(bytes.size(), std::numeric_limits<uInt>::max());
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(given);
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    status = inflate(&stream, Z_NO_FLUSH);
    bytes.remove_prefix(given - stream.avail_in);
    out.append(block.data(), block.size() - stream.avail_out);
    if (out.size() > kMaxBytes) return false;
  }
  return status == Z_STREAM_END;
}

}  // namespace

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1F\x8B"); }

std::optional<std::string> gunzip(std::string_view bytes) {
  std::string out;
  do {
    if (!inflate_member(bytes, out)) return std::nullopt;
  } while (is_gzip(bytes));
  return out;
}

}  // namespace fugle::workflow
