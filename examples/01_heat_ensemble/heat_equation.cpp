#include "heat_equation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

namespace heat {
namespace {

/// One dimension of the solution: a Gaussian at `centre` and its images, with falling sign, behind both edges. Images
/// further away than six widths are below one part in 10^7.
double gaussian_between_edges(double x, double centre, double variance, double edge) {
  double sum = 0;
  const int reach = 1 + static_cast<int>(6 * std::sqrt(variance) / (2 * edge));
  for (int n = -reach; n <= reach; ++n) {
    const double right = x - (2 * n * edge + centre);
    const double left = x - (2 * n * edge - centre);
    sum += std::exp(-right * right / (2 * variance)) - std::exp(-left * left / (2 * variance));
  }
  return sum;
}

void require(bool condition, const std::string& message) {
  if (!condition) throw std::invalid_argument(message);
}

}  // namespace

double exact_temperature(const Problem& problem, double x_cm, double y_cm, double time_s) {
  const double start = problem.spot_width_cm * problem.spot_width_cm;
  const double variance = start + 2 * problem.diffusivity * time_s;
  return problem.spot_kelvin * start / variance *
         gaussian_between_edges(x_cm, problem.spot_x_cm, variance, problem.edge_cm) *
         gaussian_between_edges(y_cm, problem.spot_y_cm, variance, problem.edge_cm);
}

Plate::Plate(const Problem& problem, std::size_t cells) : problem_(problem), cells_(cells) {
  require(problem.diffusivity > 0, "the diffusivity has to be above 0");
  require(problem.edge_cm > 0 && problem.spot_width_cm > 0, "lengths have to be above 0");
  require(cells >= 4, "at least 4 cells are needed");
  now_.resize(points() * points());
  for (std::size_t row = 1; row < cells_; ++row) {
    for (std::size_t column = 1; column < cells_; ++column) {
      now_[row * points() + column] =
          exact_temperature(problem_, static_cast<double>(column) * width(), static_cast<double>(row) * width(), 0);
    }
  }
  next_ = now_;
}

double Plate::longest_stable_step() const { return width() * width() / (4 * problem_.diffusivity); }

void Plate::advance(double step_s) {
  require(step_s > 0 && step_s <= longest_stable_step(),
          "a time step of " + std::to_string(step_s) + " s is unstable (the longest stable one is " +
              std::to_string(longest_stable_step()) + " s); lower it or take fewer cells");
  const double ratio = problem_.diffusivity * step_s / (width() * width());
  for (std::size_t row = 1; row < cells_; ++row) {
    const double* __restrict here = &now_[row * points()];
    const double* __restrict below = here - points();
    const double* __restrict above = here + points();
    double* __restrict out = &next_[row * points()];
    for (std::size_t i = 1; i < cells_; ++i) {
      out[i] = (1 - 4 * ratio) * here[i] + ratio * (here[i - 1] + here[i + 1] + below[i] + above[i]);
    }
  }
  std::swap(now_, next_);
  time_s_ += step_s;
}

double Plate::mean() const {
  // Trapezoidal rule; the edges are 0.
  return std::accumulate(now_.begin(), now_.end(), 0.0) / static_cast<double>(cells_ * cells_);
}

double Plate::largest_error() const {
  double largest = 0;
  for (std::size_t row = 0; row < points(); ++row) {
    for (std::size_t column = 0; column < points(); ++column) {
      const double exact = exact_temperature(problem_, static_cast<double>(column) * width(),
                                             static_cast<double>(row) * width(), time_s_);
      largest = std::max(largest, std::abs(now_[row * points() + column] - exact));
    }
  }
  return largest;
}

}  // namespace heat
