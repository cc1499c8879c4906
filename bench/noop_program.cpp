// A fan-out of a C++ function that does nothing, for bench/functions; NOOP_COUNT elements. Takes the options of
// `fugle run`.
#include <cstdlib>
#include <fugle/fugle.hpp>
#include <ranges>

int main(int argc, char** argv) {
  const char* const count = std::getenv("NOOP_COUNT");
  fugle::Workflow wf("noop");
  wf.map(
      "noop", [](int) {}, fugle::over(std::views::iota(0, count != nullptr ? std::atoi(count) : 50'000)));
  return fugle::run(wf, argc, argv);
}
