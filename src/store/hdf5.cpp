#include "store/hdf5.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/error.hpp"
#include "base/file_rights.hpp"
#include "base/regular_file.hpp"
#include "store/file.hpp"

namespace fugle::store::hdf5 {
namespace {

static_assert(std::endian::native == std::endian::little, "columns are read and written as they lie in memory");

constexpr hsize_t kAlignment = 4096;
constexpr hsize_t kChunk = 65536;
constexpr std::size_t kLongestText = 1 << 20;     ///< of an attribute, bytes
constexpr std::uint64_t kMostCompression = 1032;  ///< deflate can do no better

std::recursive_mutex& library_mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

herr_t take_first(unsigned, const H5E_error2_t* error, void* reason) {
  if (error->desc != nullptr) *static_cast<std::string*>(reason) = error->desc;
  return 1;
}

std::string innermost_reason() {
  std::string reason;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, &reason);
  return reason.empty() ? "no reason given" : reason;
}

Handle file_access(H5F_libver_t high) {
  Handle access = own(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "H5Pcreate", "file access");
  check(H5Pset_libver_bounds(access.id(), H5F_LIBVER_V18, high) >= 0, "H5Pset_libver_bounds", "file access");
  check(H5Pset_alignment(access.id(), kAlignment, kAlignment) >= 0, "H5Pset_alignment", "file access");
#if H5_VERSION_GE(1, 10, 7)
  check(H5Pset_file_locking(access.id(), false, true) >= 0, "H5Pset_file_locking", "file access");
#endif
  return access;
}

int descriptor_of(const Handle& file, const std::string& path) {
  void* fd = nullptr;
  check(H5Fget_vfd_handle(file.id(), H5P_DEFAULT, &fd) >= 0, "H5Fget_vfd_handle", path);
  return *static_cast<int*>(fd);
}

/// The library opens files so that children inherit them.
void close_on_exec(const Handle& file, const std::string& path) {
  ::fcntl(descriptor_of(file, path), F_SETFD, FD_CLOEXEC);
}

void check_on(const Handle& object, bool ok, const char* call) {
  if (!ok) check(false, call, describe(object));
}

Handle simple_space(hsize_t size) {
  return own(H5Screate_simple(1, &size, nullptr), H5Sclose, "H5Screate_simple", "dataspace");
}

void write_attribute(const Handle& object, const std::string& name, hid_t type, const Handle& space,
                     const void* value) {
  const Handle attribute = own(H5Acreate2(object.id(), name.c_str(), type, space.id(), H5P_DEFAULT, H5P_DEFAULT),
                               H5Aclose, "H5Acreate2", name);
  check(H5Awrite(attribute.id(), type, value) >= 0, "H5Awrite", name);
}

/// An attribute with one value: with more the library would write past what it is read into.
Handle open_single_attribute(const Handle& object, const std::string& name) {
  Handle attribute = own(H5Aopen(object.id(), name.c_str(), H5P_DEFAULT), H5Aclose, "H5Aopen", name);
  const Handle space = own(H5Aget_space(attribute.id()), H5Sclose, "H5Aget_space", name);
  if (H5Sget_simple_extent_npoints(space.id()) != 1)
    throw EnvironmentError(fmt::format("attribute '{}' has not one value", name));
  return attribute;
}

herr_t refuse_link(const char*, const char*, const char*, const char*, unsigned*, hid_t, void*) { return -1; }

/// What is opened by its name must be in the same file: a link may lead anywhere.
Handle without_external_links(hid_t kind) {
  Handle access = own(H5Pcreate(kind), H5Pclose, "H5Pcreate", "access");
  check(H5Pset_elink_cb(access.id(), refuse_link, nullptr) >= 0, "H5Pset_elink_cb", "access");
  return access;
}

std::uint64_t file_size_of(const Handle& object) {
  const Handle file = own(H5Iget_file_id(object.id()), H5Fclose, "H5Iget_file_id", "file");
  hsize_t size = 0;
  check(H5Fget_filesize(file.id(), &size) >= 0, "H5Fget_filesize", "file");
  return size;
}

/// One row of numbers or records that all lie in this file, and no more of them than it has room for.
void check_shape(const Handle& dataset) {
  const auto refuse = [&](const char* why) {
    throw EnvironmentError(fmt::format("{} is not as this program writes it ({})", describe(dataset), why));
  };
  const Handle space = own(H5Dget_space(dataset.id()), H5Sclose, "H5Dget_space", "dataset");
  if (H5Sget_simple_extent_ndims(space.id()) != 1) refuse("it has not one dimension");
  const Handle creation = own(H5Dget_create_plist(dataset.id()), H5Pclose, "H5Dget_create_plist", "dataset");
  const H5D_layout_t layout = H5Pget_layout(creation.id());
  if (layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED) refuse("its layout");
  if (layout == H5D_CONTIGUOUS && H5Pget_external_count(creation.id()) != 0) refuse("its bytes are in another file");
  const Handle type = own(H5Dget_type(dataset.id()), H5Tclose, "H5Dget_type", "dataset");
  if (H5Tdetect_class(type.id(), H5T_VLEN) > 0 || H5Tdetect_class(type.id(), H5T_REFERENCE) > 0) refuse("its type");
  const std::uint64_t room = file_size_of(dataset) * (layout == H5D_CHUNKED ? kMostCompression : 1);
  const hssize_t size = H5Sget_simple_extent_npoints(space.id());
  const std::uint64_t row = size_of_type(type);
  if (size < 0 || static_cast<std::uint64_t>(size) > room / row) refuse("it is larger than its file");
}

Handle scalar_space() { return own(H5Screate(H5S_SCALAR), H5Sclose, "H5Screate", "scalar"); }

Handle creation_of(Storage storage, hsize_t size) {
  Handle creation = own(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "H5Pcreate", "dataset creation");
  H5Pset_obj_track_times(creation.id(), false);
  H5Pset_fill_time(creation.id(), H5D_FILL_TIME_NEVER);
  if (storage == Storage::reserved) {
    check(H5Pset_alloc_time(creation.id(), H5D_ALLOC_TIME_EARLY) >= 0, "H5Pset_alloc_time", "dataset creation");
  }
  if (storage == Storage::compressed && size > 0) {
    const hsize_t chunk = std::min(size, kChunk);
    check(H5Pset_chunk(creation.id(), 1, &chunk) >= 0, "H5Pset_chunk", "dataset creation");
    if (H5Zfilter_avail(H5Z_FILTER_DEFLATE) > 0) {
      check(H5Pset_shuffle(creation.id()) >= 0, "H5Pset_shuffle", "dataset creation");
      check(H5Pset_deflate(creation.id(), 1) >= 0, "H5Pset_deflate", "dataset creation");
    }
  }
  return creation;
}

}  // namespace

Session::Session() : lock_(library_mutex()) {
  // A file that could not be closed, because the disk is full, stays with the library, and its clean-up at the end of
  // the process dies of it. We close what we open.
  static const herr_t no_cleanup = H5dont_atexit();
  (void)no_cleanup;
  // Per thread in thread-safe builds of the library, hence for each session.
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Handle::~Handle() {
  if (id_ >= 0) close_(id_);
}

void check(bool ok, const char* call, const std::string& subject) {
  if (ok) return;
  throw EnvironmentError(
      fmt::format("HDF5 call {} failed for '{}' ({}); check the run directory, free space and permissions", call,
                  subject, innermost_reason()));
}

Handle own(hid_t id, Handle::Close close, const char* call, const std::string& subject) {
  check(id >= 0, call, subject);
  return {id, close};
}

void close_checked(Handle handle, const std::string& path) {
  const hid_t id = std::exchange(handle.id_, -1);
  check(handle.close_(id) >= 0, "H5Fclose", path);
}

std::string describe(const Handle& object) {
  std::string file(4096, '\0');
  std::string path(1024, '\0');
  const ssize_t file_length = H5Fget_name(object.id(), file.data(), file.size());
  const ssize_t path_length = H5Iget_name(object.id(), path.data(), path.size());
  file.resize(std::clamp<std::size_t>(file_length < 0 ? 0 : static_cast<std::size_t>(file_length), 0, 4095));
  path.resize(std::clamp<std::size_t>(path_length < 0 ? 0 : static_cast<std::size_t>(path_length), 0, 1023));
  return file + path;
}

Handle create_file(const Session&, const std::string& path, const CreateOptions& options) {
  const Handle access = file_access(options.high);
  const Handle creation = own(H5Pcreate(H5P_FILE_CREATE), H5Pclose, "H5Pcreate", path);
  check(H5Pset_userblock(creation.id(), options.userblock) >= 0, "H5Pset_userblock", path);
  Handle file = own(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.id(), access.id()), H5Fclose, "H5Fcreate", path);
  close_on_exec(file, path);
  share_like_directory(descriptor_of(file, path), path);  // the library makes files as the umask says
  return file;
}

Handle open_file(const Session&, const std::string& path) {
  // The library would wait for the other end of a FIFO and follow any link.
  if (const RegularFile file = open_regular(path); !file.is_open())
    throw EnvironmentError(fmt::format("cannot open '{}' ({}); check the run directory", path, file.problem()));
  const Handle access = file_access(H5F_LIBVER_LATEST);
  Handle file = own(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id()), H5Fclose, "H5Fopen", path);
  close_on_exec(file, path);
  return file;
}

Handle open_group(const Handle& parent, const std::string& name) {
  const Handle access = without_external_links(H5P_GROUP_ACCESS);
  return own(H5Gopen2(parent.id(), name.c_str(), access.id()), H5Gclose, "H5Gopen2", name);
}

Handle create_group(const Handle& parent, const std::string& name) {
  return own(H5Gcreate2(parent.id(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose, "H5Gcreate2",
             name);
}

void write_attribute(const Handle& object, const std::string& name, std::uint64_t value) {
  write_attribute(object, name, H5T_STD_U64LE, scalar_space(), &value);
}

void write_attribute(const Handle& object, const std::string& name, std::string_view text) {
  const std::string value(text);
  write_attribute(object, name, text_type(std::max<std::size_t>(value.size(), 1)).id(), scalar_space(), value.c_str());
}

void write_attribute(const Handle& object, const std::string& name, std::span<const std::string> texts) {
  std::size_t length = 1;
  for (const std::string& text : texts) length = std::max(length, text.size());
  std::string values;
  for (const std::string& text : texts) (values += text).append(length - text.size(), '\0');
  write_attribute(object, name, text_type(length).id(), simple_space(texts.size()), values.data());
}

bool has_attribute(const Handle& object, const std::string& name) {
  const htri_t found = H5Aexists(object.id(), name.c_str());
  check_on(object, found >= 0, "H5Aexists");
  return found > 0;
}

std::uint64_t read_number(const Handle& object, const std::string& name) {
  const Handle attribute = open_single_attribute(object, name);
  const Handle type = own(H5Aget_type(attribute.id()), H5Tclose, "H5Aget_type", name);
  check(H5Tget_class(type.id()) == H5T_INTEGER, "H5Tget_class", name);
  std::uint64_t value = 0;
  check(H5Aread(attribute.id(), H5T_STD_U64LE, &value) >= 0, "H5Aread", name);
  return value;
}

std::string read_text(const Handle& object, const std::string& name) {
  const Handle attribute = open_single_attribute(object, name);
  const Handle type = own(H5Aget_type(attribute.id()), H5Tclose, "H5Aget_type", name);
  check(H5Tget_class(type.id()) == H5T_STRING && H5Tis_variable_str(type.id()) == 0, "H5Tget_class", name);
  check(H5Tget_size(type.id()) <= kLongestText, "H5Tget_size", name);
  std::string value(H5Tget_size(type.id()), '\0');
  check(H5Aread(attribute.id(), type.id(), value.data()) >= 0, "H5Aread", name);
  return value.substr(0, value.find('\0'));
}

std::size_t num_values(const Handle& object, const std::string& name) {
  const Handle attribute = own(H5Aopen(object.id(), name.c_str(), H5P_DEFAULT), H5Aclose, "H5Aopen", name);
  const Handle space = own(H5Aget_space(attribute.id()), H5Sclose, "H5Aget_space", name);
  const hssize_t size = H5Sget_simple_extent_npoints(space.id());
  check(size >= 0, "H5Sget_simple_extent_npoints", name);
  return static_cast<std::size_t>(size);
}

Handle compound_type(std::size_t size, std::span<const Field> fields) {
  Handle type = own(H5Tcreate(H5T_COMPOUND, size), H5Tclose, "H5Tcreate", "compound");
  for (const Field& field : fields) {
    check(H5Tinsert(type.id(), field.name, field.offset, field.type) >= 0, "H5Tinsert", field.name);
  }
  return type;
}

Handle text_type(std::size_t length) {
  Handle type = own(H5Tcopy(H5T_C_S1), H5Tclose, "H5Tcopy", "text");
  check(H5Tset_size(type.id(), length) >= 0, "H5Tset_size", "text");
  check(H5Tset_strpad(type.id(), H5T_STR_NULLPAD) >= 0, "H5Tset_strpad", "text");
  check(H5Tset_cset(type.id(), H5T_CSET_UTF8) >= 0, "H5Tset_cset", "text");
  return type;
}

Handle array_type(hid_t element, std::uint32_t size) {
  const hsize_t extent = size;
  return own(H5Tarray_create2(element, 1, &extent), H5Tclose, "H5Tarray_create2", "array");
}

Handle create_dataset(const Handle& parent, const std::string& name, hid_t type, std::uint64_t size, Storage storage) {
  const Handle space = simple_space(size);
  const Handle creation = creation_of(storage, size);
  return own(H5Dcreate2(parent.id(), name.c_str(), type, space.id(), H5P_DEFAULT, creation.id(), H5P_DEFAULT), H5Dclose,
             "H5Dcreate2", name);
}

Handle open_dataset(const Handle& parent, const std::string& name) {
  const Handle access = without_external_links(H5P_DATASET_ACCESS);
  Handle dataset = own(H5Dopen2(parent.id(), name.c_str(), access.id()), H5Dclose, "H5Dopen2", name);
  check_shape(dataset);
  return dataset;
}

std::uint64_t offset_of(const Handle& dataset) {
  const haddr_t offset = H5Dget_offset(dataset.id());
  check_on(dataset, offset != HADDR_UNDEF, "H5Dget_offset");
  return offset;
}

std::uint64_t size_of(const Handle& dataset) {
  const Handle space = own(H5Dget_space(dataset.id()), H5Sclose, "H5Dget_space", "dataset");
  const hssize_t size = H5Sget_simple_extent_npoints(space.id());
  check_on(dataset, size >= 0, "H5Sget_simple_extent_npoints");
  return static_cast<std::uint64_t>(size);
}

Handle type_in(const Handle& dataset) { return own(H5Dget_type(dataset.id()), H5Tclose, "H5Dget_type", "dataset"); }

std::size_t size_of_type(const Handle& type) {
  const std::size_t size = H5Tget_size(type.id());
  check(size > 0, "H5Tget_size", "type");
  return size;
}

void write_all(const Handle& dataset, hid_t memory_type, const void* data) {
  check_on(dataset, H5Dwrite(dataset.id(), memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0, "H5Dwrite");
}

void read_all(const Handle& dataset, hid_t memory_type, void* data) {
  check_on(dataset, H5Dread(dataset.id(), memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0, "H5Dread");
}

void read_some(const Handle& dataset, hid_t memory_type, std::uint64_t first, std::uint64_t count, void* data) {
  const hsize_t start = first;
  const hsize_t extent = count;
  const Handle memory = simple_space(extent);
  const Handle space = own(H5Dget_space(dataset.id()), H5Sclose, "H5Dget_space", "dataset");
  check_on(dataset, H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, &start, nullptr, &extent, nullptr) >= 0,
           "H5Sselect_hyperslab");
  check_on(dataset, H5Dread(dataset.id(), memory_type, memory.id(), space.id(), H5P_DEFAULT, data) >= 0, "H5Dread");
}

template <>
hid_t type_of<char>() {
  return H5T_STD_U8LE;
}
template <>
hid_t type_of<std::uint8_t>() {
  return H5T_STD_U8LE;
}
template <>
hid_t type_of<std::uint16_t>() {
  return H5T_STD_U16LE;
}
template <>
hid_t type_of<std::uint32_t>() {
  return H5T_STD_U32LE;
}
template <>
hid_t type_of<std::uint64_t>() {
  return H5T_STD_U64LE;
}
template <>
hid_t type_of<std::int32_t>() {
  return H5T_STD_I32LE;
}
template <>
hid_t type_of<std::int64_t>() {
  return H5T_STD_I64LE;
}
template <>
hid_t type_of<float>() {
  return H5T_IEEE_F32LE;
}
template <>
hid_t type_of<double>() {
  return H5T_IEEE_F64LE;
}

}  // namespace fugle::store::hdf5
