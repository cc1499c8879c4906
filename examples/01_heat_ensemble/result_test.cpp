// What a run of heat.yaml has left in the directory HEAT_RESULT, against the exact solution.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "field_file.hpp"
#include "heat_equation.hpp"

namespace heat {
namespace {

class HeatResult : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const char* directory = std::getenv("HEAT_RESULT")) {
      directory_ = directory;
    } else {
      GTEST_SKIP() << "HEAT_RESULT does not name the directory of a run";
    }
  }
  [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }

 private:
  std::string directory_;
};

std::vector<Problem> members() {
  std::vector<Problem> all;
  for (const double diffusivity : {0.25, 0.5, 0.75, 1.0}) {
    for (const double width : {0.8, 1.2}) {
      Problem problem;
      problem.diffusivity = diffusivity;
      problem.spot_width_cm = width;
      all.push_back(problem);
    }
  }
  return all;
}

TEST_F(HeatResult, has_the_mean_and_deviation_of_the_exact_solutions) {
  const FieldFile file = FieldFile::open(path("ensemble.h5"));
  EXPECT_EQ(file.read_number("members"), 8);
  const Array mean = file.read("mean");
  const Array deviation = file.read("standard_deviation");
  const std::size_t points = mean.shape[0];
  const double end_time = file.read_number("end_time");
  for (std::size_t row = 0; row < points; row += 7) {
    for (std::size_t column = 0; column < points; column += 7) {
      const double x = 10.0 * static_cast<double>(column) / static_cast<double>(points - 1);
      const double y = 10.0 * static_cast<double>(row) / static_cast<double>(points - 1);
      double sum = 0;
      double squares = 0;
      for (const Problem& member : members()) {
        const double exact = exact_temperature(member, x, y, end_time);
        sum += exact;
        squares += exact * exact;
      }
      const double variance = std::max(0.0, (squares - sum * sum / 8) / 7);
      ASSERT_NEAR(mean.values[row * points + column], sum / 8, 0.01) << "at " << x << ", " << y << " cm";
      ASSERT_NEAR(deviation.values[row * points + column], std::sqrt(variance), 0.01)
          << "at " << x << ", " << y << " cm";
    }
  }
}

TEST_F(HeatResult, has_a_falling_history_for_each_member) {
  const Array histories = FieldFile::open(path("ensemble.h5")).read("mean_temperature");
  ASSERT_EQ(histories.shape[0], 8u);
  for (std::size_t member = 0; member < 8; ++member) {
    const double* history = &histories.values[member * histories.shape[1]];
    EXPECT_TRUE(std::is_sorted(history, history + histories.shape[1], std::greater<>()));
  }
}

TEST_F(HeatResult, has_a_picture) {
  std::ifstream in(path("ensemble.png"), std::ios::binary);
  const std::string png((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  EXPECT_EQ(png.substr(0, 8), "\x89PNG\r\n\x1A\n");
  EXPECT_EQ(png.substr(png.size() - 8, 4), "IEND");
  EXPECT_GT(png.size(), 50'000u);
}

}  // namespace
}  // namespace heat
