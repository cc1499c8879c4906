// What the tests of `store` share: a run directory that goes away, events that are known from their number alone, and
// the raw bytes of files.
#pragma once

#include <fcntl.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "scheduler/event.hpp"
#include "store/file_store.hpp"
#include "store/io_code.hpp"

namespace fugle::store::testing {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string path = (std::filesystem::temp_directory_path() / "fugle-store-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = path;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// The event of a sequence number: any two differ, some have text, none depends on when it was made.
inline scheduler::Event event_of(scheduler::Sequence seq) {
  Random random(seq);
  scheduler::Event event;
  event.kind =
      static_cast<scheduler::EventKind>(1 + random.below(static_cast<std::uint64_t>(scheduler::kLastEventKind)));
  event.cls = static_cast<graph::FailureClass>(random.below(15));
  event.attempt = static_cast<std::uint16_t>(random.below(65536));
  event.element = random.chance(0.1) ? ElementId{} : ElementId(static_cast<std::uint32_t>(random.below(1u << 31)));
  event.worker = random.chance(0.1) ? WorkerId{} : WorkerId(static_cast<std::uint32_t>(random.below(1000)));
  event.exit = static_cast<std::int32_t>(random.below(512)) - 256;
  event.start = from_ns(static_cast<std::int64_t>(seq));
  event.end = from_ns(static_cast<std::int64_t>(random.next() >> 1));
  event.cpu_ms = static_cast<std::uint32_t>(random.next());
  event.maxrss_kb = static_cast<std::uint32_t>(random.next());
  // Only such numbers come back exactly.
  event.read_bytes = bytes_of_io_code(static_cast<std::uint8_t>(random.below(256)));
  event.written_bytes = bytes_of_io_code(static_cast<std::uint8_t>(random.below(256)));
  if (random.chance(0.2)) event.text = "text of event " + std::to_string(seq);
  return event;
}

inline std::vector<scheduler::Event> events_between(scheduler::Sequence first, scheduler::Sequence last) {
  std::vector<scheduler::Event> events;
  for (auto seq = first; seq <= last; ++seq) events.push_back(event_of(seq));
  return events;
}

/// Appends as many events as asked for and makes them durable in commits of `batch`.
inline void append_durably(FileStore& store, std::uint32_t count, std::uint32_t batch) {
  for (std::uint32_t done = 0; done < count; done += batch) {
    const auto first = store.appended() + 1;
    store.append(events_between(first, first + std::min(batch, count - done) - 1));
    store.flush();
  }
}

inline JournalOptions small_journal() {
  JournalOptions options;
  options.commit_interval = Duration{0};
  options.capacity = 256;
  return options;
}

inline std::string read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Replaces the content, also of a file that is read-only.
inline void write_bytes(const std::string& path, const std::string& bytes) {
  std::filesystem::remove(path);
  std::ofstream(path, std::ios::binary) << bytes;
}

/// Output and exit code of a shell command.
struct Ran {
  int exit = -1;
  std::string output;
};
inline Ran run_command(const std::string& command) {
  Ran ran;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return ran;
  char buffer[4096];
  for (std::size_t got; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) ran.output.append(buffer, got);
  ran.exit = ::pclose(pipe);
  return ran;
}

}  // namespace fugle::store::testing
