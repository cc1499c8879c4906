// Adaptive quadrature: the integral of a function that is easy in most places and hard in a few. Nobody knows before
// where it is hard, so the work is found while it is done:
//   - the interval is cut into parts, one element each, which run on all ranks;
//   - each element adds calls where its part is hard (a dynamic graph in memory, on the threads of its lease);
//   - the sums go from rank to rank to the element that adds them up, which writes the result.
//   cpp_quadrature, cpp_quadrature -n 4, mpirun -n 4 cpp_quadrature, cpp_quadrature report, ...
#include <cmath>
#include <fstream>
#include <fugle/calls.hpp>
#include <fugle/fugle.hpp>
#include <iomanip>
#include <string>
#include <vector>

namespace {

constexpr double kEnd = 1.0;
constexpr int kNumParts = 24;
constexpr double kTolerance = 1e-10;

/// What one part came to.
struct Sum {
  double value = 0;
  long num_calls = 0;
};

/// A sharp peak at 0.3, waves towards 0.
double f(double x) { return 1e-3 / ((x - 0.3) * (x - 0.3) + 1e-6) + std::sin(1 / (x + 0.02)); }

double simpson(double a, double b) { return (b - a) / 6 * (f(a) + 4 * f((a + b) / 2) + f(b)); }

Sum add(const Sum& left, const Sum& right) { return {left.value + right.value, left.num_calls + right.num_calls + 1}; }

/// Splits where the two halves say something else than the whole: a call adds calls, and stands for their sum.
fugle::Value<Sum> integrate(fugle::Calls& calls, double a, double b, double tolerance) {
  const double middle = (a + b) / 2;
  const double halves = simpson(a, middle) + simpson(middle, b);
  const double error = (halves - simpson(a, b)) / 15;
  if (std::abs(error) <= tolerance) return calls.value(Sum{halves + error, 1});
  const auto left = calls.add(integrate, a, middle, tolerance / 2);
  const auto right = calls.add(integrate, middle, b, tolerance / 2);
  return calls.add(add, left, right);
}

Sum part(const fugle::Context& context, double begin) {
  fugle::CallsOptions options;
  options.threads = context.cores();
  fugle::Calls calls(options);
  return calls.add(integrate, begin, begin + kEnd / kNumParts, kTolerance / kNumParts).get();
}

Sum total(const fugle::Context& context, const std::vector<Sum>& parts) {
  Sum all;
  for (const Sum& one : parts) all = {all.value + one.value, all.num_calls + one.num_calls};
  std::ofstream(std::string(context.output("integral")))
      << std::setprecision(12) << all.value << " by " << all.num_calls << " calls\n";
  return all;
}

std::vector<double> begins() {
  std::vector<double> values;
  for (int i = 0; i < kNumParts; ++i) values.push_back(kEnd * i / kNumParts);
  return values;
}

}  // namespace

int main(int argc, char** argv) {
  fugle::Workflow wf("quadrature");
  const auto parts = wf.map("part", part, fugle::over(begins()));
  wf.function("total", total, parts).output("integral", "integral.txt");
  return fugle::run(wf, argc, argv);
}
