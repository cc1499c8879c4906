#include "store/metrics_layout.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>

#include "base/error.hpp"
#include "store/column.hpp"
#include "store/crc32c.hpp"
#include "store/file.hpp"

namespace fugle::store {
namespace {

using hdf5::Field;
using hdf5::type_of;

hdf5::Handle row_type() {
  const std::array fields{
      Field{"element", offsetof(MetricRow, element), type_of<std::uint32_t>()},
      Field{"attempt", offsetof(MetricRow, attempt), type_of<std::uint16_t>()},
      Field{"reserved", offsetof(MetricRow, reserved), type_of<std::uint16_t>()},
      Field{"metric", offsetof(MetricRow, metric), type_of<std::uint32_t>()},
      Field{"crc", offsetof(MetricRow, crc), type_of<std::uint32_t>()},
      Field{"position", offsetof(MetricRow, position), type_of<std::uint64_t>()},
      Field{"value", offsetof(MetricRow, value), type_of<double>()},
  };
  return hdf5::compound_type(sizeof(MetricRow), fields);
}

void write_names(const hdf5::Handle& file, const std::vector<MetricName>& names) {
  const hdf5::Handle group = hdf5::create_group(file, "metrics");
  graph::StringColumn tasks;
  graph::StringColumn words;
  graph::StringColumn units;
  for (const MetricName& name : names) {
    tasks.add(name.task);
    words.add(name.name);
    units.add(name.unit);
  }
  write_texts(group, "task", tasks);
  write_texts(group, "name", words);
  write_texts(group, "unit", units);
}

std::vector<MetricName> read_names(const hdf5::Handle& file) {
  const hdf5::Handle group = hdf5::open_group(file, "metrics");
  const graph::StringColumn tasks = read_texts(group, "task");
  const graph::StringColumn words = read_texts(group, "name");
  const graph::StringColumn units = read_texts(group, "unit");
  if (words.size() != tasks.size() || units.size() != tasks.size())
    throw EnvironmentError("the columns of 'metrics' differ in length");
  std::vector<MetricName> names;
  for (std::size_t i = 0; i < tasks.size(); ++i)
    names.push_back({std::string(tasks[i]), std::string(words[i]), std::string(units[i])});
  return names;
}

MetricsContent read_content(const std::string& path) {
  const hdf5::Session session;
  const hdf5::Handle file = hdf5::open_file(session, path);
  if (hdf5::read_number(file, "format") > kMetricsFormat)
    throw ConflictError(fmt::format("'{}' was written by a newer version; upgrade fugle", path));
  MetricsContent content;
  content.names = read_names(file);
  const hdf5::Handle points = hdf5::open_dataset(file, "points");
  const hdf5::Handle type = row_type();
  std::vector<MetricRow> block(1 << 14);
  const std::uint64_t size = hdf5::size_of(points);
  for (std::uint64_t at = 0; at < size; at += block.size()) {
    const std::uint64_t count = std::min<std::uint64_t>(block.size(), size - at);
    hdf5::read_some(points, type.id(), at, count, block.data());
    bool is_written = false;
    for (const MetricRow& row : std::span(block).first(count)) {
      is_written = is_written || row.attempt != 0;
      if (is_sound(row) && row.metric < content.names.size()) content.rows.push_back(row);
    }
    if (!is_written) break;  // rows are written from the front
  }
  return content;
}

}  // namespace

std::uint32_t crc_of(MetricRow row) {
  row.crc = 0;
  return crc32c(bytes_of(row));
}

std::uint64_t create_metrics_file(const std::string& path, const std::vector<MetricName>& names,
                                  std::uint64_t capacity) {
  const hdf5::Session session;
  hdf5::Handle file = hdf5::create_file(session, path);
  hdf5::write_attribute(file, "format", kMetricsFormat);
  write_names(file, names);
  hdf5::check(H5Lcreate_external("plan.0.h5", "/", file.id(), "plan", H5P_DEFAULT, H5P_DEFAULT) >= 0,
              "H5Lcreate_external", path);
  std::uint64_t offset = 0;
  {
    const hdf5::Handle type = row_type();
    offset = hdf5::offset_of(hdf5::create_dataset(file, "points", type.id(), capacity, hdf5::Storage::reserved));
  }
  hdf5::close_checked(std::move(file), path);
  return offset;
}

MetricsContent read_metrics_content(const std::string& path) {
  try {
    return read_content(path);
  } catch (const EnvironmentError& error) {
    throw EnvironmentError(
        fmt::format("'{}' is damaged ({}); remove it, and metrics of this run are not known", path, error.what()));
  }
}

}  // namespace fugle::store
