// One member of the ensemble: cools a plate with a hot spot and writes field and history as HDF5.
//
//   heat --output FILE [--diffusivity CM2/S] [--spot-width CM] [--cells N] [--end-time S] [--time-step S]

#include <cmath>
#include <cstdio>
#include <exception>

#include "field_file.hpp"
#include "heat_equation.hpp"
#include "options.hpp"

namespace heat {
namespace {

constexpr int kSamples = 100;  // of the history

void run(const Options& options) {
  Problem problem;
  problem.diffusivity = options.number("diffusivity", problem.diffusivity);
  problem.spot_width_cm = options.number("spot-width", problem.spot_width_cm);
  const double end_time = options.number("end-time", 4);
  Plate plate(problem, static_cast<std::size_t>(options.number("cells", 400)));

  // A whole number of steps between samples, none longer than asked for.
  const double wanted_step = options.number("time-step", 0.9 * plate.longest_stable_step());
  const double interval = end_time / kSamples;
  const int steps = static_cast<int>(std::ceil(interval / wanted_step));

  Array times{{kSamples + 1}, {0}};
  Array means{{kSamples + 1}, {plate.mean()}};
  for (int sample = 1; sample <= kSamples; ++sample) {
    for (int step = 0; step < steps; ++step) plate.advance(interval / steps);
    times.values.push_back(plate.time());
    means.values.push_back(plate.mean());
  }

  FieldFile file = FieldFile::create(options.text("output"));
  file.write("temperature", {{plate.cells() + 1, plate.cells() + 1}, plate.temperature()}, "K");
  file.write("time", times, "s");
  file.write("mean_temperature", means, "K");
  file.write_number("diffusivity", problem.diffusivity);
  file.write_number("spot_width", problem.spot_width_cm);
  file.write_number("edge", problem.edge_cm);
  file.write_number("end_time", end_time);
  file.write_number("largest_error", plate.largest_error());
  file.close();
  std::printf("%zu x %zu cells, %d steps: mean %.3f K, largest error %.2g K\n", plate.cells(), plate.cells(),
              steps * kSamples, plate.mean(), plate.largest_error());
}

}  // namespace
}  // namespace heat

int main(int argc, char** argv) {
  try {
    heat::run({argc, argv, {"output", "diffusivity", "spot-width", "cells", "end-time", "time-step"}});
    return 0;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "heat: %s\n", problem.what());
    return 1;
  }
}
