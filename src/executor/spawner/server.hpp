// The spawner's one loop: takes orders from its rank, starts children, collects their output, enforces time limits,
// reaps. Ends when the rank's end of the socket is closed, however that came about, and takes every descendant along.
// One thread; nothing in here waits for a child or for the rank.
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "executor/channel.hpp"
#include "executor/spawner/attempt.hpp"
#include "executor/spawner/descendants.hpp"
#include "executor/spawner/log_writer.hpp"
#include "executor/spawner/memory.hpp"
#include "executor/spawner/slot.hpp"

namespace fugle::spawner {

class Server {
 public:
  /// The signals are blocked (see main.cpp): children are waited for by a signalfd.
  explicit Server(int socket);
  /// Returns when the rank is gone and no descendant is left.
  void run();

 private:
  struct Helper {
    std::string texts;  ///< what its program points to
    Child child;
  };

  // The loop. An event points to what it is of: the channel, the signal descriptor, or the Attempt that speaks.
  void wait_for_events();
  [[nodiscard]] int wait_ms() const;
  void watch(int operation, int fd, std::uint32_t events, void* what) const;
  void send_answers();

  // Orders of the rank.
  void take_orders();
  void configure(std::string_view body);
  void remove_leftovers(std::string_view body);
  void note_metrics(std::string_view body);
  void start(std::string_view body);
  void launch(std::unique_ptr<Attempt> attempt, Child::Program program);
  [[nodiscard]] bool make_scratch(Attempt& attempt);
  [[nodiscard]] int start_process(Attempt& attempt, Child::Program program);
  void launch_next_of(Attempt& attempt);
  void start_now(executor::wire::AttemptKey key);
  [[nodiscard]] Attempt* find(executor::wire::AttemptKey key);
  [[nodiscard]] Attempt* find_predecessor_of(executor::wire::AttemptKey key);
  void refuse(const executor::wire::RefusedFields& fields);
  void stop(const executor::wire::StopFields& order);
  void signal(const executor::wire::SignalFields& order);
  void write_line(std::string_view body);
  [[nodiscard]] std::vector<const char*> full_environment(std::vector<const char*> own) const;

  // Calls in standing processes.
  [[nodiscard]] int start_call(Attempt& attempt, Child::Program program);
  [[nodiscard]] Slot* find_idle_slot(const std::string& key) const;
  [[nodiscard]] Slot* make_slot(Attempt& attempt, Child::Program program, int& error);
  [[nodiscard]] Slot* slot_of(const void* what) const;
  [[nodiscard]] Slot* slot_of(pid_t pid) const;
  void serve(Slot& slot);
  void send_call(Slot& slot);
  void take_return(Slot& slot, std::string_view body);
  void leave_slot(Attempt& attempt);
  void note_death_of(Slot& slot);
  void retire(Slot& slot) const;
  void retire_slots();
  void kill_late_slots();
  void wait_for_retired_slots();

  // Output.
  void note_output(std::string_view body);
  void open_own_log(Attempt& attempt) const;
  void take_output(Attempt& attempt, const char* bytes, std::size_t count, std::uint8_t stream = executor::kStdout);
  void keep_text(Attempt& attempt, std::string_view text, std::uint8_t stream);
  void keep_what_was_held(Attempt& attempt);
  void keep_output(Attempt& attempt, const char* bytes, std::size_t count, std::uint8_t stream);
  void read_output(Slot& slot);
  void read_output(Attempt& attempt, bool of_errors);
  bool read_piece(Attempt& attempt, int pipe, std::size_t limit);
  void read_what_is_left_in(Attempt& attempt, int pipe);
  void close_pipe(int& pipe) const;
  void say(Attempt& attempt, const std::string& text);
  void read_what_is_left(Attempt& attempt);
  void close_output(Attempt& attempt) const;

  // Ends.
  void reap();
  void note_end(Attempt& attempt, int wait_status, const rusage& usage);
  void note_end_of_call(Attempt& attempt, int wait_status, const rusage& usage) const;
  void finish_empty_groups();
  void expire_deadlines();
  [[nodiscard]] bool was_oom_killed(const Attempt& attempt) const;
  void check_memory();
  void check_group_of(Attempt& attempt);
  void end_for_memory(Attempt& attempt, std::uint64_t bytes);
  void look_at_bindings();
  void look_at_end(Attempt& attempt) const;
  void terminate(Attempt& attempt, int signal);
  void set_deadline(Attempt& attempt, std::int64_t deadline);
  void tell_metrics(Attempt& attempt);
  void report_finished();
  void release_programs();
  void end_everything();

  // What follows the end of an attempt's program.
  void follow_up(Attempt& attempt);
  [[nodiscard]] bool start_cleanup(Attempt& attempt);
  void note_end_of_cleanup(Attempt& attempt, int wait_status);
  [[nodiscard]] bool start_removal(Attempt& attempt);
  [[nodiscard]] int start_follow_up(Attempt& attempt, Child::Program program, std::int64_t deadline);
  void continue_after(Attempt& attempt, int wait_status);
  void finish(Attempt& attempt);

  // Strays: children that are the first process of no attempt.
  [[nodiscard]] Attempt* attempt_of_mark(std::uint32_t mark) const;
  [[nodiscard]] bool is_abandoned(pid_t stray) const;
  [[nodiscard]] std::vector<pid_t> find_strays() const;
  [[nodiscard]] std::unordered_map<const Attempt*, std::vector<pid_t>> strays_of_attempts() const;
  void sweep_strays();

  executor::Channel rank_;
  int epoll_;
  int child_signal_;
  int null_;
  std::int64_t unix_offset_;  ///< Unix time minus monotonic time: answers do not jump when the clock is set
  bool rank_is_there_ = true;
  bool child_ended_ = false;
  bool is_waiting_to_send_ = false;
  std::int64_t tell_at_ = 0;  ///< answers may wait until then

  std::string configuration_;  ///< what `environment_` points to
  std::vector<const char*> environment_;
  std::optional<LogWriter> log_;
  std::uint64_t max_log_bytes_ = 0;        ///< per attempt; 0: no limit
  Mask mask_;                              ///< of all output
  executor::wire::AttemptKey metrics_of_;  ///< whose `next_metrics_` are
  std::unique_ptr<executor::LineScanner> next_metrics_;
  executor::wire::OutputFields next_output_;
  std::string next_own_log_;
  std::vector<std::string> rank_folders_;  ///< removed when the rank is gone

  std::unordered_map<pid_t, std::unique_ptr<Attempt>> attempts_;  ///< by first process
  std::set<std::pair<std::int64_t, Attempt*>> deadlines_;
  std::vector<std::unique_ptr<Slot>> slots_;                    ///< some tens at most
  bool slots_are_retired_ = false;                              ///< all, the rank will be gone soon
  std::vector<Attempt*> starting_;                              ///< whose child may still use our memory
  std::size_t num_lingering_ = 0;                               ///< first process ended, group not yet
  std::unordered_map<pid_t, std::unique_ptr<Helper>> helpers_;  ///< that remove leftovers
  std::vector<std::unique_ptr<Attempt>> finished_;
  std::int64_t sweep_at_ = 0;  ///< 0: nothing has ended since the last sweep
  static constexpr int kShortHuntMs = 20;
  int hunt_limit_ms_ = kShortHuntMs;  ///< longer after each that did not get all
  Hunt hunt_;
  OomKills oom_kills_;
  bool uses_control_groups_ = true;
  ControlGroups control_groups_;
  std::vector<std::unique_ptr<ControlGroup>> old_groups_;  ///< in which something was still dying
  std::uint64_t num_started_ = 0;
  std::size_t num_limited_ = 0;           ///< attempts with a memory limit
  std::int64_t check_memory_at_ = 0;      ///< of meaning while there are such
  std::int64_t look_at_bindings_at_ = 0;  ///< 0: no bound attempt runs
};

}  // namespace fugle::spawner
