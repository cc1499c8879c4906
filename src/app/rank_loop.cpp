#include "app/rank_loop.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "app/campaign.hpp"
#include "app/front_end.hpp"
#include "app/lasting_executor.hpp"
#include "app/launch.hpp"
#include "app/life_in_job.hpp"
#include "app/notices.hpp"
#include "app/poll_clock.hpp"
#include "app/preemption_shield.hpp"
#include "app/rank_executor.hpp"
#include "app/requests.hpp"
#include "app/secrets.hpp"
#include "app/stop_signals.hpp"
#include "app/stored_run.hpp"
#include "app/sweep.hpp"
#include "base/codec.hpp"
#include "base/error.hpp"
#include "executor/environment.hpp"
#include "executor/process_executor.hpp"
#include "topology/topology.hpp"
#include "transport/communicators.hpp"
#include "transport/debris.hpp"
#include "transport/local_transport.hpp"
#include "transport/mpi_transport.hpp"

namespace fugle::app {
namespace {

using scheduler::Engine;

/// For a head that takes no guests, or has just begun; where a head took guests before, the next one may have to wait
/// for those (transport::Patience).
constexpr Duration kPatience = std::chrono::seconds(30);
constexpr Duration kPatienceInCampaign = std::chrono::minutes(3);

/// What rank 0 tells the others before the Engine starts.
struct Briefing {
  static constexpr const char* kHeading = "briefing";
  bool proceed = false;
  std::string run_id;
  std::string run_dir;
  std::vector<std::string> environment;
  Secrets secrets;
  std::string invitation;  ///< to work as guest of another job's head; empty: rank 0 is the head

  [[nodiscard]] std::string encode() const {
    ByteWriter out;
    out.put(std::string_view(kHeading));
    out.put(proceed);
    out.put(run_id);
    out.put(run_dir);
    out.put_all(environment, [&](const std::string& entry) { out.put(entry); });
    out.put_all(secrets, [&](const auto& secret) { out.put(secret.first), out.put(secret.second); });
    out.put(invitation);
    return out.take();
  }
  /// What rank 0 said last to guests may still be on its way.
  [[nodiscard]] static bool is_one(std::string_view bytes) { return ByteReader(bytes).get<std::string>() == kHeading; }
  static Briefing decode(std::string_view bytes) {
    ByteReader in(bytes);
    Briefing briefing;
    (void)in.get<std::string>();
    briefing.proceed = in.get<bool>();
    briefing.run_id = in.get<std::string>();
    briefing.run_dir = in.get<std::string>();
    briefing.environment = in.get_all<std::string>([&] { return in.get<std::string>(); });
    briefing.secrets = in.get_all<Secrets::value_type>([&] {
      auto name = in.get<std::string>();
      return Secrets::value_type(std::move(name), in.get<std::string>());
    });
    briefing.invitation = in.get<std::string>();
    return briefing;
  }
};

/// What this rank may use of its node.
RankPart own_part(const RankOptions& options, bool is_head, std::uint32_t local_index, std::uint32_t num_local) {
  const topology::Node node = topology::discover();
  const Granted granted = granted_here();
  const std::uint32_t num_cores = granted.cores > 0 ? granted.cores : node.num_cores();
  if (is_head && num_local > num_cores && options.cores_per_rank == 0)
    fmt::print(stderr, "fugle: {} ranks share {} cores on {}: each runs one task at a time\n", num_local, num_cores,
               node.name);
  RankPart rank = part_in_job(node, granted, local_index, num_local, options.cores_per_rank);
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

/// Of a rank beside its Engine.
struct Rank {
  std::uint32_t self = 0;
  int spawner = -1;  ///< its pid, where no other one may be started
  FrontEndLink& front_end;
  LifeInJob* job = nullptr;      ///< of the head only, in a Slurm job
  Requests* requests = nullptr;  ///< of the head only
  GuestRank* guest = nullptr;    ///< works for the head of another job
  slurm::Errands* messenger = nullptr;  ///< of the head only, where others may have to be told of the run
};

/// mpirun ends all ranks when one dies, unless told not to.
void warn_of_launcher(std::uint32_t num_ranks) {
  if (num_ranks == 1 || transport::does_launcher_survive_lost_ranks()) return;
  fmt::print(stderr,
             "fugle: mpirun was started without --enable-recovery: when one rank dies, all end (nothing is lost: fugle "
             "resume); add it, or let `fugle run -n {}` start the ranks\n",
             num_ranks);
}

enum class Ended : std::uint8_t { done, wants_restart };

/// How a rank goes on whose spawner has died: it can start nothing any more and may not fork one after MPI_Init.
Ended lose_spawner(Engine& engine, const Rank& rank, Time now) {
  const std::string who = fmt::format("the spawner of rank {} on {} died", rank.self, host_name());
  const bool is_head = rank.requests != nullptr;
  if (!is_head || engine.num_workers() > 1) {
    fmt::print(stderr, "fugle: {}; other ranks run its tasks\n", who);
    engine.leave();
    return Ended::done;
  }
  if (rank.front_end.is_joined()) {
    rank.front_end.ask_for_restart(who);
    return Ended::wants_restart;
  }
  engine.request_stop(Engine::StopKind::stop, static_cast<int>(ExitCode::environment), who, now);
  return Ended::done;
}

/// Looked at before each step, so that nothing is started that can not be.
bool has_exited(int pid) {
  siginfo_t info{};
  return pid > 0 && waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == pid;
}

/// The loop of STYLE: gather, apply, record, act, sleep. `Attempts` is an executor that may break.
template <class Attempts>
Ended loop(Engine& engine, PollClock& clock, const Attempts& executor, const PreemptionShield* shield,
           StopSignals& signals, const Rank& rank) {
  bool was_broken = false;
  while (!engine.is_done()) {
    const Time now = clock.now();
    if (rank.requests != nullptr)
      rank.requests->serve(engine, now);
    else if (rank.guest != nullptr)
      rank.guest->serve(signals, rank.front_end, now);
    else
      while (signals.take()) continue;
    const bool is_broken = executor.is_broken() || has_exited(rank.spawner);
    if (is_broken && !std::exchange(was_broken, true) && lose_spawner(engine, rank, now) == Ended::wants_restart)
      return Ended::wants_restart;
    if (rank.guest != nullptr && rank.guest->transport().is_overdue()) return Ended::wants_restart;
    Time deadline = engine.step(now);
    if (shield != nullptr)
      if (const auto left = shield->time_left()) deadline = std::min(deadline, now + *left);
    if (!engine.is_done()) clock.wait_until(deadline);
  }
  return Ended::done;
}

/// Results that are of the attempts that count.
function::KeptValues kept_values_of(const OpenRun& run) {
  const scheduler::RunState& state = run.state();
  return {run.directory(), [&](ElementId e, std::uint16_t attempt) {
            return e.value() < run.graph().num_elements() && state.attempt(e) == attempt &&
                   state.state(e) == scheduler::State::ok;
          }};
}

/// The part that is the same with and without MPI.
template <class Attempts>
Ended run_engine(const RankOptions& options, Opening& opening, Attempts& executor, StopSignals& signals,
                 scheduler::Transport& transport, const std::vector<int>& transport_fds,
                 const scheduler::WorkerOffer& offer, Rank rank) {
  std::unique_ptr<transport::JoinedTransport> host;
  if (opening.run != nullptr && !options.campaign_dir.empty()) host = host_guests(transport, options.campaign_dir);
  scheduler::Transport& reach = host ? *host : transport;
  std::vector<int> fds = transport_fds;
  if (host) fds.push_back(host->fd());
  for (const int fd : executor.fds()) fds.push_back(fd);
  fds.push_back(signals.fd());
  if (rank.job != nullptr) fds.push_back(rank.job->fd());
  PollClock clock(fds);
  std::optional<PreemptionShield> shield;
  if (is_in_slurm_job()) shield.emplace(executor, [&signals] { return signals.last_term(); });
  scheduler::Executor& attempts = shield ? static_cast<scheduler::Executor&>(*shield) : executor;
  const PreemptionShield* const kept = shield ? &*shield : nullptr;
  if (opening.run == nullptr) {
    Engine engine(offer, transport, attempts, nullptr);
    return loop(engine, clock, executor, kept, signals, rank);
  }
  scheduler::HeadOptions head = opening.run->head_options(std::move(opening.plan));
  auto results = std::make_shared<const function::KeptValues>(kept_values_of(*opening.run));  // by head and executor
  head.has_result = [results](ElementId e) { return results->has(e); };
  executor.add_kept(*results);
  head.retry_failed = options.retry_failed;
  head.fail_fast = options.fail_fast;
  head.left_out = std::move(opening.left_out);
  if (rank.job != nullptr) rank.job->begin(*opening.run, head, options.has_walltime, clock.now());
  std::optional<Notices> notices;
  if (Notices::are_wanted(opening.run->facts(), opening.run->graph()))
    notices.emplace(opening.run->facts(), opening.run->directory(), opening.run->state(), rank.messenger, clock.now());
  if (notices) head.observers.push_back(&*notices);
  Requests requests(*opening.run, signals, rank.front_end, rank.job == nullptr ? nullptr : rank.job->watch());
  rank.requests = &requests;
  Engine engine(offer, reach, attempts, &head);
  const Ended ended = loop(engine, clock, executor, kept, signals, rank);
  if (ended == Ended::done) opening.exit_code = engine.exit_code();
  if (ended == Ended::done && host) host->finish(opening.exit_code);
  if (ended == Ended::done && rank.job != nullptr)
    rank.job->end(*opening.run,
                  {opening.exit_code, engine.is_out_of_time(), requests.was_stopped(), engine.drained_nodes()},
                  clock.now());
  if (ended == Ended::done && notices && opening.exit_code != static_cast<int>(ExitCode::conflict))
    notices->finish(opening.exit_code, rank.job != nullptr && rank.job->wants_next_job(), clock.now());
  return ended;
}

/// A run that another head has taken over is left as it is.
void close(Opening& opening) {
  if (opening.exit_code == static_cast<int>(ExitCode::conflict)) return;
  opening.run->close();
  opening.exit_code = show_sweep_at_end(*opening.run, opening.exit_code);
}

Opening open_on_head(const RunOpener& open, const Workers& workers) {
  try {
    return open(workers);
  } catch (const Error& error) {
    fmt::print(stderr, "fugle: {}\n", error.what());
    return {nullptr, {}, static_cast<int>(error.code())};
  }
}

/// In a campaign whoever holds the run may be joined. Waits while a head is on its way; gives no run and an invitation
/// when there is one.
Opening open_or_join(const RankOptions& options, const RunOpener& open, const Workers& workers,
                     const StopSignals& signals, std::optional<Invitation>& invitation) {
  if (options.campaign_dir.empty()) return open_on_head(open, workers);
  const Time begin = now();
  while (true) {
    invitation = find_invitation(options.campaign_dir);
    if (invitation) return {};
    try {
      Opening opening = open(workers);
      return opening.run == nullptr || await_former_guests(options.campaign_dir, signals)
                 ? std::move(opening)
                 : Opening{nullptr, {}, static_cast<int>(ExitCode::incomplete)};
    } catch (const ConflictError& conflict) {
      if (is_waiting(signals)) return {nullptr, {}, static_cast<int>(ExitCode::incomplete)};
      if (now() - begin < (was_campaign(options.campaign_dir) ? kPatienceInCampaign : kPatience)) continue;
      fmt::print(stderr, "fugle: {}; it was not started with --join and takes no help\n", conflict.what());
      return {nullptr, {}, static_cast<int>(ExitCode::conflict)};
    } catch (const Error& error) {
      fmt::print(stderr, "fugle: {}\n", error.what());
      return {nullptr, {}, static_cast<int>(error.code())};
    }
  }
}

Briefing briefing_of(const OpenRun* run) {
  if (run == nullptr) return {};
  return {true, run->facts().run, run->directory(), executor::scrub_environment(own_variables()), run->secrets(), ""};
}

Briefing briefing_of_guest(Invitation invitation, const RankOptions& options) {
  invitation.latest_end = options.latest_end;
  const RunFacts facts = read_run_facts(invitation.run_dir);
  return {true,
          facts.run,
          invitation.run_dir,
          executor::scrub_environment(own_variables()),
          secrets_of_run(facts.rules.secrets, options.secrets_file.empty() ? facts.secrets_file : options.secrets_file),
          invitation.encode()};
}

executor::ExecutorOptions executor_options(const RankOptions& options, WorkerId self, const Briefing& briefing,
                                           const scheduler::WorkerOffer& offer,
                                           const std::shared_ptr<ValueLink>& link) {
  executor::ExecutorOptions chosen{self, briefing.run_id, briefing.run_dir, briefing.environment, briefing.secrets,
                                   offer.machine.gpus};
  forget_in_environment(briefing.secrets);  // of this process too, in which functions may run
  if (options.max_log_bytes) chosen.max_log_bytes = *options.max_log_bytes;
  chosen.host = offer.node;
  chosen.pus = offer.machine.pus;
  if (const char* job = std::getenv("SLURM_JOB_ID"); job != nullptr) chosen.slurm_job = job;
  chosen.remove_mpi_debris = [](const std::string& temporary) {
    transport::remove_debris({.temporary = temporary, .youngest_s = 0});
  };
  use(chosen, link);
  return chosen;
}

function::FunctionOptions functions_of(WorkerId self, const Briefing& briefing) {
  const std::string_view plugin_path = executor::find_variable(briefing.environment, "FUGLE_PLUGIN_PATH");
  return app::function_options(self, briefing.run_id, briefing.run_dir, std::string(plugin_path));
}

/// It lives as long as functions may use it: those that were abandoned for ever.
function::JoinParty joining(std::shared_ptr<transport::Communicators> communicators) {
  return [communicators](const function::PartyWish& wish, const std::function<bool()>& is_given_up) {
    auto answer = communicators->join({wish.workers, wish.position, wish.number, wish.cls, wish.reason}, is_given_up);
    return function::PartyAnswer{std::move(answer.communicator), std::move(answer.keep), answer.cls,
                                 std::move(answer.reason)};
  };
}

/// Works for the head of another job, until that has left or this one must. `make_executor` is told the number of the
/// worker.
template <class MakeExecutor>
GuestEnd work_as_guest(const RankOptions& options, scheduler::Transport& ranks, const Briefing& briefing,
                       StopSignals& signals, const std::vector<int>& fds, const scheduler::WorkerOffer& offer,
                       Rank rank, MakeExecutor make_executor) {
  const Invitation invitation = Invitation::decode(briefing.invitation);
  LifeInJob* const job = std::exchange(rank.job, nullptr);  // what it does is for heads
  GuestRank guest(ranks, invitation, job == nullptr ? nullptr : &job->errands(),
                  job == nullptr ? std::string() : job->job().id);
  if (!guest.wait_to_be_let_in(signals)) return guest.end();
  if (job != nullptr) job->begin_as_guest(invitation.run_dir, now());
  if (ranks.self() == WorkerId(0))
    fmt::print(stderr, "fugle: helps with {}, led by process {} on {}\n", briefing.run_id, invitation.pid,
               invitation.host);
  rank.guest = &guest;
  const auto link = std::make_shared<ValueLink>();
  auto commands = make_executor(guest.transport().self(), link);
  RankExecutor<typename decltype(commands)::element_type> executor(
      *commands, functions_of(guest.transport().self(), briefing), link);
  std::vector<int> all_fds = fds;
  all_fds.push_back(guest.transport().fd());
  Opening none;
  const Ended ended = run_engine(options, none, executor, signals, guest.transport(), all_fds, offer, rank);
  if (ended == Ended::wants_restart) {
    guest.transport().stay_marked();
    return {GuestEnd::Then::kill, static_cast<int>(ExitCode::incomplete), "its head is gone"};
  }
  GuestEnd end = guest.end();
  if (ranks.self() == WorkerId(0)) fmt::print(stderr, "fugle: has helped with {}: {}\n", briefing.run_id, end.why);
  return end;
}

/// Ends the process, whatever runs in it; the spawner, if there still is one, sees that and ends.
[[noreturn]] void leave_at_once(int code) {
  std::fflush(nullptr);
  _exit(code);
}

/// Ends the rank without MPI_Finalize, which could hang; the spawner ends what it runs.
[[noreturn]] void leave_at_once(executor::Spawner& spawner, int code) {
  { const executor::Spawner last = std::move(spawner); }
  leave_at_once(code);
}

int lead_locally(const RankOptions& options, Opening opening, const RankPart& rank, executor::Spawner spawner,
                 StopSignals& signals, LifeInJob* job, slurm::Errands* messenger);

/// A process of its own, which has to be there before MPI is. nullptr: nobody will have to be told.
std::unique_ptr<slurm::Errands> messenger_for(const RankOptions& options) {
  return options.may_tell ? std::make_unique<slurm::Errands>() : nullptr;
}

int run_locally(const RankOptions& options, const RunOpener& open) {
  StopSignals signals;
  FrontEndLink nobody;
  const std::unique_ptr<LifeInJob> job = LifeInJob::of_this_process(options.requeue);
  const std::unique_ptr<slurm::Errands> messenger = messenger_for(options);
  const RankPart rank = own_part(options, true, 0, 1);
  while (true) {
    executor::Spawner spawner;
    std::optional<Invitation> invitation;
    Opening opening = open_or_join(options, open, workers_of_ranks({rank}), signals, invitation);
    if (opening.run != nullptr)
      return lead_locally(options, std::move(opening), rank, std::move(spawner), signals, job.get(),
                          messenger.get());
    if (!invitation) return opening.exit_code;
    const Briefing briefing = briefing_of_guest(*invitation, options);
    const scheduler::WorkerOffer offer = offer_of(rank);
    transport::LocalTransport alone;
    const GuestEnd end =
        work_as_guest(options, alone, briefing, signals, {}, offer, {0, -1, nobody, job.get()},
                      [&](WorkerId self, const std::shared_ptr<ValueLink>& link) {
                        return std::make_unique<LastingExecutor>(
                            std::move(spawner), executor_options(options, self, briefing, offer, link));
                      });
    if (end.then == GuestEnd::Then::exit) return end.exit_code;
  }
}

int lead_locally(const RankOptions& options, Opening opening, const RankPart& rank, executor::Spawner spawner,
                 StopSignals& signals, LifeInJob* job, slurm::Errands* messenger) {
  FrontEndLink nobody;
  const Briefing briefing = briefing_of(opening.run.get());
  executor::kill_leftovers(briefing.run_id);
  transport::LocalTransport transport;
  const scheduler::WorkerOffer offer = offer_of(rank);
  const auto link = std::make_shared<ValueLink>();
  LastingExecutor commands(std::move(spawner), executor_options(options, transport.self(), briefing, offer, link));
  RankExecutor<LastingExecutor> executor(commands, functions_of(transport.self(), briefing), link);
  (void)run_engine(options, opening, executor, signals, transport, {}, offer,
                   {0, -1, nobody, job, nullptr, nullptr, messenger});
  close(opening);
  if (job) job->leave(nobody);
  if (executor.has_abandoned()) leave_at_once(opening.exit_code);
  return opening.exit_code;
}

/// All workers are gone, and a new life would have new ones.
bool lacks_workers(const OpenRun& run, int exit_code) {
  return exit_code == static_cast<int>(ExitCode::environment) && run.state().stop_code() == 0;
}

/// From rank 0 to all; returns it on every rank.
Briefing share(transport::MpiTransport& transport, const Briefing& briefing) {
  const std::string bytes = briefing.encode();
  while (true) {
    const std::string shared = transport.broadcast(bytes);
    if (Briefing::is_one(shared)) return Briefing::decode(shared);
  }
}

int run_over_mpi(const RankOptions& options, const RunOpener& open) {
  transport::undo_launcher_binding();
  if (transport::launcher_local_rank() == 0) transport::remove_debris();
  StopSignals signals;
  FrontEndLink front_end;
  const std::unique_ptr<LifeInJob> job = is_rank_0() ? LifeInJob::of_this_process(options.requeue) : nullptr;
  const std::unique_ptr<slurm::Errands> messenger = is_rank_0() ? messenger_for(options) : nullptr;
  executor::Spawner spawner;
  transport::MpiTransport transport;
  front_end.report_start();
  const bool is_head = transport.self() == WorkerId(0);
  const RankPart rank = own_part(options, is_head, transport.local_index(), transport.num_local());
  const std::vector<std::string> gathered = transport.gather(encode(rank));
  const Workers workers = is_head ? workers_from(gathered) : Workers{};
  const scheduler::WorkerOffer offer = offer_of(rank);
  if (is_head && !front_end.is_started_by_front_end()) warn_of_launcher(transport.num_ranks());
  Opening opening;
  const auto confer = [&] {
    std::optional<Invitation> invitation;
    if (is_head) opening = open_or_join(options, open, workers, signals, invitation);
    return share(transport,
                 invitation ? briefing_of_guest(*invitation, options) : briefing_of(opening.run.get()));
  };
  Briefing briefing = confer();
  while (!briefing.invitation.empty()) {
    if (is_head) front_end.report_run(briefing.run_dir, 0);
    const GuestEnd end = work_as_guest(options, transport, briefing, signals, {transport.fd()}, offer,
                                       {transport.self().value(), spawner.pid(), front_end, job.get()},
                                       [&](WorkerId self, const std::shared_ptr<ValueLink>& link) {
                                         return std::make_unique<executor::ProcessExecutor>(
                                             spawner, executor_options(options, self, briefing, offer, link));
                                       });
    if (end.then == GuestEnd::Then::kill) {
      if (is_head) front_end.ask_for_restart(end.why);
      leave_at_once(spawner, end.exit_code);
    }
    const bool is_over = is_head && end.then == GuestEnd::Then::exit;
    if (is_over) opening.exit_code = end.exit_code;
    briefing = is_over ? share(transport, {}) : confer();
  }
  bool has_abandoned = false;
  if (briefing.proceed) {
    if (transport.local_index() == 0) executor::kill_leftovers(briefing.run_id);
    const auto link = std::make_shared<ValueLink>();
    executor::ProcessExecutor commands(spawner, executor_options(options, transport.self(), briefing, offer, link));
    function::FunctionOptions functions = functions_of(transport.self(), briefing);
    functions.join_party = joining(std::make_shared<transport::Communicators>());
    RankExecutor<executor::ProcessExecutor> executor(commands, std::move(functions), link);
    const Ended ended = run_engine(options, opening, executor, signals, transport, {transport.fd()}, offer,
                                   {transport.self().value(), spawner.pid(), front_end, job.get(), nullptr, nullptr,
                                    messenger.get()});
    has_abandoned = executor.has_abandoned();
    if (ended == Ended::wants_restart) {
      opening.run.reset();  // what is in its journal is durable then
      leave_at_once(spawner, static_cast<int>(ExitCode::environment));
    }
  }
  const bool wants_workers = opening.run != nullptr && lacks_workers(*opening.run, opening.exit_code);
  if (opening.run != nullptr) close(opening);
  if (job && front_end.is_joined()) job->leave(front_end);
  if (wants_workers)
    front_end.ask_for_restart("no worker is left");
  else
    front_end.report(opening.exit_code);
  const bool is_finished = transport.finish(!has_abandoned);
  if (job && !front_end.is_joined()) job->leave(front_end);  // the last act: Slurm may end all of us for it
  if (!is_finished) leave_at_once(spawner, opening.exit_code);
  // The front-end has the code; mpirun would only tell of a rank that failed.
  return front_end.is_joined() ? 0 : opening.exit_code;
}

}  // namespace

int run_rank(const RankOptions& options, const RunOpener& open) {
  return options.is_local ? run_locally(options, open) : run_over_mpi(options, open);
}

}  // namespace fugle::app
