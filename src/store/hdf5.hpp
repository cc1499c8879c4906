// The one place where the HDF5 library is called through: handles that close themselves, calls that are checked and
// named in errors, nothing printed on standard error. A Session must exist while any of this is used: it holds the lock
// that serializes the library within this process (site builds of HDF5 are often not thread-safe).
//
// Files are made with bounds V18: checksummed metadata without the "open for writing" mark that makes a file
// unreadable after a kill. File locks are off; writers exclude each other by RunLock.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fugle::store::hdf5 {

/// Exclusive use of the library by this thread.
class Session {
 public:
  Session();

 private:
  std::scoped_lock<std::recursive_mutex> lock_;
};

/// Owns one id of the library.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Handle(hid_t id, Close close) : id_(id), close_(close) {}
  ~Handle();
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&&) = delete;

  [[nodiscard]] hid_t id() const { return id_; }

 private:
  friend void close_checked(Handle handle, const std::string& path);
  hid_t id_;
  Close close_;
};

/// Throws EnvironmentError naming the call, what it was for, and the innermost reason the library gives.
void check(bool ok, const char* call, const std::string& subject);
[[nodiscard]] Handle own(hid_t id, Handle::Close close, const char* call, const std::string& subject);
/// Closing a file writes: its failure must not be lost.
void close_checked(Handle handle, const std::string& path);

/// "plan.0.h5/elements/task": an object, to be named in an error.
[[nodiscard]] std::string describe(const Handle& object);

struct CreateOptions {
  H5F_libver_t high = H5F_LIBVER_V18;
  std::uint64_t userblock = 0;  ///< bytes before the HDF5 part: 0 or a power of two from 512
};
/// Truncates what is there. Datasets of 4 KiB and more start at multiples of 4 KiB.
[[nodiscard]] Handle create_file(const Session& session, const std::string& path, const CreateOptions& options = {});
/// A regular file, not behind a link. Whatever is opened in it may be damaged or made to do harm: sizes and shapes are
/// checked before anything is read.
[[nodiscard]] Handle open_file(const Session& session, const std::string& path);

/// For reading. Groups are handles, too.
[[nodiscard]] Handle open_group(const Handle& parent, const std::string& name);
[[nodiscard]] Handle create_group(const Handle& parent, const std::string& name);

void write_attribute(const Handle& object, const std::string& name, std::uint64_t value);
void write_attribute(const Handle& object, const std::string& name, std::string_view text);
void write_attribute(const Handle& object, const std::string& name, std::span<const std::string> texts);
[[nodiscard]] bool has_attribute(const Handle& object, const std::string& name);
/// Throw EnvironmentError for attributes of another shape or type.
[[nodiscard]] std::uint64_t read_number(const Handle& object, const std::string& name);
[[nodiscard]] std::string read_text(const Handle& object, const std::string& name);

/// How many values an attribute has.
[[nodiscard]] std::size_t num_values(const Handle& object, const std::string& name);

/// One member of a compound type.
struct Field {
  const char* name;
  std::size_t offset;
  hid_t type;
};
[[nodiscard]] Handle compound_type(std::size_t size, std::span<const Field> fields);
/// Fixed length, null-padded.
[[nodiscard]] Handle text_type(std::size_t length);

[[nodiscard]] Handle array_type(hid_t element, std::uint32_t size);

enum class Storage : std::uint8_t {
  reserved,    ///< contiguous, space reserved at creation, content written past the library
  contiguous,  ///< contiguous, to be written once
  compressed,  ///< chunked, shuffle and deflate
};
[[nodiscard]] Handle create_dataset(const Handle& parent, const std::string& name, hid_t type, std::uint64_t size,
                                    Storage storage);
/// Throws EnvironmentError for one that this program can not have made: not one dimension, in another file, larger
/// than the file it is in.
[[nodiscard]] Handle open_dataset(const Handle& parent, const std::string& name);
/// Bytes from the start of the file to the first row of a contiguous dataset.
[[nodiscard]] std::uint64_t offset_of(const Handle& dataset);
[[nodiscard]] std::uint64_t size_of(const Handle& dataset);
/// In memory, as the values of the dataset lie in the file.
[[nodiscard]] Handle type_in(const Handle& dataset);
[[nodiscard]] std::size_t size_of_type(const Handle& type);
void write_all(const Handle& dataset, hid_t memory_type, const void* data);
void read_all(const Handle& dataset, hid_t memory_type, void* data);
void read_some(const Handle& dataset, hid_t memory_type, std::uint64_t first, std::uint64_t count, void* data);

/// The little-endian type of a number, in files and (this program runs on such machines only) in memory.
template <class T>
[[nodiscard]] hid_t type_of();

}  // namespace fugle::store::hdf5
