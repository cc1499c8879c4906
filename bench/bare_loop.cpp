// Question: how many processes per second can this machine start at all, from a loop that does nothing else?
//
//   bare_loop [COUNT] [IN FLIGHT]    starts COUNT times /bin/true (10000), keeping some of them (2) in flight

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 10'000;
  const int in_flight = argc > 2 ? std::atoi(argv[2]) : 2;
  const auto start = std::chrono::steady_clock::now();
  int running = 0;
  for (int i = 0; i < count; ++i) {
    if (running == in_flight && wait(nullptr) > 0) --running;
    char program[] = "/bin/true";
    char* const words[] = {program, nullptr};
    pid_t child = 0;
    if (posix_spawn(&child, program, nullptr, nullptr, words, environ) != 0) return 1;
    ++running;
  }
  while (wait(nullptr) > 0) {
  }
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
  fmt::print("{:.0f} per second, {} in flight\n", count / passed.count(), in_flight);
}
