#include "field_file.hpp"

#include <functional>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace heat {
namespace {

/// Closes an HDF5 id at the end of the scope.
class ScopedId {
 public:
  ScopedId(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~ScopedId() { close_(id_); }
  ScopedId(const ScopedId&) = delete;
  ScopedId& operator=(const ScopedId&) = delete;
  operator hid_t() const { return id_; }  // NOLINT: it is one

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

hid_t opened(hid_t file, const std::string& path, const char* what) {
  if (file < 0) throw std::runtime_error("cannot " + std::string(what) + " '" + path + "' (HDF5 says why above)");
  return file;
}

}  // namespace

FieldFile FieldFile::create(const std::string& path) {
  return {path, opened(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), path, "create")};
}

FieldFile FieldFile::open(const std::string& path) {
  return {path, opened(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), path, "open")};
}

FieldFile::FieldFile(FieldFile&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, H5I_INVALID_HID)) {}

FieldFile::~FieldFile() {
  if (file_ >= 0) H5Fclose(file_);
}

void FieldFile::close() { check(H5Fclose(std::exchange(file_, H5I_INVALID_HID)), "close", "the file"); }

template <class T>
T FieldFile::check(T result, const char* what, const std::string& name) const {
  if (result < 0) throw std::runtime_error("cannot " + std::string(what) + " " + name + " of '" + path_ + "'");
  return result;
}

void FieldFile::write(const std::string& name, const Array& array, const std::string& unit) {
  const ScopedId space(H5Screate_simple(static_cast<int>(array.shape.size()), array.shape.data(), nullptr), H5Sclose);
  const ScopedId dataset(H5Dcreate2(file_, name.c_str(), H5T_NATIVE_DOUBLE, check(hid_t{space}, "shape", name),
                                    H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                         H5Dclose);
  check(hid_t{dataset}, "create", name);
  check(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, array.values.data()), "write", name);

  const ScopedId text(H5Tcopy(H5T_C_S1), H5Tclose);
  check(H5Tset_size(text, unit.size() + 1), "describe the unit", name);
  const ScopedId scalar(H5Screate(H5S_SCALAR), H5Sclose);
  const ScopedId attribute(H5Acreate2(dataset, "unit", text, scalar, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  check(H5Awrite(attribute, text, unit.c_str()), "write the unit of", name);
}

void FieldFile::write_number(const std::string& name, double value) {
  const ScopedId scalar(H5Screate(H5S_SCALAR), H5Sclose);
  const ScopedId attribute(H5Acreate2(file_, name.c_str(), H5T_NATIVE_DOUBLE, scalar, H5P_DEFAULT, H5P_DEFAULT),
                           H5Aclose);
  check(H5Awrite(attribute, H5T_NATIVE_DOUBLE, &value), "write", name);
}

Array FieldFile::read(const std::string& name) const {
  const ScopedId dataset(H5Dopen2(file_, name.c_str(), H5P_DEFAULT), H5Dclose);
  const ScopedId space(H5Dget_space(check(hid_t{dataset}, "open", name)), H5Sclose);
  Array array;
  array.shape.resize(static_cast<std::size_t>(check(H5Sget_simple_extent_ndims(space), "measure", name)));
  check(H5Sget_simple_extent_dims(space, array.shape.data(), nullptr), "measure", name);
  array.values.resize(std::accumulate(array.shape.begin(), array.shape.end(), hsize_t{1}, std::multiplies<>()));
  check(H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, array.values.data()), "read", name);
  return array;
}

double FieldFile::read_number(const std::string& name) const {
  const ScopedId attribute(H5Aopen(file_, name.c_str(), H5P_DEFAULT), H5Aclose);
  double value = 0;
  check(H5Aread(check(hid_t{attribute}, "open", name), H5T_NATIVE_DOUBLE, &value), "read", name);
  return value;
}

}  // namespace heat
