// A rank of an allocation that works for the head of another one: speaks with it through mailboxes (exchange.hpp). The
// other ranks of its own allocation are guests too, with mailboxes of their own; among them only word of the end of
// the allocation goes, from its rank 0.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/descriptor.hpp"
#include "scheduler/ports.hpp"
#include "transport/exchange.hpp"
#include "transport/mailbox.hpp"

namespace fugle::transport {

class GuestTransport final : public scheduler::Transport {
 public:
  struct Options {
    std::string exchange_dir;
    std::string session;  ///< of the head
    std::string name;     ///< of this guest, unique among all; no '/'
    /// Asked now and then while the head is silent: whether it is known to be dead, so that nobody need wait for it.
    std::function<bool()> is_head_dead;
    Ticks ticks = ticks_since_boot;
  };
  /// Knocks. `ranks` is the transport of its own allocation and outlives it. Throws EnvironmentError.
  GuestTransport(scheduler::Transport& ranks, Options options);
  /// Takes its folder away: nothing runs here any more. Unless that is not sure: see stay_marked().
  ~GuestTransport() override;

  /// The head has let it in; until then nothing else may be called but poll(), and `incoming` stays empty.
  [[nodiscard]] bool is_in() const { return number_.is_valid(); }
  [[nodiscard]] WorkerId self() const override { return number_; }
  [[nodiscard]] std::uint32_t num_ranks() const override { return number_.value() + 1; }
  /// To the head, the only one it talks to.
  void send(WorkerId to, const scheduler::Message& message) override;
  void poll(Incoming& incoming) override;
  [[nodiscard]] bool is_sending() const override;
  [[nodiscard]] int fd() const { return timer_.get(); }

  /// Of the other ranks of this allocation, on its rank 0: those that have not said by Shutdown that they are done, and
  /// live.
  [[nodiscard]] std::uint32_t num_busy_ranks() const { return num_busy_ranks_; }
  /// This allocation ends then, all its ranks are told: see scheduler::Tenure. On its rank 0.
  void set_tenure(Time end);
  /// All that was said has been read, or there is nobody who would.
  [[nodiscard]] bool is_heard() const { return has_lost_head_ || heard_ >= last_message_; }
  /// Nothing was heard from it for too long, or it is dead.
  [[nodiscard]] bool has_lost_head() const { return has_lost_head_; }
  /// It was lost so long ago that nothing may run here any more.
  [[nodiscard]] bool is_overdue() const {
    return has_lost_head_ && options_.ticks() - lost_at_ >= patience_.guest_kills();
  }
  /// Something may still run here when this object is gone: the folder stays, and a new head waits for its time to
  /// pass.
  void stay_marked() { stays_marked_ = true; }
  /// Its exit code, once it has said farewell.
  [[nodiscard]] std::optional<int> farewell() const { return farewell_; }

 private:
  void hear_ranks();
  void hear_head(Incoming& incoming);
  void on_frame(const Frame& frame, Incoming& incoming);
  void on_ack(std::uint64_t number);
  void watch_lease(Incoming& incoming);
  void talk();
  void put(Said said, std::string_view bytes);
  void set_timer();

  scheduler::Transport& ranks_;
  Options options_;
  std::string folder_;
  Patience patience_;
  MailboxReader reader_;
  MailboxWriter writer_;
  Descriptor timer_;
  WorkerId number_;
  std::deque<std::pair<std::uint64_t, Duration>> unheard_;  ///< frames that were put, and when
  std::uint64_t last_message_ = 0;                          ///< its number
  std::uint64_t heard_ = 0;                                 ///< number of the newest frame that the head has read
  Duration lease_begin_;
  Duration last_said_{0};
  Duration last_news_;
  Duration lost_at_{0};
  Duration next_look_{0};
  Duration next_question_{0};
  std::optional<int> farewell_;
  std::set<WorkerId> done_;  ///< ranks that are gone or not busy any more
  std::uint32_t num_busy_ranks_ = 0;
  bool has_lost_head_ = false;
  bool stays_marked_ = false;
  bool was_blocked_ = false;
};

}  // namespace fugle::transport
