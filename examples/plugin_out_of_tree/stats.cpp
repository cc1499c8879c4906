// Statistics of the columns of a table, as functions for a workflow. Reading the table is most of the work; it is read
// once per process and stays, because that is what a Tables lives through.
#include <fugle/plugin.hpp>

#include <cmath>
#include <cstddef>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

using fugle::plugin::Call;

namespace {

using Table = std::vector<std::vector<double>>;  // by column

Table read_table(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  Table table;
  for (std::string line; std::getline(file, line);) {
    std::istringstream row(line);
    double value = 0;
    for (std::size_t column = 0; row >> value; ++column) {
      if (table.size() <= column) table.resize(column + 1);
      table[column].push_back(value);
    }
  }
  return table;
}

/// The state between calls: made before the first one, destroyed after the last. Without isolation several threads call
/// at once; a table that has been read does not move or change.
class Tables {
 public:
  const Table& at(const Call& call) {
    const std::string path = call.input("table");
    const std::lock_guard lock(mutex_);
    const auto [found, is_new] = tables_.try_emplace(path);
    if (is_new) {
      found->second = read_table(path);
      call.log("read " + path);
    }
    return found->second;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, Table> tables_;
};

struct Moments {
  double mean;
  double deviation;
};

/// Mean and standard deviation of one column: to a file, and as a value to the functions that need this one.
void moments(Tables& tables, Call& call) {
  const Table& table = tables.at(call);
  const auto column = call.arguments().get<std::size_t>("column");
  if (column >= table.size() || table[column].empty())
    throw std::out_of_range("the table has no column " + std::to_string(column));
  Moments result{};
  const auto size = static_cast<double>(table[column].size());
  for (const double value : table[column]) result.mean += value / size;
  for (const double value : table[column]) result.deviation += (value - result.mean) * (value - result.mean) / size;
  result.deviation = std::sqrt(result.deviation);
  std::ofstream(call.output("text")) << result.mean << ' ' << result.deviation << '\n';
  call.set_value(result);
}

/// The column that varies most. Takes what `moments` gave from memory, not from files.
void widest(Tables&, Call& call) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < call.num_results(); ++i)
    if (call.value<Moments>(i).deviation > call.value<Moments>(best).deviation) best = i;
  std::ofstream(call.output("text")) << "column " << best << " of " << call.num_results() << '\n';
}

}  // namespace

FUGLE_PLUGIN_WITH_STATE(Tables, FUGLE_FUNCTION(moments), FUGLE_FUNCTION(widest))
