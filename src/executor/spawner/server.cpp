#include "executor/spawner/server.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "executor/spawner/clock.hpp"
#include "executor/spawner/descendants.hpp"
#include "executor/spawner/remove_tree.hpp"

namespace fugle::spawner {
namespace {

namespace wire = executor::wire;

constexpr std::int64_t kNever = INT64_MAX;
constexpr std::int64_t kMillisecond = 1'000'000;
/// A start is told with the end of a short attempt, or after this: one wake-up of the rank instead of two.
constexpr std::int64_t kTellStartsAfter = 2 * kMillisecond;
/// Of a quiet attempt.
constexpr std::size_t kMostSaid = 1024;
/// By then a wrapper or a runtime has done its binding.
constexpr std::int64_t kFirstLook = 250 * kMillisecond;

int open_child_signal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  return ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

/// "NAME=" of both are the same.
bool is_same_variable(const char* a, const char* b) {
  for (; *a == *b; ++a, ++b) {
    if (*a == '=') return true;
    if (*a == '\0') return false;
  }
  return false;
}

/// An event of a pipe of stderr is marked by the last bit of the pointer to its attempt.
constexpr std::uintptr_t kOfErrors = 1;
static_assert(alignof(Attempt) > kOfErrors);

void* mark_of_errors(Attempt& attempt) {
  return reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(&attempt) | kOfErrors);
}

bool is_of_errors(void* what) { return (reinterpret_cast<std::uintptr_t>(what) & kOfErrors) != 0; }

Attempt& attempt_of(void* what) {
  return *reinterpret_cast<Attempt*>(reinterpret_cast<std::uintptr_t>(what) & ~kOfErrors);
}

/// How many bytes the file has taken.
std::size_t write_whole(int file, const char* bytes, std::size_t count) {
  std::size_t done = 0;
  while (done < count) {
    const ssize_t n = ::write(file, bytes + done, count - done);
    if (n > 0)
      done += static_cast<std::size_t>(n);
    else if (n == 0 || errno != EINTR)
      break;
  }
  return done;
}

}  // namespace

Server::Server(int socket)
    : rank_(socket),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      child_signal_(open_child_signal()),
      null_(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
      unix_offset_(read_clock(CLOCK_REALTIME) - now()) {
  watch(EPOLL_CTL_ADD, rank_.fd(), EPOLLIN, &rank_);
  watch(EPOLL_CTL_ADD, child_signal_, EPOLLIN, &child_signal_);
}

void Server::run() {
  while (rank_is_there_) {
    wait_for_events();
    if (child_ended_) reap();
    expire_deadlines();
    if (num_limited_ > 0 && now() >= check_memory_at_) check_memory();
    if (look_at_bindings_at_ != 0 && now() >= look_at_bindings_at_) look_at_bindings();
    if (sweep_at_ != 0 && now() >= sweep_at_) sweep_strays();
    kill_late_slots();
    release_programs();
    report_finished();
    send_answers();
  }
  if (slots_are_retired_) wait_for_retired_slots();
  end_everything();
}

void Server::watch(int operation, int fd, std::uint32_t events, void* what) const {
  epoll_event event{};
  event.events = events;
  event.data.ptr = what;
  ::epoll_ctl(epoll_, operation, fd, &event);
}

void Server::wait_for_events() {
  std::array<epoll_event, 64> events;
  const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms());
  bool has_orders = false;
  for (int i = 0; i < count; ++i) {
    void* const what = events[static_cast<std::size_t>(i)].data.ptr;
    if (what == &rank_)
      has_orders = true;
    else if (what == &child_signal_)
      child_ended_ = true;
    else if (Slot* const slot = slot_of(what))
      serve(*slot);
    else
      read_output(attempt_of(what), is_of_errors(what));
  }
  if (has_orders) take_orders();  // last: the pointers above stay good
}

/// Until something is due, rounded up to whole milliseconds; -1: nothing to wait for but events.
int Server::wait_ms() const {
  std::int64_t next = kNever;
  if (sweep_at_ != 0) next = sweep_at_;
  if (rank_.has_unsent() && !is_waiting_to_send_) next = std::min(next, tell_at_);
  if (num_limited_ > 0) next = std::min(next, check_memory_at_);
  if (look_at_bindings_at_ != 0) next = std::min(next, look_at_bindings_at_);
  if (!deadlines_.empty()) next = std::min(next, deadlines_.begin()->first);
  for (const auto& slot : slots_)
    if (slot->kill_at != 0) next = std::min(next, slot->kill_at);
  if (next == kNever) return -1;
  const std::int64_t ms = (next - now() + kMillisecond - 1) / kMillisecond;
  return static_cast<int>(std::clamp<std::int64_t>(ms, 0, 3'600'000));
}

void Server::send_answers() {
  if (!rank_.has_unsent() || now() < tell_at_) return;
  if (!rank_.flush()) rank_is_there_ = false;
  if (rank_.has_unsent() == is_waiting_to_send_) return;
  is_waiting_to_send_ = !is_waiting_to_send_;
  watch(EPOLL_CTL_MOD, rank_.fd(), is_waiting_to_send_ ? EPOLLIN | EPOLLOUT : EPOLLIN, &rank_);
}

void Server::take_orders() {
  if (!rank_.receive()) {
    rank_is_there_ = false;
    return;
  }
  while (const auto frame = rank_.frames().next()) {
    switch (frame->kind) {
      case wire::Kind::configure: configure(frame->body); break;
      case wire::Kind::own_folder: rank_folders_.emplace_back(wire::FrameReader(frame->body).get_text()); break;
      case wire::Kind::remove_leftovers: remove_leftovers(frame->body); break;
      case wire::Kind::metrics: note_metrics(frame->body); break;
      case wire::Kind::output: note_output(frame->body); break;
      case wire::Kind::start: start(frame->body); break;
      case wire::Kind::start_now: start_now(wire::FrameReader(frame->body).get<wire::AttemptKey>()); break;
      case wire::Kind::signal: signal(wire::FrameReader(frame->body).get<wire::SignalFields>()); break;
      case wire::Kind::stop: stop(wire::FrameReader(frame->body).get<wire::StopFields>()); break;
      case wire::Kind::retire_slots: retire_slots(); break;
      case wire::Kind::line: write_line(frame->body); break;
      default: rank_is_there_ = false; break;
    }
  }
  rank_.frames().shrink();
}

void Server::configure(std::string_view body) {
  configuration_ = body;
  wire::FrameReader fields(configuration_);
  if (fields.get<std::uint32_t>() != wire::kWireVersion) {
    rank_is_there_ = false;  // the rank sees our end, and says so
    return;
  }
  const auto options = fields.get<wire::ConfigureFields>();
  max_log_bytes_ = options.max_log_bytes;
  uses_control_groups_ = options.uses_control_groups != 0;
  const char* log_folder = fields.get_text();
  const char* log_name = fields.get_text();
  environment_ = fields.get_texts();
  const std::vector<const char*> secrets = fields.get_texts();
  mask_ = Mask(std::vector<std::string>(secrets.begin(), secrets.end()));
  log_.emplace(log_folder, log_name);
}

/// By a process of its own: there may be much of it.
void Server::remove_leftovers(std::string_view body) {
  auto helper = std::make_unique<Helper>();
  helper->texts = body;
  wire::FrameReader fields(helper->texts);
  const char* folder = fields.get_text();
  const char* beginning = fields.get_text();
  Child::Program program{.workdir = "/", .argv = {kOwnProgram, kRemoveLeftovers, folder, beginning}};
  const pid_t pid = helper->child.start(std::move(program), null_, null_, null_);
  if (pid > 0) helpers_.emplace(pid, std::move(helper));
}

/// What is no pattern, which the rank does not send, is never found.
void Server::note_metrics(std::string_view body) {
  wire::FrameReader fields(body);
  metrics_of_ = fields.get<wire::AttemptKey>();
  std::vector<Pattern> patterns;
  for (const char* regex : fields.get_texts()) {
    auto parsed = Pattern::parse(regex);
    if (!std::holds_alternative<Pattern>(parsed)) parsed = Pattern::parse("$.");
    patterns.push_back(std::get<Pattern>(std::move(parsed)));
  }
  next_metrics_ = std::make_unique<executor::LineScanner>(std::move(patterns));
}

void Server::note_output(std::string_view body) {
  wire::FrameReader fields(body);
  next_output_ = fields.get<wire::OutputFields>();
  next_own_log_ = fields.get_text();
}

void Server::start(std::string_view body) {
  auto attempt = std::make_unique<Attempt>();
  attempt->texts = body;
  wire::FrameReader fields(attempt->texts);
  const auto order = fields.get<wire::StartFields>();
  Child::Program program;
  program.cpus = BitSet(fields.get_numbers());
  program.numa_nodes = BitSet(fields.get_numbers());
  program.workdir = fields.get_text();
  program.argv = fields.get_texts();
  std::vector<const char*> own = fields.get_texts();
  attempt->scratch = fields.get_text();
  attempt->cleanup.argv = fields.get_texts();
  attempt->call.slot_key = fields.get_text();
  attempt->call.call = fields.get_bytes();
  if (fields.failed() || program.argv.empty() || !log_) {
    rank_is_there_ = false;
    return;
  }
  attempt->key = order.key;
  if (metrics_of_ == order.key) attempt->metrics = std::move(next_metrics_);
  if (next_output_.key == order.key) {
    attempt->is_split = next_output_.is_split != 0;
    attempt->is_dropped = next_output_.is_dropped != 0;
    attempt->own_log = std::move(next_own_log_);
  }
  attempt->grace = order.grace_ns;
  attempt->is_quiet = order.is_quiet != 0;
  attempt->memory_limit = order.memory_limit;
  attempt->deadline = order.timeout_ns;  // made absolute once it runs
  attempt->identity = identity_of(own);
  attempt->bound_to = program.cpus;
  attempt->has_ranks = attempt->is_shared_out = order.shares_out != 0;
  attempt->scratch_bytes = order.scratch_bytes;
  attempt->output_limit.set_limit(max_log_bytes_);
  program.environment = full_environment(std::move(own));
  if (!attempt->cleanup.argv.empty()) {
    attempt->cleanup.workdir = program.workdir;
    attempt->cleanup.environment = program.environment;
    attempt->cleanup.cpus = program.cpus;
    attempt->cleanup.numa_nodes = program.numa_nodes;
  }
  Attempt* const predecessor = order.after == wire::AttemptKey{} ? nullptr : find(order.after);
  if (predecessor == nullptr) return launch(std::move(attempt), std::move(program));
  predecessor->next = std::move(attempt);
  predecessor->next_program = std::move(program);
}

void Server::launch_next_of(Attempt& attempt) {
  if (attempt.next != nullptr) launch(std::move(attempt.next), std::move(attempt.next_program));
}

void Server::start_now(wire::AttemptKey key) {
  if (Attempt* const predecessor = find_predecessor_of(key)) launch_next_of(*predecessor);
}

/// Null when it has ended or waits. As many run as there are cores: no index is needed.
Attempt* Server::find(wire::AttemptKey key) {
  for (const auto& [pid, attempt] : attempts_)
    if (attempt->key == key) return attempt.get();
  return nullptr;
}

Attempt* Server::find_predecessor_of(wire::AttemptKey key) {
  for (const auto& [pid, attempt] : attempts_)
    if (attempt->next != nullptr && attempt->next->key == key) return attempt.get();
  return nullptr;
}

void Server::refuse(const wire::RefusedFields& fields) {
  wire::RefusedFields answer = fields;
  answer.time_ns += unix_offset_;
  wire::FrameWriter(rank_.outgoing(), wire::Kind::refused).put(answer);
  tell_at_ = 0;
}

void Server::launch(std::unique_ptr<Attempt> attempt, Child::Program program) {
  attempt->started = now();
  attempt->oom_kills_before = oom_kills_.count();
  attempt->number = ++num_started_;
  attempt->started_alone = attempts_.empty();
  if (!attempt->scratch.empty() && !make_scratch(*attempt)) return;
  const bool is_call = !attempt->call.slot_key.empty();
  if (attempt->memory_limit > 0 && uses_control_groups_ && !is_call)
    attempt->group = control_groups_.make(attempt->number, attempt->memory_limit);
  if (attempt->group != nullptr) program.group = attempt->group->procs();
  if (const int error =
          is_call ? start_call(*attempt, std::move(program)) : start_process(*attempt, std::move(program));
      error != 0) {
    if (!attempt->scratch.empty()) ::rmdir(attempt->scratch.c_str());
    return refuse({attempt->key, attempt->started, wire::Step::make_process, error});
  }
  if (!rank_.has_unsent()) tell_at_ = attempt->started + kTellStartsAfter;
  wire::FrameWriter(rank_.outgoing(), wire::Kind::started)
      .put(wire::StartedFields{attempt->key, attempt->started + unix_offset_});
  if (const std::int64_t timeout = std::exchange(attempt->deadline, 0); timeout > 0)
    set_deadline(*attempt, attempt->started + timeout);
  if (attempt->memory_limit > 0) ++num_limited_;
  if (!attempt->bound_to.is_empty()) {
    attempt->look_at = attempt->started + kFirstLook;
    attempt->look_period = kFirstLook;
    if (look_at_bindings_at_ == 0 || look_at_bindings_at_ > attempt->look_at) look_at_bindings_at_ = attempt->look_at;
  }
  attempts_.emplace(attempt->pid, std::move(attempt));
}

/// Here and not in the rank: what its predecessor left would count as used.
bool Server::make_scratch(Attempt& attempt) {
  wire::RefusedFields problem{attempt.key, attempt.started, wire::Step::find_space};
  struct statvfs space {};
  const std::string folder = attempt.scratch.substr(0, attempt.scratch.rfind('/'));
  if (::statvfs(folder.c_str(), &space) != 0) {
    problem.error = errno;
  } else if (problem.free_bytes = std::uint64_t{space.f_bavail} * space.f_frsize;
             problem.free_bytes >= attempt.scratch_bytes) {
    if (::mkdir(attempt.scratch.c_str(), 0700) == 0) return true;
    problem.step = wire::Step::make_scratch;
    problem.error = errno;
  }
  refuse(problem);
  return false;
}

/// The first process of the attempt, and the pipes of its output. Returns the errno, or 0.
int Server::start_process(Attempt& attempt, Child::Program program) {
  int pipe[2];
  int errors[2] = {-1, -1};
  if (::pipe2(pipe, O_CLOEXEC) != 0) return errno;
  if (attempt.is_split && ::pipe2(errors, O_CLOEXEC) != 0) errors[1] = -1;  // then in one
  open_own_log(attempt);
  program.mark = mark_of(attempt.number);
  const pid_t pid = attempt.child.start(std::move(program), null_, pipe[1], errors[1] < 0 ? pipe[1] : errors[1]);
  ::close(pipe[1]);
  if (errors[1] >= 0) ::close(errors[1]);
  if (pid < 0) {
    ::close(pipe[0]);
    if (errors[0] >= 0) ::close(errors[0]);
    if (attempt.own_log_file >= 0) ::close(std::exchange(attempt.own_log_file, -1));
    return -pid;
  }
  attempt.pid = pid;
  attempt.output = pipe[0];
  attempt.errors = errors[0];
  watch(EPOLL_CTL_ADD, pipe[0], EPOLLIN, &attempt);
  if (errors[0] >= 0) watch(EPOLL_CTL_ADD, errors[0], EPOLLIN, mark_of_errors(attempt));
  starting_.push_back(&attempt);
  return 0;
}

/// The attempt's own variables first (identity_of relies on it), then what they do not replace.
std::vector<const char*> Server::full_environment(std::vector<const char*> own) const {
  const std::size_t num_own = own.size();
  own.reserve(num_own + environment_.size() + 1);
  for (const char* entry : environment_) {
    const auto end = own.begin() + static_cast<std::ptrdiff_t>(num_own);
    if (std::none_of(own.begin(), end, [entry](const char* mine) { return is_same_variable(entry, mine); }))
      own.push_back(entry);
  }
  return own;
}

/// What waits for its place has no process yet, and what is being ended does not write checkpoints.
void Server::signal(const wire::SignalFields& order) {
  const Attempt* const attempt = find(order.key);
  if (attempt != nullptr && attempt->phase == Phase::running) ::kill(-attempt->pid, order.signal);
}

void Server::stop(const wire::StopFields& order) {
  Attempt* const attempt = find(order.key);
  if (attempt != nullptr && attempt->phase == Phase::running) {
    attempt->stopped = true;
    if (order.is_shutdown != 0) attempt->cleanup_until = now() + attempt->grace;
    terminate(*attempt, order.signal);
  } else if (attempt != nullptr && attempt->phase == Phase::terminating && order.signal != 0) {
    ::kill(-attempt->pid, order.signal);
  } else if (Attempt* const predecessor = find_predecessor_of(order.key)) {
    predecessor->next.reset();
    refuse({order.key, now(), wire::Step::make_process, ECANCELED});
  }
}

void Server::read_output(Attempt& attempt, bool of_errors) {
  int& pipe = of_errors ? attempt.errors : attempt.output;
  if (!read_piece(attempt, pipe, LogWriter::kPieceBytes)) close_pipe(pipe);
}

/// Reads once, where something is known to be there: the pipe may block. False at the end of the output.
bool Server::read_piece(Attempt& attempt, int pipe, std::size_t limit) {
  char* const space = log_->space();
  const ssize_t n = ::read(pipe, space, std::min(limit, LogWriter::kPieceBytes));
  if (n <= 0) return false;
  take_output(attempt, space, static_cast<std::size_t>(n),
              pipe == attempt.errors ? executor::kStderr : executor::kStdout);
  return true;
}

/// The rank has made it, and has told where it could not.
void Server::open_own_log(Attempt& attempt) const {
  if (attempt.own_log.empty() || attempt.own_log_file >= 0) return;
  attempt.own_log_file = ::open(attempt.own_log.c_str(), O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC);
}

/// What was read into the space of the log.
void Server::take_output(Attempt& attempt, const char* bytes, std::size_t count, std::uint8_t stream) {
  if (mask_.is_empty()) return keep_output(attempt, bytes, count, stream);
  keep_text(attempt, attempt.unmasked[stream == executor::kStderr].next(mask_, {bytes, count}), stream);
}

void Server::keep_text(Attempt& attempt, std::string_view text, std::uint8_t stream) {
  while (!text.empty()) {
    const std::size_t piece = std::min(text.size(), LogWriter::kPieceBytes);
    char* const space = log_->space();
    std::memcpy(space, text.data(), piece);
    keep_output(attempt, space, piece, stream);
    text.remove_prefix(piece);
  }
}

/// At the end of a program: it was not the beginning of a secret.
void Server::keep_what_was_held(Attempt& attempt) {
  if (mask_.is_empty()) return;
  keep_text(attempt, attempt.unmasked[0].rest(mask_), executor::kStdout);
  keep_text(attempt, attempt.unmasked[1].rest(mask_), executor::kStderr);
}

/// What stands in the space of the log.
void Server::keep_output(Attempt& attempt, const char* bytes, std::size_t count, std::uint8_t stream) {
  if (attempt.is_quiet) {
    attempt.said.append(bytes, count);
    if (attempt.said.size() > kMostSaid) attempt.said.erase(0, attempt.said.size() - kMostSaid);
    return;
  }
  const bool may_be_measured = attempt.phase < Phase::cleaning && stream == executor::kStdout;
  if (attempt.metrics != nullptr && may_be_measured) attempt.metrics->add({bytes, count});
  if (attempt.own_log_file >= 0) attempt.dropped_bytes += count - write_whole(attempt.own_log_file, bytes, count);
  if (attempt.is_dropped) return;
  const std::size_t kept = attempt.output_limit.take(bytes, count);
  if (kept > 0) log_->add(kept, attempt.key, now() + unix_offset_, stream);
  say(attempt, attempt.output_limit.take_notice());
}

/// Of a function that the rank itself calls.
void Server::write_line(std::string_view body) {
  wire::FrameReader frame(body);
  const auto key = frame.get<wire::AttemptKey>();
  const std::string_view text = frame.get_bytes();
  if (log_ && !frame.failed()) log_->add_text(mask_.applied(text), key, now() + unix_offset_);
}

/// In the log of the attempt.
void Server::say(Attempt& attempt, const std::string& text) {
  if (!text.empty()) log_->add_text(text, attempt.key, now() + unix_offset_);
}

/// What the pipe holds at this instant: whoever still writes, having left the group, must not hold us.
void Server::read_what_is_left(Attempt& attempt) {
  read_what_is_left_in(attempt, attempt.output);
  read_what_is_left_in(attempt, attempt.errors);
}

void Server::read_what_is_left_in(Attempt& attempt, int pipe) {
  int left = 0;
  if (pipe < 0 || ::ioctl(pipe, FIONREAD, &left) != 0) return;
  while (left > 0) {
    const std::size_t piece = std::min(static_cast<std::size_t>(left), LogWriter::kPieceBytes);
    if (!read_piece(attempt, pipe, piece)) return;
    left -= static_cast<int>(piece);
  }
}

void Server::close_output(Attempt& attempt) const {
  close_pipe(attempt.output);
  close_pipe(attempt.errors);
}

void Server::close_pipe(int& pipe) const {
  if (pipe < 0) return;
  // Until its exec another child may hold a copy of the descriptor, and closing alone would leave it in the set.
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, pipe, nullptr);
  ::close(pipe);
  pipe = -1;
}

}  // namespace fugle::spawner
