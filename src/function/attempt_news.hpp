// What the threads that call functions tell the thread of the Engine, and what they take over from it: attempts that
// began and ended, and who follows whom in its place. All members may be called by any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/descriptor.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "function/call.hpp"
#include "function/thread_pool.hpp"

namespace fugle::function {

class AttemptNews {
 public:
  struct Item {
    ElementId element;
    bool has_ended = false;
    Time start{};       ///< where it has begun
    CallResult result;  ///< where it has ended
  };

  /// Throws EnvironmentError when descriptors have run out.
  AttemptNews();
  /// Readable while there are items.
  [[nodiscard]] int fd() const { return bell_.get(); }

  void tell_started(ElementId element, Time start);
  /// Something for its log. Lines that wait for take_lines() are kept up to kMostLineBytes; what comes then is dropped,
  /// which is said in its place.
  void tell_line(ElementId element, std::uint16_t attempt, std::string_view line);
  static constexpr std::size_t kMostLineBytes = 4 << 20;
  /// Returns its follower, which is its own from now on; null: it has none.
  [[nodiscard]] ThreadPool::Job* tell_ended(ElementId element, CallResult result);
  /// All items since the last call.
  [[nodiscard]] std::vector<Item> take();
  struct Line {
    ElementId element;
    std::uint16_t attempt = 0;
    std::string text;  ///< with its end, perhaps several
  };
  [[nodiscard]] std::vector<Line> take_lines();

  /// From now on until tell_ended() it may be followed.
  void expect_end(ElementId element);
  /// False: the predecessor has ended, and nothing was changed. One follower at a time.
  [[nodiscard]] bool follow(ElementId predecessor, ThreadPool::Job& follower);
  /// False: it has begun already, or follows nobody.
  [[nodiscard]] bool unfollow(ElementId predecessor);
  /// It will not be run after all.
  void forget(ElementId element);

 private:
  void ring();
  void push(Item item);

  Descriptor bell_;
  std::mutex mutex_;
  std::vector<Item> items_;
  std::vector<Line> lines_;
  std::size_t num_line_bytes_ = 0;
  std::size_t num_dropped_ = 0;                              ///< lines, after the last of lines_
  std::unordered_map<ElementId, ThreadPool::Job*> running_;  ///< with the follower of each, or null
};

}  // namespace fugle::function
