// A Disk that does what it is asked, in a real directory, and writes down every change: for replaying what a power cut
// at any moment could have left (simulated_disk_image.hpp). It can also end the life of its user before any change, the
// way SIGKILL does: what was written stays in the page cache, nothing more is written, nothing is cleaned up.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <exception>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "store/disk.hpp"

namespace fugle::testing {

/// One change, or an acknowledgement that was given at this point.
struct DiskChange {
  enum class Kind { create, write, truncate, sync, name, remove, sync_directory, note };
  Kind kind = Kind::note;
  int file = -1;             ///< index of the file, whatever its name
  std::uint64_t offset = 0;  ///< of a write; size of a truncate; what a note says
  std::string bytes;
  std::string name;  ///< that is given or removed, relative to the root
  std::string from;  ///< the name that is given up; empty: none (a link)
};

/// All changes of one directory over several lives.
struct DiskHistory {
  struct Identity {
    int file;
    ino_t inode;
  };
  std::vector<DiskChange> changes;
  std::map<std::string, Identity> names;  ///< as they are now
  int num_files = 0;

  void note(std::uint64_t what) {
    changes.push_back({.kind = DiskChange::Kind::note, .offset = what, .bytes = {}, .name = {}, .from = {}});
  }
};

/// Thrown in place of SIGKILL.
struct Killed {};

class RecordingDisk final : public store::Disk {
 public:
  using Kind = DiskChange::Kind;
  /// Whether a sync is one that the simulated disk forgets, for controls: by index of the file and whether this life
  /// made it.
  using Forgets = std::function<bool(bool is_data_only, bool is_of_this_life)>;

  RecordingDisk(DiskHistory& history, std::string root) : history_(history), root_(std::move(root) + "/") {
    first_file_ = history_.num_files;
  }
  /// Dies before the `count`-th change of that kind from now.
  void die_before(Kind kind, std::size_t count) { doom_ = {kind, count}; }
  void forget_syncs(Forgets forgets) { forgets_ = std::move(forgets); }

  int open(const char* path, int flags, mode_t mode) override {
    if (is_dead_) return refuse();
    const int fd = Disk::open(path, flags, mode);
    if (fd < 0 || !is_inside(path) || (flags & O_DIRECTORY) != 0) {
      if (fd >= 0 && (flags & O_DIRECTORY) != 0) files_[fd] = kDirectory;
      return fd;
    }
    files_[fd] = file_of(fd, relative(path));
    return fd;
  }
  int close(int fd) override {
    files_.erase(fd);
    return Disk::close(fd);
  }
  ssize_t pwrite(int fd, const void* bytes, std::size_t count, off_t offset) override {
    if (is_doomed(Kind::write)) return refuse();
    const ssize_t written = Disk::pwrite(fd, bytes, count, offset);
    if (written > 0) {
      add({.kind = Kind::write,
           .file = files_.at(fd),
           .offset = static_cast<std::uint64_t>(offset),
           .bytes = std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(written)),
           .name = {},
           .from = {}});
    }
    return written;
  }
  int ftruncate(int fd, off_t size) override {
    if (is_doomed(Kind::truncate)) return refuse();
    add({.kind = Kind::truncate,
         .file = files_.at(fd),
         .offset = static_cast<std::uint64_t>(size),
         .bytes = {},
         .name = {},
         .from = {}});
    return Disk::ftruncate(fd, size);
  }
  int fsync(int fd) override { return sync(fd, false); }
  int fdatasync(int fd) override { return sync(fd, true); }
  int rename(const char* from, const char* to) override {
    if (is_doomed(Kind::name)) return refuse();
    const int result = Disk::rename(from, to);
    if (result == 0) give_name(from, to, true);
    return result;
  }
  int rename_to_new(const char* from, const char* to) override {
    if (is_doomed(Kind::name)) return refuse();
    const int result = Disk::rename_to_new(from, to);
    if (result == 0) give_name(from, to, true);
    return result;
  }
  int link(const char* from, const char* to) override {
    if (is_doomed(Kind::name)) return refuse();
    const int result = Disk::link(from, to);
    if (result == 0) give_name(from, to, false);
    return result;
  }
  int unlink(const char* path) override {
    if (is_doomed(Kind::remove)) return refuse();
    const int result = Disk::unlink(path);
    if (result == 0) {
      add({.kind = Kind::remove, .file = -1, .bytes = {}, .name = relative(path), .from = {}});
      history_.names.erase(relative(path));
    }
    return result;
  }

 private:
  static constexpr int kDirectory = -2;

  [[nodiscard]] bool is_inside(const std::string& path) const { return path.starts_with(root_); }
  [[nodiscard]] std::string relative(const std::string& path) const { return path.substr(root_.size()); }
  void add(DiskChange change) { history_.changes.push_back(std::move(change)); }

  /// The file behind a name; one that was made behind our back (by HDF5) enters with the bytes it has.
  int file_of(int fd, const std::string& name) {
    struct stat status {};
    ::fstat(fd, &status);
    const auto known = history_.names.find(name);
    if (known != history_.names.end() && known->second.inode == status.st_ino) return known->second.file;
    const int file = history_.num_files++;
    history_.names[name] = {file, status.st_ino};
    add({.kind = Kind::create, .file = file, .bytes = {}, .name = name, .from = {}});
    std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
    if (!bytes.empty() && Disk::pread(fd, bytes.data(), bytes.size(), 0) == status.st_size) {
      add({.kind = Kind::write, .file = file, .offset = 0, .bytes = std::move(bytes), .name = {}, .from = {}});
    }
    return file;
  }

  void give_name(const std::string& from, const std::string& to, bool gives_up) {
    const auto old = history_.names.find(relative(from));
    if (old == history_.names.end()) return;
    const auto identity = old->second;
    if (gives_up) history_.names.erase(old);
    history_.names[relative(to)] = identity;
    add({.kind = Kind::name,
         .file = identity.file,
         .bytes = {},
         .name = relative(to),
         .from = gives_up ? relative(from) : std::string()});
  }

  int sync(int fd, bool is_data_only) {
    if (is_doomed(Kind::sync)) return refuse();
    const int file = files_.at(fd);
    if (file == kDirectory) {
      add({.kind = Kind::sync_directory, .file = -1, .bytes = {}, .name = {}, .from = {}});
    } else if (!forgets_ || !forgets_(is_data_only, file >= first_file_)) {
      add({.kind = Kind::sync, .file = file, .bytes = {}, .name = {}, .from = {}});
    }
    return 0;  // nothing here outlives the test
  }

  bool is_doomed(Kind kind) {
    if (!is_dead_ && kind == doom_.kind && doom_.count > 0 && --doom_.count == 0) is_dead_ = true;
    return is_dead_;
  }
  /// After death: the first chance to leave is taken; clean-up on the way does nothing.
  static int refuse() {
    if (std::uncaught_exceptions() == 0) throw Killed{};
    errno = EIO;
    return -1;
  }

  DiskHistory& history_;
  std::string root_;
  int first_file_;
  std::map<int, int> files_;  ///< by descriptor
  struct Doom {
    Kind kind = Kind::note;
    std::size_t count = 0;
  } doom_;
  Forgets forgets_;
  bool is_dead_ = false;
};

}  // namespace fugle::testing
