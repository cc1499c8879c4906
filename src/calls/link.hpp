// Messages between the ranks that make calls together: what Remote needs of MPI, or of a test. A message arrives whole;
// messages from one rank may overtake each other only when one of them is long.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace fugle::detail {

class Link {
 public:
  using Sums = std::array<std::int64_t, 8>;
  using Handler = std::function<void(int from, std::span<const std::byte> message)>;

  virtual ~Link() = default;
  [[nodiscard]] virtual int rank() const = 0;
  [[nodiscard]] virtual int num_ranks() const = 0;
  /// Whether threads other than the one that made it may call what follows, one at a time.
  [[nodiscard]] virtual bool is_for_any_thread() const = 0;
  virtual void send(int to, std::vector<std::byte>&& message) = 0;
  /// Hands over what has arrived; whether something has.
  virtual bool poll(const Handler& handle) = 0;
  /// Begins to add up numbers of all ranks; one at a time.
  virtual void start_sums(const Sums& mine) = 0;
  /// The sums, once all ranks have begun; then the next may begin.
  virtual std::optional<Sums> take_sums() = 0;
};

}  // namespace fugle::detail
