// Other allocations that come and go during a simulated run: groups of workers that join at some time by chance, are
// told when they end, leave in time, or are gone at once.
#pragma once

#include <algorithm>
#include <vector>

#include "base/random.hpp"
#include "sim/world.hpp"

namespace fugle::sim {

/// Adds one to four groups of one to three workers to a cluster.
class Guests {
 public:
  explicit Guests(std::uint64_t seed) : random_(seed) {}

  void add_to(WorldOptions& options, bool is_good) {
    options.num_at_start = static_cast<std::uint32_t>(options.workers.size());
    groups_.assign(1 + random_.below(4), {});
    next_ = 0;
    for (std::vector<WorkerId>& group : groups_) {
      for (std::uint64_t left = 1 + random_.below(3); left > 0; --left) {
        const auto rank = static_cast<std::uint32_t>(options.workers.size());
        scheduler::WorkerOffer offer = options.workers.front();
        // Sometimes a node where another allocation was, or is.
        const auto node = static_cast<std::uint32_t>(random_.chance(0.3) ? random_.below(rank) : rank);
        offer.node = "n" + std::to_string(node);
        offer.pid = rank;
        if (!is_good && random_.chance(0.3)) offer.cores = 1;
        options.workers.push_back(offer);
        options.places.node_of.push_back(node);
        group.emplace_back(rank);
      }
    }
    chance_ = random_.chance(0.5) ? 0.02 : 0.2;
    may_leave_ = !is_good;
  }

  void after_event(World& world) {
    if (!random_.chance(chance_)) return;
    if (next_ < groups_.size() && random_.chance(0.5)) {
      // All of a group come at once, or one after another.
      const Time end = may_leave_ && random_.chance(0.5) ? random_end(world.now()) : kNever;
      for (const WorkerId worker : groups_[next_])
        if (random_.chance(0.8)) world.join(worker, end);
      ++next_;
      return;
    }
    if (!may_leave_ || next_ == 0) return;
    const std::vector<WorkerId>& group = groups_[random_.below(next_)];
    if (random_.chance(0.3)) return lose(world, group);
    const Time end = random_end(world.now());
    for (const WorkerId worker : group) world.set_tenure(worker, end);
  }

 private:
  /// In the past: it must leave at once. Never: it may stay.
  Time random_end(Time now) {
    if (random_.chance(0.2)) return kNever;
    if (random_.chance(0.3)) return now - std::chrono::seconds(1);
    return now + std::chrono::milliseconds(random_.below(2000));
  }

  /// The head learns of it late: a guest is silent for long before it counts as lost.
  void lose(World& world, const std::vector<WorkerId>& group) {
    const Duration notice = std::chrono::milliseconds(random_.below(5000));
    const auto unsent = static_cast<std::uint32_t>(random_.below(4));
    for (const WorkerId worker : group) world.lose_worker(worker, {unsent, notice});
  }

  Random random_;
  std::vector<std::vector<WorkerId>> groups_;
  std::size_t next_ = 0;  ///< of groups_, that has not come
  double chance_ = 0;
  bool may_leave_ = false;
};

}  // namespace fugle::sim
