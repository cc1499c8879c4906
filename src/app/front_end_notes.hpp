// Reports and signals between a front-end and a rank 0 on another host: two files that only grow, in a directory that
// both hosts see. No port is opened. Each side looks a few times a second. Knows nothing of what is reported.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/front_end_socket.hpp"
#include "base/descriptor.hpp"

namespace fugle::app {

/// Makes the files, and removes them at the end.
class NotesOfFrontEnd {
 public:
  /// Throws EnvironmentError when it can not write there.
  explicit NotesOfFrontEnd(const std::string& directory);
  ~NotesOfFrontEnd();
  NotesOfFrontEnd(const NotesOfFrontEnd&) = delete;
  NotesOfFrontEnd& operator=(const NotesOfFrontEnd&) = delete;

  /// An absolute path: what rank 0 is told.
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::optional<RankReport> take();
  void send_signal(int signal);

 private:
  std::string name_;
  std::uint64_t num_read_ = 0;
  std::string unread_;
};

class NotesOfRank0 {
 public:
  NotesOfRank0() = default;
  /// Not open when the files are not there: the directory is not shared.
  explicit NotesOfRank0(const std::string& name);
  [[nodiscard]] bool is_open() const { return reports_.is_open(); }
  void add(const RankReport& report);
  [[nodiscard]] std::optional<int> take_signal();

 private:
  std::string name_;
  Descriptor reports_;
  std::uint64_t num_read_ = 0;
};

}  // namespace fugle::app
