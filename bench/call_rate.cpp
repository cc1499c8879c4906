// How many calls that do nothing does one thread make and run per second, and how many bytes does a pending one take?
// Pending: ten million calls that wait for one value, by the resident memory of the process.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <fugle/calls.hpp>
#include <string>

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

void nothing() {}
int pass(const int& x) { return x; }

}  // namespace

int main() {
  fugle::CallsOptions options;
  options.threads = 1;
  {
    fugle::Calls calls(options);
    for (int round = 0; round < 5; ++round) {
      constexpr int kCalls = 2'000'000;
      const auto start = Clock::now();
      for (int i = 0; i < kCalls; ++i) {
        calls.add(nothing);
        if (i % 1000 == 999) calls.wait();
      }
      calls.wait();
      std::printf("%.2f million calls per second, in thousands\n", kCalls / seconds_since(start) * 1e-6);
    }
    constexpr int kChain = 2'000'000;
    const auto start = Clock::now();
    fugle::Value<int> last = calls.value(1);
    for (int i = 0; i < kChain; ++i) last = calls.add(pass, last);
    last.get();
    std::printf("%.2f million calls per second, in a chain of %d\n", kChain / seconds_since(start) * 1e-6, kChain);
  }
  fugle::Calls calls(options);
  constexpr int kPending = 10'000'000;
  const auto first = calls.add([] { return 1; });
  const double before = resident_bytes();
  const auto start = Clock::now();
  for (int i = 0; i < kPending; ++i) calls.add(pass, first);
  const double bytes = (resident_bytes() - before) / kPending;
  calls.wait();
  std::printf("%.1f bytes for each of %d pending calls, %.1f at the end; added and run at %.2f million per second\n",
              bytes, kPending, (resident_bytes() - before) / kPending, kPending / seconds_since(start) * 1e-6);
}
