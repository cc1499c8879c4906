// The inside of ProcessExecutor: what it knows of its running attempts and of the channel to its spawner.
// process_executor.cpp starts and stops them, process_executor_ranks.cpp and _party.cpp know what MPI ranks need,
// process_executor_ends.cpp takes the answers and settles the outputs.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mask.hpp"
#include "executor/agent_socket.hpp"
#include "executor/channel.hpp"
#include "executor/command.hpp"
#include "executor/launcher.hpp"
#include "executor/line_scanner.hpp"
#include "executor/node_folder.hpp"
#include "executor/outcome.hpp"
#include "executor/process_executor.hpp"
#include "executor/ready_probe.hpp"
#include "executor/staged_outputs.hpp"
#include "graph/element_text.hpp"

namespace fugle::executor {

inline constexpr auto kTick = std::chrono::milliseconds(100);  ///< while outputs are looked for
inline constexpr auto kSlowTick = std::chrono::seconds(5);     ///< while anything runs

inline Time unix_now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

/// Of an attempt with MPI ranks.
struct RankedAttempt {
  bool is_ranked = false;
  bool by_srun = false;              ///< its ranks are not our descendants
  bool is_direct = false;            ///< its first process is the launcher, not a script
  std::string mark{};                ///< file that is there once a rank has started; empty: that is not known
  std::string temporary{};           ///< where MPI keeps its session directories
  std::vector<std::string> nodes{};  ///< of its party
  std::map<std::uint32_t, std::vector<int>> agents{};  ///< by position: that wait for what they had started there
  std::string oom_elsewhere{};                         ///< why another node of it ended its part for memory
};

/// Of a service: what is asked until it is ready, and what ends it. Both are run by *helpers*, quiet attempts in its
/// environment whose numbers are above those of all others.
struct RunningService {
  explicit RunningService(Duration timeout) : probe(timeout) {}
  ReadyProbe probe;
  std::vector<std::string> ready_command;
  std::vector<std::string> stop_command;  ///< empty: by the signal
  std::int32_t stop_signal = 15;
  Duration grace{0};
  std::vector<std::string> environment;
  std::string workdir;
  scheduler::Place place;
  bool is_stopping = false;
  std::uint32_t num_helpers = 0;                  ///< that run
  std::string said;                               ///< by the one that ends next
  std::optional<scheduler::AttemptReport> ended;  ///< waits for the helpers
};

struct RunningAttempt {
  std::uint16_t attempt = 0;
  std::string id;
  Time start{};
  StagedOutputs outputs;
  std::shared_ptr<const graph::Task> task;  ///< null: it gives no values
  std::vector<std::string> output_paths;
  std::string value_file;  ///< $FUGLE_OUTPUT
  std::vector<std::string> scratch_files;
  std::string setup_file;  ///< tells whether the setup has failed (surroundings.hpp); empty: it has none
  AttemptTexts texts;
  bool is_call = false;
  std::vector<std::string> results_before;  ///< of the functions before, until the call is made
  std::string result;                       ///< of a call
  std::vector<graph::Metric> metrics;
  std::vector<LineScanner::Found> found;  ///< one for each of them that has a regex
  std::string dataset_file;               ///< where values are put of those that have a dataset; empty: none has
  /// It has ended well but for an output that may yet be seen: what is to be said when it is, and until when.
  std::optional<scheduler::AttemptReport> unsettled;
  std::chrono::steady_clock::time_point settles_until{};
  RankedAttempt ranked;
  bool is_hosted = false;                   ///< a daemon of an attempt that another worker leads
  std::unique_ptr<RunningService> service;  ///< null: it is none
};

/// An attempt that another worker leads, as long as its place here is kept for it.
struct Hosted {
  scheduler::Launch launch;
  std::vector<std::string> commands{};  ///< that are still to be run
  scheduler::AttemptReport report{};    ///< of all that has run
  bool is_leaving = false;
  bool ended_badly = false;
};

/// Only what the user asked for is enforced; a share of the node's memory is a guess.
[[nodiscard]] std::uint64_t memory_limit_of(const scheduler::Launch& launch);

class ProcessExecutor::Impl {
 public:
  Impl(Spawner& spawner, ExecutorOptions options);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void start(const scheduler::Launch& launch, ElementId predecessor);
  void start_now(ElementId element);
  void stop(ElementId element, scheduler::StopReason reason);
  void signal(ElementId element, int signal);
  void write_log(ElementId element, std::uint16_t attempt, std::string_view text);
  void poll(std::vector<scheduler::AttemptReport>& reports);
  void host(const scheduler::Launch& launch);
  void dismiss(ElementId element);
  void hear(const scheduler::PartyWord& word);
  void poll_words(std::vector<scheduler::PartyWord>& words);
  [[nodiscard]] int fd() const { return epoll_; }
  [[nodiscard]] bool is_broken() const { return is_broken_; }

 private:
  void configure();
  void watch(int operation, int fd, std::uint32_t events) const;
  void send();

  [[nodiscard]] NodeFolder& folder_in(const std::string& root);
  [[nodiscard]] std::string scratch_of(const scheduler::Launch& launch);
  [[nodiscard]] bool sets_bash_env(const graph::Task& task) const;
  void order(const scheduler::Launch& launch, const graph::ElementText& text, const std::string& scratch,
             wire::AttemptKey after, RunningAttempt& running);
  [[nodiscard]] const std::string& plugin_host();
  [[nodiscard]] const std::string& own_program();
  /// All 0 when it does not run here.
  [[nodiscard]] wire::AttemptKey key_of(ElementId element) const;
  void refuse(const scheduler::Launch& launch, graph::FailureClass cls, std::string reason);

  /// `container`: that its ranks run in by srun; null: none.
  [[nodiscard]] LaunchWords plan_ranks(const scheduler::Launch& launch, const AttemptFiles& files,
                                       const ContainerOrder* container, RunningAttempt& running);
  // What surrounds a command (process_executor_surroundings.cpp).
  [[nodiscard]] graph::ContainerRuntime runtime_of(const graph::Task& task);
  [[nodiscard]] ContainerOrder container_order(const scheduler::Launch& launch, const graph::ElementText& text,
                                               const std::string& scratch, const AttemptFiles& files,
                                               const RunningAttempt& running);
  [[nodiscard]] std::vector<std::string> surrounded_command(const scheduler::Launch& launch,
                                                            const graph::ElementText& text,
                                                            const std::vector<std::string>& command,
                                                            const graph::SlotValues& slots,
                                                            const std::optional<ContainerOrder>& container,
                                                            const AttemptFiles& files, RunningAttempt& running);
  [[nodiscard]] std::optional<std::string> prepare_log(const scheduler::Launch& launch, const graph::ElementText& text);
  static void judge_setup(scheduler::AttemptReport& report, const RunningAttempt& running);

  void prepare_values(const scheduler::Launch& launch, const graph::ElementText& text, const AttemptFiles& files,
                      RunningAttempt& running);
  void add_secrets(const scheduler::Launch& launch, std::vector<std::string>& environment) const;
  void add_host_file(const scheduler::Launch& launch, const AttemptFiles& files, std::vector<std::string>& environment);
  void judge_ranks(scheduler::AttemptReport& report, const RunningAttempt& running);
  [[nodiscard]] std::string temporary_folder() const;
  [[nodiscard]] std::vector<std::string> marks_of(const std::string& id, std::uint16_t attempt) const;

  [[nodiscard]] std::string agent_for(const scheduler::Launch& launch);
  void hear_agents();
  void say(scheduler::PartyWord word);
  void run_next_daemon(Hosted& hosted);
  void order_daemon(const scheduler::Launch& launch, const std::string& command, RunningAttempt& running);
  void note_end_of_daemon(const scheduler::AttemptReport& report);
  void leave(ElementId element);
  [[nodiscard]] bool stop_hosted(ElementId element);

  // Services (process_executor_services.cpp).
  void prepare_service(const scheduler::Launch& launch, const graph::ElementText& text, const graph::SlotValues& slots,
                       const AttemptFiles& files, RunningAttempt& running) const;
  void start_helper(ElementId element, RunningAttempt& running, std::uint32_t kind, Duration limit);
  void stop_helper(ElementId element, const RunningAttempt& running, std::uint32_t kind);
  void take_of_helper(const wire::Frame& frame, wire::AttemptKey key);
  void end_helper(ElementId element, RunningAttempt& running, std::uint32_t kind, const std::string& problem);
  void stop_service(ElementId element, RunningAttempt& running, bool is_shutdown);
  /// Whether any is not ready yet.
  bool look_after_services();
  [[nodiscard]] bool may_end_service(scheduler::AttemptReport& report, RunningAttempt& running);

  void take(const wire::Frame& frame);
  void note_start(const wire::StartedFields& fields);
  void end(scheduler::AttemptReport report);
  [[nodiscard]] bool may_settle(const RunningAttempt& running) const;
  void settle_outputs(scheduler::AttemptReport& report, RunningAttempt& running);
  void finish(scheduler::AttemptReport report, RunningAttempt& running);
  void look_again();
  void tick_every(std::chrono::nanoseconds period);
  void take_tick();
  void wake_stopped_spawner() const;
  void wake() const;
  [[nodiscard]] RunningAttempt* find(wire::AttemptKey key);
  void lose_everything();

  ExecutorOptions options_;
  Mask secrets_;
  int spawner_pid_;
  Channel channel_;
  int epoll_;
  int wake_;                          ///< readable while reports_ has something the spawner did not send
  int timer_;                         ///< readable when there is something to look after
  std::chrono::nanoseconds tick_{0};  ///< of the timer; 0: it is off
  bool is_waiting_to_send_ = false;
  bool is_broken_ = false;
  Launchers launchers_;
  std::optional<ContainerRuntimes> runtimes_;      ///< looked for when first needed
  std::map<std::string, NodeFolder> folders_;      ///< by root
  std::map<std::string, std::string> host_files_;  ///< of single nodes: by what is in them
  std::unordered_map<ElementId, RunningAttempt> running_;
  std::unordered_map<ElementId, Hosted> hosted_;
  std::optional<AgentSocket> agents_;  ///< made when first needed
  std::vector<scheduler::PartyWord> words_;
  std::vector<ElementId> unsettled_;
  std::vector<scheduler::AttemptReport> reports_;
};

}  // namespace fugle::executor
