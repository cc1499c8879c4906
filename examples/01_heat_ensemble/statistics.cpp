// Statistics over the members of the ensemble: mean and standard deviation of the field, and all histories.
//
//   statistics --output FILE MEMBER...

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <stdexcept>

#include "field_file.hpp"
#include "options.hpp"

namespace heat {
namespace {

/// Mean and variance in one pass, point by point (Welford 1962): no loss of digits where the members are nearly equal.
class FieldStatistics {
 public:
  void add(const Array& field, const std::string& name) {
    if (count_ == 0) {
      mean_ = {field.shape, std::vector<double>(field.values.size(), 0)};
      squares_ = mean_;
    }
    if (field.shape != mean_.shape) throw std::runtime_error("'" + name + "' has another number of cells");
    ++count_;
    for (std::size_t i = 0; i < field.values.size(); ++i) {
      const double before = field.values[i] - mean_.values[i];
      mean_.values[i] += before / count_;
      squares_.values[i] += before * (field.values[i] - mean_.values[i]);
    }
  }
  [[nodiscard]] const Array& mean() const { return mean_; }
  [[nodiscard]] Array deviation() const {
    Array result = squares_;
    for (double& value : result.values) value = count_ > 1 ? std::sqrt(value / (count_ - 1)) : 0;
    return result;
  }

 private:
  int count_ = 0;
  Array mean_;
  Array squares_;  ///< sums of squared differences from the mean
};

void run(const Options& options) {
  if (options.words().empty()) throw std::invalid_argument("no members given");
  FieldStatistics statistics;
  Array times;
  Array histories{{options.words().size(), 0}, {}};
  double largest_error = 0;
  double edge = 0;
  double end_time = 0;
  for (const std::string& path : options.words()) {
    const FieldFile member = FieldFile::open(path);
    statistics.add(member.read("temperature"), path);
    times = member.read("time");
    const Array history = member.read("mean_temperature");
    histories.shape[1] = history.values.size();
    histories.values.insert(histories.values.end(), history.values.begin(), history.values.end());
    largest_error = std::max(largest_error, member.read_number("largest_error"));
    edge = member.read_number("edge");
    end_time = member.read_number("end_time");
  }
  const Array deviation = statistics.deviation();

  FieldFile file = FieldFile::create(options.text("output"));
  file.write("mean", statistics.mean(), "K");
  file.write("standard_deviation", deviation, "K");
  file.write("time", times, "s");
  file.write("mean_temperature", histories, "K");
  file.write_number("members", static_cast<double>(options.words().size()));
  file.write_number("edge", edge);
  file.write_number("end_time", end_time);
  file.write_number("largest_error", largest_error);
  file.close();
  std::printf("%zu members: hottest mean %.2f K, largest standard deviation %.2f K, largest error %.2g K\n",
              options.words().size(),
              *std::max_element(statistics.mean().values.begin(), statistics.mean().values.end()),
              *std::max_element(deviation.values.begin(), deviation.values.end()), largest_error);
}

}  // namespace
}  // namespace heat

int main(int argc, char** argv) {
  try {
    heat::run({argc, argv, {"output"}});
    return 0;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "statistics: %s\n", problem.what());
    return 1;
  }
}
