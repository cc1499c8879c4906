#include "heat_equation.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace heat {
namespace {

void advance_to(Plate& plate, double end_time) {
  const int steps = static_cast<int>(end_time / (0.9 * plate.longest_stable_step())) + 1;
  for (int i = 0; i < steps; ++i) plate.advance(end_time / steps);
}

double error_after_one_second(std::size_t cells) {
  Plate plate({}, cells);
  advance_to(plate, 1);
  return plate.largest_error();
}

TEST(HeatEquation, follows_the_exact_solution) {
  Plate plate({}, 100);
  advance_to(plate, 4);
  EXPECT_NEAR(plate.time(), 4, 1e-9);
  EXPECT_LT(plate.largest_error(), 0.01);
  EXPECT_GT(plate.mean(), 1);
}

TEST(HeatEquation, is_of_second_order_in_space) {
  const double ratio = error_after_one_second(25) / error_after_one_second(50);
  EXPECT_GT(ratio, 3.5);
  EXPECT_LT(ratio, 4.5);
}

TEST(HeatEquation, keeps_the_edges_cold_and_never_gets_hotter) {
  Plate plate({}, 40);
  double before = plate.mean();
  for (int i = 0; i < 200; ++i) {
    plate.advance(plate.longest_stable_step());
    ASSERT_LE(plate.mean(), before);
    before = plate.mean();
  }
  for (std::size_t i = 0; i <= plate.cells(); ++i) {
    EXPECT_EQ(plate.temperature()[i], 0);
    EXPECT_EQ(plate.temperature()[i * (plate.cells() + 1)], 0);
  }
}

TEST(HeatEquation, has_an_exact_solution_that_vanishes_on_all_edges) {
  for (const double along : {0.5, 3.0, 9.5}) {
    EXPECT_NEAR(exact_temperature({}, 0, along, 3), 0, 1e-9);
    EXPECT_NEAR(exact_temperature({}, 10, along, 3), 0, 1e-9);
    EXPECT_NEAR(exact_temperature({}, along, 0, 3), 0, 1e-9);
    EXPECT_NEAR(exact_temperature({}, along, 10, 3), 0, 1e-9);
  }
}

TEST(HeatEquation, refuses_unstable_steps_and_senseless_plates) {
  Plate plate({}, 40);
  EXPECT_THROW(plate.advance(plate.longest_stable_step() * 1.01), std::invalid_argument);
  EXPECT_THROW(Plate({}, 2), std::invalid_argument);
  Problem frozen;
  frozen.diffusivity = 0;
  EXPECT_THROW(Plate(frozen, 40), std::invalid_argument);
}

}  // namespace
}  // namespace heat
