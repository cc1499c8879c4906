#include "store/table_file.hpp"

#include "store/column.hpp"
#include "store/file.hpp"
#include "store/hdf5.hpp"

namespace fugle::store {
namespace {

constexpr std::uint64_t kTableFormat = 1;

std::string table_path(const std::string& run_dir) { return run_dir + "/report.h5"; }

graph::StringColumn to_column(const std::vector<std::string>& texts) {
  graph::StringColumn column;
  for (const std::string& text : texts) column.add(text);
  return column;
}

std::vector<std::string> from_column(const graph::StringColumn& column) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < column.size(); ++i) texts.emplace_back(column[i]);
  return texts;
}

}  // namespace

void write_table(const std::string& run_dir, const std::string& run, const TableColumns& table, Disk& disk) {
  const std::string path = table_path(run_dir);
  const ScopedTemporary temporary(path + ".tmp", disk);
  {
    const hdf5::Session session;
    hdf5::Handle file = hdf5::create_file(session, temporary.path());
    hdf5::write_attribute(file, "format", kTableFormat);
    hdf5::write_attribute(file, "run", run);
    write_texts(file, "columns", to_column(table.columns));
    write_texts(file, "task", to_column(table.tasks));
    write_texts(file, "point", to_column(table.points));
    write_column(file, "elements", table.elements);
    write_column(file, "with_values", table.with_values);
    write_column(file, "values", table.values);
    hdf5::close_checked(std::move(file), path);
  }
  replace_durably(temporary.path(), path, disk);
}

TableColumns read_table(const std::string& run_dir) {
  const hdf5::Session session;
  const hdf5::Handle file = hdf5::open_file(session, table_path(run_dir));
  return {from_column(read_texts(file, "columns")),        from_column(read_texts(file, "task")),
          from_column(read_texts(file, "point")),          read_column<std::uint64_t>(file, "elements"),
          read_column<std::uint64_t>(file, "with_values"), read_column<double>(file, "values")};
}

}  // namespace fugle::store
