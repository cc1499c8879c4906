// Ranks that are threads of one process, for tests of what ranks say to each other without MPI.
#pragma once

#include <condition_variable>
#include <deque>
#include <fugle/calls.hpp>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "calls/link.hpp"

namespace fugle {

/// What the ranks share.
struct LocalWorld {
  explicit LocalWorld(int n) : num_ranks(n), inboxes(static_cast<std::size_t>(n)) {}
  struct Wave {
    int num_begun = 0;
    detail::Link::Sums sums{};
  };
  int num_ranks;
  std::mutex mutex;
  std::vector<std::deque<std::pair<int, std::vector<std::byte>>>> inboxes;
  std::vector<Wave> waves;
  std::size_t num_messages = 0;
};

class LocalLink final : public detail::Link {
 public:
  LocalLink(LocalWorld& world, int rank) : world_(world), rank_(rank) {}
  int rank() const override { return rank_; }
  int num_ranks() const override { return world_.num_ranks; }
  bool is_for_any_thread() const override { return true; }
  void send(int to, std::vector<std::byte>&& message) override {
    const std::lock_guard lock(world_.mutex);
    ++world_.num_messages;
    world_.inboxes[static_cast<std::size_t>(to)].emplace_back(rank_, std::move(message));
  }
  bool poll(const Handler& handle) override {
    std::deque<std::pair<int, std::vector<std::byte>>> arrived;
    {
      const std::lock_guard lock(world_.mutex);
      arrived.swap(world_.inboxes[static_cast<std::size_t>(rank_)]);
    }
    for (const auto& [from, message] : arrived) handle(from, message);
    return !arrived.empty();
  }
  void start_sums(const Sums& mine) override {
    const std::lock_guard lock(world_.mutex);
    if (world_.waves.size() <= wave_) world_.waves.emplace_back();
    ++world_.waves[wave_].num_begun;
    for (std::size_t i = 0; i < mine.size(); ++i) world_.waves[wave_].sums[i] += mine[i];
  }
  std::optional<Sums> take_sums() override {
    const std::lock_guard lock(world_.mutex);
    if (world_.waves[wave_].num_begun < world_.num_ranks) return std::nullopt;
    return world_.waves[wave_++].sums;
  }

 private:
  LocalWorld& world_;
  int rank_;
  std::size_t wave_ = 0;
};

/// Runs the function on each rank with the calls of that rank.
template <class F>
void on_ranks(int num_ranks, unsigned num_threads, F function, bool share = true) {
  LocalWorld world(num_ranks);
  std::vector<std::thread> ranks;
  for (int rank = 0; rank < num_ranks; ++rank) {
    ranks.emplace_back([&, rank] {
      CallsOptions options;
      options.threads = num_threads;
      options.share = share;
      Calls calls(options, std::make_unique<LocalLink>(world, rank));
      function(calls);
    });
  }
  for (std::thread& rank : ranks) rank.join();
}

}  // namespace fugle
