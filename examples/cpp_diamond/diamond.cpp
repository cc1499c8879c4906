// A diamond of functions and a command, in C++: what one returns is what the next one gets.
//   cpp_diamond            runs it here             mpirun -n 4 cpp_diamond     over four ranks
//   cpp_diamond -n 4       the same                 cpp_diamond plan, status, why, resume, submit, ...: as fugle
#include <algorithm>
#include <cstdio>
#include <fugle/fugle.hpp>
#include <numeric>
#include <string>
#include <vector>

std::vector<double> samples(int count) {
  std::vector<double> x(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) x[static_cast<std::size_t>(i)] = 1.0 / (i + 1);
  return x;
}
double mean(const std::vector<double>& x) { return std::accumulate(x.begin(), x.end(), 0.0) / double(x.size()); }
double largest(const std::vector<double>& x) { return *std::max_element(x.begin(), x.end()); }
void report(const fugle::Context& context, double average, double maximum) {
  std::FILE* file = std::fopen(std::string(context.output("table")).c_str(), "w");
  std::fprintf(file, "mean %.4f\nmax %.4f\n", average, maximum);
  std::fclose(file);
}

int main(int argc, char** argv) {
  fugle::Workflow wf("diamond");
  auto a = wf.function("samples", samples, 1000);
  auto b = wf.function("mean", mean, a);
  auto c = wf.function("largest", largest, a);
  auto d = wf.function("report", report, b, c).output("table", "diamond.txt");
  wf.command("show", {"cat", "diamond.txt"}).needs(d);
  return fugle::run(wf, argc, argv);
}
