// Whole columns of numbers or texts as datasets that carry the CRC-32C of their bytes, so that damage is noticed when
// they are read. HDF5 itself protects its metadata only.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "store/hdf5.hpp"

namespace fugle::store {

/// The bytes of `size` values of `type` as they lie in memory.
void write_column_bytes(const hdf5::Handle& parent, const std::string& name, hid_t type, std::uint64_t size,
                        std::span<const std::byte> bytes, hdf5::Storage storage);
/// Throws EnvironmentError when the checksum does not fit.
void read_column_bytes(const hdf5::Handle& dataset, hid_t type, std::span<std::byte> bytes);

template <class T>
void write_column(const hdf5::Handle& parent, const std::string& name, std::span<const T> values,
                  hdf5::Storage storage = hdf5::Storage::contiguous) {
  write_column_bytes(parent, name, hdf5::type_of<T>(), values.size(), std::as_bytes(values), storage);
}
template <class T>
void write_column(const hdf5::Handle& parent, const std::string& name, const std::vector<T>& values,
                  hdf5::Storage storage = hdf5::Storage::contiguous) {
  write_column(parent, name, std::span<const T>(values), storage);
}

template <class T>
[[nodiscard]] std::vector<T> read_column(const hdf5::Handle& parent, const std::string& name) {
  const hdf5::Handle dataset = hdf5::open_dataset(parent, name);
  std::vector<T> values(hdf5::size_of(dataset));
  read_column_bytes(dataset, hdf5::type_of<T>(), std::as_writable_bytes(std::span(values)));
  return values;
}

/// Two datasets, <name>_offset and <name>_bytes: text i is bytes[offset[i], offset[i+1]).
void write_texts(const hdf5::Handle& parent, const std::string& name, const graph::StringColumn& texts);
[[nodiscard]] graph::StringColumn read_texts(const hdf5::Handle& parent, const std::string& name);

}  // namespace fugle::store
