// What a rank and its spawner say to each other, over a stream socket.
//
// A stream with frames of our own, because one launch may hold a command of 1 MiB, more than a datagram may; and a
// stream batches by itself: what gathers while the other side is busy is read in one go. Both programs come from one
// build and run on one machine, so fields are copied as they lie in memory; `kWireVersion` catches a mixed
// installation.
//
//   - frame: u32 bytes of body, u32 kind, body
//   - configure: u32 version, ConfigureFields, text log folder, text base name of log and index, texts environment that
//     all attempts share, texts what is masked in all output
//   - own_folder: text path of a folder of the rank on this node; removed when the rank is gone
//   - remove_leftovers: text folder, text beginning of names: see remove_leftovers() of spawner/remove_tree.hpp
//   - start: StartFields (with the attempt whose place it takes, if any), numbers of the CPUs it is bound to, numbers
//   of
//     the NUMA nodes its memory comes from, text working directory, texts argv, texts environment of this attempt, text
//     scratch directory to be made (empty: none), texts argv of its cleanup (none: none), text slot (empty: the program
//     is a process of its own), bytes call: a whole frame, which a standing process of that slot is given; the program
//     is started when there is no idle one
//   - metrics: AttemptKey, texts regular expressions to be looked for in the output of the attempt that is started next
//   - output: OutputFields, text path of a file that has its output besides (empty: none), of the attempt that is
//   started
//     next
//   - start_now: AttemptKey, of a start that waits for another attempt
//   - stop: StopFields
//   - signal: SignalFields, to the group of a running attempt
//   - retire_slots: nothing; standing processes are to finish, as the rank will be gone soon
//   - started: StartedFields; a child exists
//   - refused: RefusedFields; no child could be made, nothing else follows for this attempt
//   - ended: EndedFields, numbers of the CPUs it was found on where these are others than wanted; the child is reaped,
//     its group is dead, its cleanup has run, its scratch directory is gone, its output is in the log; of a call: bytes
//     why it failed, bytes result
//   - found: AttemptKey, what its metrics have found, as put_found() of measure.hpp has it; the next frame is its
//   `ended`
//   - said: AttemptKey, bytes the end of what a quiet attempt has printed; before its `ended`
//   - line: AttemptKey, bytes for the log of an attempt that the rank itself runs; from the rank
//   - text: u32 length, bytes, NUL; texts: u32 count, text...; numbers: u32 count, u32...; bytes: u32 length, bytes
//
// And what the spawner and a standing process say to each other, over the standard input of the latter:
//   - call: see call_message.hpp; one at a time
//   - returned: ReturnedFields, bytes why it failed, bytes result
//
// Header only and needs nothing else of ours: the spawner includes it too.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace fugle::executor::wire {

inline constexpr std::uint32_t kWireVersion = 8;

enum class Kind : std::uint32_t {
  configure = 1,
  own_folder,
  remove_leftovers,
  start,
  start_now,
  stop,
  signal,
  started,
  refused,
  ended,
  retire_slots,
  call,
  returned,
  metrics,
  found,
  said,
  line,
  output,
};

struct AttemptKey {
  std::uint32_t element = 0;
  std::uint32_t attempt = 0;
  bool operator==(const AttemptKey&) const = default;
};

/// What becomes of the output of an attempt; without these fields it is all in the log, stdout and stderr in one.
struct OutputFields {
  AttemptKey key;
  std::uint32_t is_split = 0;    ///< the log says what is stderr
  std::uint32_t is_dropped = 0;  ///< it is not in the log
};

struct ConfigureFields {
  std::uint64_t max_log_bytes = 0;        ///< of output kept per attempt; 0: all
  std::uint32_t uses_control_groups = 1;  ///< where they can be made
};

struct StartFields {
  AttemptKey key;
  std::int64_t timeout_ns = 0;      ///< from process start; 0: none
  std::int64_t grace_ns = 0;        ///< between TERM and KILL
  std::uint64_t memory_limit = 0;   ///< bytes; 0: none
  std::uint64_t scratch_bytes = 0;  ///< to be free where the scratch directory is; 0: any
  AttemptKey after{};               ///< waits until this attempt has ended; all 0, as no attempt is: for none
  std::uint64_t shares_out = 0;     ///< its ranks take parts of its CPUs
  std::uint64_t is_quiet = 0;       ///< what it prints is not for the log: the end of it is told by `said`
};

struct StopFields {
  AttemptKey key;
  std::uint32_t is_shutdown = 0;  ///< the cleanup has what the program leaves of the grace, not a grace of its own
  std::int32_t signal = 15;       ///< its group gets first; 0: none, as it is told in another way to end
};

struct SignalFields {
  AttemptKey key;
  std::int32_t signal = 0;
};

struct StartedFields {
  AttemptKey key;
  std::int64_t start_ns = 0;  ///< Unix time
};

/// How far a child came: before `done`, `error` says why it went no further.
enum class Step : std::int32_t { make_process, find_space, make_scratch, enter_workdir, execute, done };

struct RefusedFields {
  AttemptKey key;
  std::int64_t time_ns = 0;
  Step step = Step::make_process;
  std::int32_t error = 0;        ///< errno; of find_space: 0 where there is too little
  std::uint64_t free_bytes = 0;  ///< of find_space
};

/// How a function ended that was called in a standing process.
enum class CallEnd : std::uint8_t {
  none,          ///< its process died, or there was no call
  good,          ///< it returned 0
  bad,           ///< it returned something else
  not_callable,  ///< its library could not be loaded, or its working directory not entered
};

/// The figures are of the process since it began.
struct ReturnedFields {
  std::uint64_t cpu_us = 0;
  std::uint64_t read_blocks = 0;
  std::uint64_t written_blocks = 0;
  std::uint64_t maxrss_kb = 0;
  std::int32_t exit = 0;        ///< what it returned
  std::int32_t bind_error = 0;  ///< errno of binding it to its CPUs, without which it ran
  CallEnd end = CallEnd::none;
  std::uint8_t has_children = 0;  ///< it left processes behind
};

/// What became of an attempt's cleanup.
enum class Cleanup : std::uint8_t {
  none,       ///< there is none, or the program never ran
  done,       ///< `cleanup_status` says how
  timed_out,  ///< killed
  no_time,    ///< not run: the grace was over
  failed,     ///< could not be started; `cleanup_status` is the errno
};

struct EndedFields {
  AttemptKey key;
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;          ///< of the program, before the cleanup
  std::uint64_t dropped_bytes = 0;  ///< of output, because the log could not be written
  std::uint64_t cut_bytes = 0;      ///< of output, because it was more than is kept of one attempt
  std::uint64_t memory_bytes = 0;   ///< held when it was killed for exceeding its limit, else 0
  std::uint64_t cpu_ms = 0;
  std::uint64_t read_bytes = 0;     ///< from storage
  std::uint64_t written_bytes = 0;  ///< to storage
  std::uint64_t maxrss_kb = 0;
  std::int32_t wait_status = 0;  ///< as from wait()
  Step step = Step::done;
  std::int32_t error = 0;           ///< errno at `step`
  std::int32_t bind_error = 0;      ///< errno of binding it to its CPUs, without which it ran
  std::int32_t cleanup_status = 0;  ///< as from wait(), or an errno
  Cleanup cleanup = Cleanup::none;
  std::uint8_t timed_out = 0;
  std::uint8_t stopped = 0;
  std::uint8_t oom_killed = 0;      ///< by the kernel
  std::uint8_t oom_in_group = 0;    ///< and surely: the control group is its own
  std::uint8_t scratch_stayed = 0;  ///< its scratch directory could not be removed
  std::uint8_t is_call = 0;
  CallEnd call_end = CallEnd::none;
  std::int32_t call_exit = 0;  ///< what the function returned
};

/// Appends one frame to `out`; complete when it goes out of scope.
class FrameWriter {
 public:
  FrameWriter(std::string& out, Kind kind) : out_(out), at_(out.size()) {
    put(std::uint32_t{0});
    put(kind);
  }
  ~FrameWriter() {
    const auto body = static_cast<std::uint32_t>(out_.size() - at_ - kHeaderBytes);
    std::memcpy(out_.data() + at_, &body, sizeof body);
  }
  FrameWriter(const FrameWriter&) = delete;
  FrameWriter& operator=(const FrameWriter&) = delete;

  template <class T>
  FrameWriter& put(const T& value) {
    static_assert(std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>);
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  /// Up to its first NUL: no argument, variable or path can hold one.
  FrameWriter& put_text(std::string_view text) {
    text = text.substr(0, text.find('\0'));
    put(static_cast<std::uint32_t>(text.size()));
    out_.append(text).push_back('\0');
    return *this;
  }
  FrameWriter& put_texts(const std::vector<std::string>& texts) {
    put(static_cast<std::uint32_t>(texts.size()));
    for (const std::string& text : texts) put_text(text);
    return *this;
  }

  FrameWriter& put_numbers(const std::vector<std::uint32_t>& numbers) {
    put(static_cast<std::uint32_t>(numbers.size()));
    for (const std::uint32_t number : numbers) put(number);
    return *this;
  }
  FrameWriter& put_bytes(std::string_view bytes) {
    put(static_cast<std::uint32_t>(bytes.size()));
    out_.append(bytes);
    return *this;
  }

  static constexpr std::size_t kHeaderBytes = 8;

 private:
  std::string& out_;
  std::size_t at_;
};

/// Reads the fields of one frame. After the end, or on a text without its NUL, it has failed() and yields empty values.
class FrameReader {
 public:
  explicit FrameReader(std::string_view body) : rest_(body) {}

  template <class T>
  [[nodiscard]] T get() {
    static_assert(std::is_trivially_copyable_v<T>);
    T value{};
    if (rest_.size() < sizeof value) {
      fail();
      return value;
    }
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  /// Points into the body and is followed there by a NUL.
  [[nodiscard]] const char* get_text() {
    const std::size_t length = get<std::uint32_t>();
    if (rest_.size() <= length || rest_[length] != '\0') {
      fail();
      return "";
    }
    const char* text = rest_.data();
    rest_.remove_prefix(length + 1);
    return text;
  }
  [[nodiscard]] std::vector<const char*> get_texts() {
    std::vector<const char*> texts;
    const auto count = get<std::uint32_t>();
    for (std::uint32_t i = 0; i < count && !failed_; ++i) texts.push_back(get_text());
    return texts;
  }
  [[nodiscard]] std::vector<std::uint32_t> get_numbers() {
    std::vector<std::uint32_t> numbers;
    const auto count = get<std::uint32_t>();
    for (std::uint32_t i = 0; i < count && !failed_; ++i) numbers.push_back(get<std::uint32_t>());
    return numbers;
  }
  /// Points into the body.
  [[nodiscard]] std::string_view get_bytes() {
    const std::size_t length = get<std::uint32_t>();
    if (rest_.size() < length) {
      fail();
      return {};
    }
    const std::string_view bytes = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return bytes;
  }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  void fail() {
    failed_ = true;
    rest_ = {};
  }

  std::string_view rest_;
  bool failed_ = false;
};

struct Frame {
  Kind kind;
  std::string_view body;  ///< valid until the next call of the splitter
};

/// Cuts the stream into frames, however it was torn.
class FrameSplitter {
 public:
  void add(std::string_view bytes) {
    if (at_ > 0) {
      buffer_.erase(0, at_);
      at_ = 0;
    }
    buffer_ += bytes;
  }
  [[nodiscard]] std::optional<Frame> next() {
    const std::size_t present = buffer_.size() - at_;
    if (present < FrameWriter::kHeaderBytes) return std::nullopt;
    std::uint32_t header[2];
    std::memcpy(header, buffer_.data() + at_, sizeof header);
    if (present - sizeof header < header[0]) return std::nullopt;
    const Frame frame{static_cast<Kind>(header[1]), std::string_view(buffer_).substr(at_ + sizeof header, header[0])};
    at_ += sizeof header + header[0];
    return frame;
  }
  /// Gives back what a large frame took.
  void shrink() {
    if (at_ == buffer_.size() && buffer_.capacity() > kKeptBytes) {
      buffer_ = {};
      at_ = 0;
    }
  }

 private:
  static constexpr std::size_t kKeptBytes = 256 * 1024;

  std::string buffer_;
  std::size_t at_ = 0;  ///< what is before has been handed out
};

}  // namespace fugle::executor::wire
