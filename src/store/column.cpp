#include "store/column.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "store/crc32c.hpp"
#include "store/file.hpp"

namespace fugle::store {

void write_column_bytes(const hdf5::Handle& parent, const std::string& name, hid_t type, std::uint64_t size,
                        std::span<const std::byte> bytes, hdf5::Storage storage) {
  const hdf5::Handle dataset = hdf5::create_dataset(parent, name, type, size, storage);
  hdf5::write_attribute(dataset, "crc", crc32c(bytes));
  if (size > 0) hdf5::write_all(dataset, type, bytes.data());
}

void read_column_bytes(const hdf5::Handle& dataset, hid_t type, std::span<std::byte> bytes) {
  if (!bytes.empty()) hdf5::read_all(dataset, type, bytes.data());
  if (hdf5::read_number(dataset, "crc") != crc32c(bytes)) {
    throw EnvironmentError("the checksum of " + hdf5::describe(dataset) + " does not fit");
  }
}

void write_texts(const hdf5::Handle& parent, const std::string& name, const graph::StringColumn& texts) {
  write_column(parent, name + "_offset", texts.offsets());
  write_column(parent, name + "_bytes", std::span<const char>(texts.bytes()));
}

graph::StringColumn read_texts(const hdf5::Handle& parent, const std::string& name) {
  auto offsets = read_column<std::uint64_t>(parent, name + "_offset");
  const hdf5::Handle dataset = hdf5::open_dataset(parent, name + "_bytes");
  std::string bytes(hdf5::size_of(dataset), '\0');
  read_column_bytes(dataset, hdf5::type_of<char>(), std::as_writable_bytes(std::span(bytes)));
  if (offsets.empty() || offsets.front() != 0 || offsets.back() != bytes.size() ||
      !std::is_sorted(offsets.begin(), offsets.end())) {
    throw EnvironmentError(hdf5::describe(dataset) + " is not as long as its offsets say");
  }
  return graph::StringColumn::from_raw(std::move(offsets), std::move(bytes));
}

}  // namespace fugle::store
