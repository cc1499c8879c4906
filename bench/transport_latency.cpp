// How long does a message take between two ranks, how many go through per second, and what does an idle rank cost?
// mpirun -n 2 [flags of src/app/launch_mpirun.cpp] transport_latency
#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "transport/mpi_transport.hpp"

namespace {

using namespace fugle;
using std::chrono::steady_clock;
using Incoming = scheduler::Transport::Incoming;

enum class Waiting { asleep, awake };

const WorkerId kHead(0);
const WorkerId kWorker(1);

double seconds_since(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

/// Messages of the next phase may come with the last of this one: what is not asked for yet is kept.
void receive(transport::MpiTransport& transport, std::size_t num_messages, Waiting waiting) {
  static Incoming incoming;
  for (transport.poll(incoming); incoming.messages.size() < num_messages; transport.poll(incoming)) {
    pollfd bells{transport.fd(), POLLIN, 0};
    if (waiting == Waiting::asleep && !transport.is_sending()) ::poll(&bells, 1, -1);
  }
  incoming.messages.erase(incoming.messages.begin(),
                          incoming.messages.begin() + static_cast<std::ptrdiff_t>(num_messages));
}

void send(transport::MpiTransport& transport, std::size_t size) {
  const WorkerId peer = transport.self() == kHead ? kWorker : kHead;
  transport.send(peer, scheduler::Hello{.node = std::string(size, 'x'), .pid = 0, .cores = 0, .mem_bytes = 0});
}

/// Half the round trip; both sides asleep: the head pauses before each, so that the worker sleeps again.
void measure_hop(transport::MpiTransport& transport, Waiting waiting, std::size_t size) {
  const int num_rounds = waiting == Waiting::asleep ? 2000 : 300;
  std::vector<double> hops;
  for (int round = 0; round < num_rounds; ++round) {
    if (transport.self() != kHead) {
      receive(transport, 1, waiting);
      send(transport, size);
      continue;
    }
    if (waiting == Waiting::asleep) ::usleep(200);
    const auto start = steady_clock::now();
    send(transport, size);
    receive(transport, 1, waiting);
    hops.push_back(seconds_since(start) / 2 * 1e6);
  }
  if (transport.self() != kHead) return;
  std::sort(hops.begin(), hops.end());
  const auto percentile = [&](std::size_t percent) { return hops[hops.size() * percent / 100]; };
  fmt::print("hop, {:>7} bytes, {}: median {:.1f}, p90 {:.1f}, p99 {:.1f} us\n", size,
             waiting == Waiting::asleep ? "asleep" : "awake ", percentile(50), percentile(90), percentile(99));
}

/// The worker sends as fast as it can, in windows that the head confirms.
void measure_rate(transport::MpiTransport& transport, std::size_t size) {
  constexpr std::size_t kWindow = 500;
  constexpr std::size_t kNumWindows = 100;
  const auto start = steady_clock::now();
  for (std::size_t window = 0; window < kNumWindows; ++window) {
    if (transport.self() == kHead) {
      receive(transport, kWindow, Waiting::asleep);
      send(transport, 0);
    } else {
      for (std::size_t count = 0; count < kWindow; ++count) send(transport, size);
      receive(transport, 1, Waiting::asleep);
    }
  }
  if (transport.self() != kHead) return;
  fmt::print("rate, {:>6} bytes: {:.0f} messages/s\n", size, kWindow * kNumWindows / seconds_since(start));
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

void measure_idle(transport::MpiTransport& transport) {
  constexpr int kSeconds = 5;
  const double before = cpu_seconds();
  if (transport.self() == kHead) {
    pollfd bells{transport.fd(), POLLIN, 0};
    ::poll(&bells, 1, kSeconds * 1000);
    send(transport, 0);
  } else {
    receive(transport, 1, Waiting::asleep);
  }
  fmt::print("idle: rank {} used {:.3f} % of a core\n", transport.self().value(),
             (cpu_seconds() - before) / kSeconds * 100);
}

}  // namespace

int main() {
  transport::MpiTransport transport;
  if (transport.num_ranks() != 2) {
    fmt::print(stderr, "transport_latency needs two ranks; run it as mpirun -n 2 transport_latency\n");
    return 2;
  }
  for (const std::size_t size : {32ul, 3'000ul}) measure_rate(transport, size);
  for (const std::size_t size : {32ul, 3'000ul, 100'000ul}) measure_hop(transport, Waiting::asleep, size);
  for (const std::size_t size : {32ul, 3'000ul, 100'000ul}) measure_hop(transport, Waiting::awake, size);

  measure_idle(transport);
  std::fflush(stdout);
  return transport.finish() ? 0 : 1;
}
