// Heat in a square plate whose edges are cooled: dT/dt = a (d2T/dx2 + d2T/dy2), T = 0 on the edges, where T is the
// temperature above that of the edges. Explicit in time, second order in space. Units: cm, s, K.
//
// The start is a round spot that a laser pulse has heated, and its mirror images, which keep the edges at 0. A Gaussian
// stays one under diffusion, so the temperature at any later time is known exactly: exact_temperature().
#pragma once

#include <cstddef>
#include <vector>

namespace heat {

struct Problem {
  double edge_cm = 10;
  double diffusivity = 1;  ///< cm2/s; aluminium 0.97, steel 0.12
  double spot_x_cm = 4;
  double spot_y_cm = 5.5;
  double spot_width_cm = 1;  ///< standard deviation of the Gaussian
  double spot_kelvin = 100;  ///< at its centre, at the start
};

[[nodiscard]] double exact_temperature(const Problem& problem, double x_cm, double y_cm, double time_s);

/// The temperature at (cells + 1)^2 points, edges included.
class Plate {
 public:
  /// Throws std::invalid_argument when a value makes no sense.
  Plate(const Problem& problem, std::size_t cells);

  /// The scheme is unstable for longer steps: width^2 / (4 diffusivity), in s.
  [[nodiscard]] double longest_stable_step() const;
  /// Throws std::invalid_argument when the step is unstable.
  void advance(double step_s);

  [[nodiscard]] std::size_t cells() const { return cells_; }
  [[nodiscard]] double time() const { return time_s_; }
  /// Rows of constant y, from y = 0.
  [[nodiscard]] const std::vector<double>& temperature() const { return now_; }
  [[nodiscard]] double mean() const;
  /// Largest difference to the exact solution, in K.
  [[nodiscard]] double largest_error() const;

 private:
  [[nodiscard]] std::size_t points() const { return cells_ + 1; }
  [[nodiscard]] double width() const { return problem_.edge_cm / static_cast<double>(cells_); }

  Problem problem_;
  std::size_t cells_;
  double time_s_ = 0;
  std::vector<double> now_;
  std::vector<double> next_;
};

}  // namespace heat
