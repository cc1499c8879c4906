// HDF5 files of the example: arrays of doubles and numbers as attributes of the root group. A thin cover of the C
// library; every failure is a std::runtime_error that names file and item.
#pragma once

#include <hdf5.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace heat {

struct Array {
  std::vector<hsize_t> shape;
  std::vector<double> values;  ///< last dimension fastest
};

class FieldFile {
 public:
  [[nodiscard]] static FieldFile create(const std::string& path);
  [[nodiscard]] static FieldFile open(const std::string& path);
  FieldFile(FieldFile&& other) noexcept;
  FieldFile& operator=(FieldFile&&) = delete;
  ~FieldFile();

  /// `unit` becomes the attribute "unit" of the dataset.
  void write(const std::string& name, const Array& array, const std::string& unit);
  void write_number(const std::string& name, double value);
  [[nodiscard]] Array read(const std::string& name) const;
  [[nodiscard]] double read_number(const std::string& name) const;
  /// Writes everything out; to be called before the end, since a destructor can report no failure.
  void close();

 private:
  FieldFile(std::string path, hid_t file) : path_(std::move(path)), file_(file) {}
  template <class T>
  T check(T result, const char* what, const std::string& name) const;

  std::string path_;
  hid_t file_;
};

}  // namespace heat
