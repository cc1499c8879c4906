// The head's transport in a campaign: messages to and from the ranks of its own allocation go as before, those of
// guests from other allocations through mailboxes (exchange.hpp). Guests get the numbers after the own ranks, each its
// own, never given twice.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/descriptor.hpp"
#include "scheduler/ports.hpp"
#include "transport/exchange.hpp"

namespace fugle::transport {

class JoinedTransport final : public scheduler::Transport {
 public:
  /// `ranks` outlives it. From now on guests are let in. Throws EnvironmentError.
  JoinedTransport(scheduler::Transport& ranks, std::string exchange_dir, Leader leader, Ticks ticks = ticks_since_boot);
  ~JoinedTransport() override;

  [[nodiscard]] WorkerId self() const override { return ranks_.self(); }
  [[nodiscard]] std::uint32_t num_ranks() const override { return ranks_.num_ranks(); }
  void send(WorkerId to, const scheduler::Message& message) override;
  void poll(Incoming& incoming) override;
  [[nodiscard]] bool is_sending() const override;
  /// Readable when it is time to look at the mailboxes.
  [[nodiscard]] int fd() const { return timer_.get(); }
  [[nodiscard]] std::size_t num_guests() const { return guests_.size(); }

  /// Everybody has left: tells the guests how it ended. Nothing is sent after this.
  void finish(int exit_code);

 private:
  struct Guest;
  void look(Incoming& incoming);
  void let_guests_in();
  void hear(Guest& guest, Incoming& incoming);
  void on_frame(Guest& guest, std::uint8_t kind, const std::string& bytes, Incoming& incoming);
  void give_up_silent_ones(Incoming& incoming);
  void talk();
  void set_timer();

  scheduler::Transport& ranks_;
  std::string exchange_dir_;
  Leader leader_;
  Ticks ticks_;
  Descriptor timer_;
  std::map<WorkerId, std::unique_ptr<Guest>> guests_;
  std::uint32_t next_number_;
  Duration next_look_{0};
  Duration next_search_{0};  ///< for new guests
  Duration last_news_{0};
  bool was_blocked_ = false;  ///< a write failed: no hurry
};

}  // namespace fugle::transport
