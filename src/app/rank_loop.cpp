#include "app/rank_loop.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "app/control.hpp"
#include "app/launch_mpirun.hpp"
#include "app/poll_clock.hpp"
#include "app/stop_signals.hpp"
#include "base/codec.hpp"
#include "base/error.hpp"
#include "executor/process_executor.hpp"
#include "topology/topology.hpp"
#include "transport/local_transport.hpp"
#include "transport/mpi_transport.hpp"

namespace fugle::app {
namespace {

using namespace std::chrono_literals;
using scheduler::Engine;

constexpr Duration kControlInterval = 500ms;

/// What rank 0 tells the others before the Engine starts.
struct Briefing {
  bool proceed = false;
  std::string run_id;
  std::string run_dir;
  std::vector<std::string> environment;

  [[nodiscard]] std::string encode() const {
    ByteWriter out;
    out.put(proceed);
    out.put(run_id);
    out.put(run_dir);
    out.put_all(environment, [&](const std::string& entry) { out.put(entry); });
    return out.take();
  }
  static Briefing decode(std::string_view bytes) {
    ByteReader in(bytes);
    Briefing briefing;
    briefing.proceed = in.get<bool>();
    briefing.run_id = in.get<std::string>();
    briefing.run_dir = in.get<std::string>();
    briefing.environment = in.get_all<std::string>([&] { return in.get<std::string>(); });
    return briefing;
  }
};

std::vector<std::string> own_environment() {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) entries.emplace_back(*entry);
  return entries;
}

/// What a rank of the head does besides the Engine: signals and commands from other shells.
class Requests {
 public:
  Requests(const OpenRun& run, StopSignals& signals) : run_(run), signals_(signals) {}

  void serve(Engine& engine, Time now) {
    while (const auto signal = signals_.take()) on_signal(*signal, engine, now);
    if (now < next_look_) return;
    next_look_ = now + kControlInterval;
    for (const ControlCommand& command : take_commands(run_.directory())) on_command(command, engine, now);
  }

 private:
  void on_signal(int signal, Engine& engine, Time now) {
    if (signal == SIGINT && !has_seen_interrupt_) {
      has_seen_interrupt_ = true;
      engine.request_stop(Engine::StopKind::drain, static_cast<int>(ExitCode::interrupted),
                          "interrupted: what runs may end; once more stops it", now);
    } else if (signal == SIGINT) {
      engine.request_stop(Engine::StopKind::stop, static_cast<int>(ExitCode::interrupted), "interrupted twice", now);
    } else {
      engine.request_stop(Engine::StopKind::stop, static_cast<int>(ExitCode::incomplete),
                          signal == SIGTERM ? "SIGTERM" : "SIGHUP", now);
    }
  }

  void on_command(const ControlCommand& command, Engine& engine, Time now) {
    if (command.verb != "cancel") return;
    if (command.element.empty()) {
      engine.request_stop(Engine::StopKind::stop, static_cast<int>(ExitCode::interrupted),
                          fmt::format("cancelled by {}", command.who), now);
    } else if (const ElementId e = run_.graph().find(command.element); e.is_valid()) {
      engine.cancel_element(e, command.who, now);
    }
  }

  const OpenRun& run_;
  StopSignals& signals_;
  Time next_look_{};
  bool has_seen_interrupt_ = false;
};

/// What this rank may use of its node.
RankPart own_part(const RankOptions& options, bool is_head, std::uint32_t local_index, std::uint32_t num_local) {
  const topology::Node node = topology::discover();
  if (is_head && num_local > node.num_cores() && options.cores_per_rank == 0)
    fmt::print(stderr, "fugle: {} ranks share {} cores on {}: each runs one task at a time\n", num_local,
               node.num_cores(), node.name);
  RankPart rank = part_of_rank(node, local_index, num_local, options.cores_per_rank);
  if (is_head && !options.head_runs_tasks) rank.cores = 0;
  return rank;
}

scheduler::WorkerOffer offer_of(const RankPart& rank) {
  scheduler::WorkerOffer offer{rank.part.name,
                               static_cast<std::uint32_t>(getpid()),
                               rank.cores,
                               rank.part.mem_bytes,
                               static_cast<std::uint32_t>(rank.part.gpus.size()),
                               rank.part};
  if (!rank.may_bind) offer.machine.pus.clear();
  return offer;
}

/// A rank that died before it said anything offers nothing.
Workers workers_from(const std::vector<std::string>& gathered) {
  std::vector<RankPart> ranks;
  for (const std::string& bytes : gathered)
    ranks.push_back(bytes.empty() ? RankPart{0, false, topology::uniform("", 1, 0, 0)} : decode_rank_part(bytes));
  return workers_of_ranks(ranks);
}

/// The loop of STYLE: gather, apply, record, act, sleep.
void loop(Engine& engine, PollClock& clock, const executor::ProcessExecutor& executor, Requests* requests) {
  while (!engine.is_done()) {
    const Time now = clock.now();
    if (requests != nullptr) requests->serve(engine, now);
    if (executor.is_broken()) {
      // Without its spawner this rank can start nothing and may not fork one after MPI_Init.
      if (requests == nullptr) throw EnvironmentError("the spawner of this rank died; its tasks are given to others");
      engine.request_stop(Engine::StopKind::stop, static_cast<int>(ExitCode::environment),
                          "the spawner of the head's rank died", now);
    }
    const Time deadline = engine.step(now);
    if (!engine.is_done()) clock.wait_until(deadline);
  }
}

/// The part that is the same with and without MPI.
int run_engine(const RankOptions& options, Opening& opening, const Briefing& briefing, executor::Spawner& spawner,
               StopSignals& signals, scheduler::Transport& transport, const std::vector<int>& transport_fds,
               const scheduler::WorkerOffer& offer) {
  executor::ProcessExecutor executor(spawner, {transport.self(), briefing.run_id, briefing.run_dir,
                                               briefing.environment, offer.machine.gpus});
  std::vector<int> fds = transport_fds;
  fds.push_back(executor.fd());
  fds.push_back(signals.fd());
  PollClock clock(fds);
  if (opening.run == nullptr) {
    Engine engine(offer, transport, executor, nullptr);
    loop(engine, clock, executor, nullptr);
    return 0;
  }
  scheduler::HeadOptions head = opening.run->head_options(std::move(opening.plan));
  head.retry_failed = options.retry_failed;
  head.fail_fast = options.fail_fast;
  Requests requests(*opening.run, signals);
  Engine engine(offer, transport, executor, &head);
  loop(engine, clock, executor, &requests);
  return engine.exit_code();
}

Opening open_on_head(const RunOpener& open, const Workers& workers) {
  try {
    return open(workers);
  } catch (const Error& error) {
    fmt::print(stderr, "fugle: {}\n", error.what());
    return {nullptr, {}, static_cast<int>(error.code())};
  }
}

Briefing briefing_of(const OpenRun* run) {
  if (run == nullptr) return {};
  return {true, run->facts().run, run->directory(), executor::scrub_environment(own_environment())};
}

int run_locally(const RankOptions& options, const RunOpener& open) {
  StopSignals signals;
  executor::Spawner spawner;
  const RankPart rank = own_part(options, true, 0, 1);
  Opening opening = open_on_head(open, workers_of_ranks({rank}));
  if (opening.run == nullptr) return opening.exit_code;
  const Briefing briefing = briefing_of(opening.run.get());
  executor::kill_leftovers(briefing.run_id);
  transport::LocalTransport transport;
  const int code = run_engine(options, opening, briefing, spawner, signals, transport, {}, offer_of(rank));
  opening.run->close();
  return code;
}

int run_over_mpi(const RankOptions& options, const RunOpener& open) {
  transport::undo_launcher_binding();
  StopSignals signals;
  FrontEndLink front_end;
  executor::Spawner spawner;
  transport::MpiTransport transport;
  front_end.report_start();
  const bool is_head = transport.self() == WorkerId(0);
  const RankPart rank = own_part(options, is_head, transport.local_index(), transport.num_local());
  const std::vector<std::string> gathered = transport.gather(encode(rank));
  Opening opening;
  if (is_head) opening = open_on_head(open, workers_from(gathered));
  const Briefing briefing = Briefing::decode(transport.broadcast(briefing_of(opening.run.get()).encode()));
  int code = opening.exit_code;
  if (briefing.proceed) {
    if (transport.local_index() == 0) executor::kill_leftovers(briefing.run_id);
    code = run_engine(options, opening, briefing, spawner, signals, transport, {transport.fd()}, offer_of(rank));
  }
  if (opening.run != nullptr) opening.run->close();
  front_end.report(code);
  if (!transport.finish()) {
    std::fflush(nullptr);
    { const executor::Spawner last = std::move(spawner); }
    _exit(code);
  }
  // The front-end has the code; mpirun would only tell of a rank that failed.
  return front_end.is_joined() ? 0 : code;
}

}  // namespace

int run_rank(const RankOptions& options, const RunOpener& open) {
  return options.is_local ? run_locally(options, open) : run_over_mpi(options, open);
}

}  // namespace fugle::app
