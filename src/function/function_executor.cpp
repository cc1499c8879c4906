#include "function/function_executor.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/assert.hpp"
#include "base/descriptor.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "executor/outcome.hpp"
#include "function/attempt_news.hpp"
#include "function/call.hpp"

namespace fugle::function {
namespace {

using graph::FailureClass;
using scheduler::AttemptReport;
using scheduler::Launch;
using scheduler::StopReason;

/// One attempt as long as it is not reported as ended.
class Attempt final : public ThreadPool::Job {
 public:
  Attempt(const CallPlace& place, const Launch& launch, Callable& callable, AttemptNews& news)
      : element(launch.element),
        number(launch.attempt),
        id(launch.id),
        task(launch.task),
        is_leader(launch.position == 0),
        call(place, launch, callable),
        news_(news) {}

  /// After tell_ended() this object may be gone.
  [[nodiscard]] Job* run() override {
    CallResult result = call.run([this](Time begin) { news_.tell_started(element, begin); });
    if (call.is_abandoned()) return nullptr;
    return news_.tell_ended(element, std::move(result));
  }

  const ElementId element;
  const std::uint16_t number;
  const std::string id;
  const std::shared_ptr<const graph::Task> task;
  const bool is_leader;
  Call call;
  ElementId predecessor;  ///< that it waits for
  Time start = kNever;    ///< kNever: it has not begun, as far as is known
  bool is_timed_out = false;
  std::optional<StopReason> stopped;
  Time deadline = kNever;  ///< of its timeout, then of its grace

 private:
  AttemptNews& news_;
};

std::string timeout_text(const graph::Task& task) {
  return fmt::format("ran longer than its timeout of {}", format_written(task.timeout));
}

}  // namespace

class FunctionExecutor::Impl {
 public:
  explicit Impl(FunctionOptions options);

  void start(const Launch& launch, ElementId predecessor);
  void start_now(ElementId element);
  void stop(ElementId element, StopReason reason);
  void poll(std::vector<AttemptReport>& reports);
  [[nodiscard]] int fd() const { return epoll_.get(); }

  ValueStore values;  ///< first: threads end before it does
  bool has_abandoned = false;

 private:
  [[nodiscard]] std::optional<std::vector<Value>> find_results(const graph::ElementText& text);
  void run(Attempt& attempt);
  void refuse(const Launch& launch, FailureClass cls, std::string reason);
  void cancel_unstarted(Attempt& attempt);
  void on_started(const AttemptNews::Item& item);
  void on_ended(AttemptNews::Item& item);
  void ask_to_end(Attempt& attempt);
  void set_deadline(Attempt& attempt, Time deadline);
  void look_at_deadlines();
  void on_deadline(Attempt& attempt);
  void abandon(Attempt& attempt);
  void wind_timer();

  FunctionOptions options_;
  CallPlace place_;
  AttemptNews news_;
  Descriptor timer_;
  Descriptor epoll_;
  std::unordered_map<ElementId, std::unique_ptr<Attempt>> attempts_;
  std::set<std::pair<Time, ElementId>> deadlines_;
  std::vector<AttemptReport> reports_;  ///< of what never ran
  ThreadPool pool_;                     ///< last: its threads end before what they use
};

FunctionExecutor::Impl::Impl(FunctionOptions options)
    : values(options.run_dir, options.worker),
      options_(std::move(options)),
      place_{options_.run_id, options_.run_dir, options_.join_party, {}},
      timer_(::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  bool is_good = timer_.is_open() && epoll_.is_open();
  if (options_.log)
    place_.log = [this](ElementId element, std::uint16_t attempt, std::string_view line) {
      news_.tell_line(element, attempt, line);
    };
  for (const int fd : {news_.fd(), timer_.get()}) {
    epoll_event event{};
    event.events = EPOLLIN;
    is_good = is_good && ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
  }
  if (!is_good)
    throw EnvironmentError(fmt::format("cannot make an event queue ({}); raise 'ulimit -n'", std::strerror(errno)));
}

/// Nothing: one of them is not here.
std::optional<std::vector<Value>> FunctionExecutor::Impl::find_results(const graph::ElementText& text) {
  std::vector<Value> results;
  for (const std::string& number : text.results_of) {
    Value value = values.find(ElementId(parse_number<std::uint32_t>(number).value_or(ElementId::kInvalid)));
    if (value == nullptr) return std::nullopt;
    results.push_back(std::move(value));
  }
  return results;
}

void FunctionExecutor::Impl::start(const Launch& launch, ElementId predecessor) {
  std::unique_ptr<Attempt> made;
  try {
    made = std::make_unique<Attempt>(place_, launch, options_.find(launch.task->function), news_);
  } catch (const Error& error) {
    return refuse(launch, FailureClass::setup, error.what());
  }
  auto results = find_results(made->call.text());
  if (!results) return refuse(launch, FailureClass::lost, "a result that it needs is gone");
  made->call.take_results(std::move(*results));
  const auto [place, is_new] = attempts_.emplace(launch.element, std::move(made));
  FUGLE_EXPECT(is_new, "an element runs already");
  Attempt& attempt = *place->second;
  news_.expect_end(attempt.element);
  if (predecessor.is_valid() && news_.follow(predecessor, attempt))
    attempt.predecessor = predecessor;
  else
    run(attempt);
}

void FunctionExecutor::Impl::run(Attempt& attempt) {
  attempt.predecessor = ElementId();
  try {
    pool_.run(attempt);
  } catch (const std::system_error& error) {
    CallResult result;
    result.outcome = {FailureClass::launch, 0, fmt::format("no thread can be started ({})", error.what()), {}};
    result.start = result.end = call_clock();
    (void)news_.tell_ended(attempt.element, std::move(result));
  }
}

void FunctionExecutor::Impl::refuse(const Launch& launch, FailureClass cls, std::string reason) {
  reports_.push_back(executor::report_unstarted(launch, cls, std::move(reason), call_clock()));
}

void FunctionExecutor::Impl::start_now(ElementId element) {
  const auto found = attempts_.find(element);
  if (found == attempts_.end() || !found->second->predecessor.is_valid()) return;
  Attempt& attempt = *found->second;
  if (news_.unfollow(std::exchange(attempt.predecessor, ElementId()))) run(attempt);
}

void FunctionExecutor::Impl::stop(ElementId element, StopReason reason) {
  const auto found = attempts_.find(element);
  if (found == attempts_.end()) return;
  Attempt& attempt = *found->second;
  if (attempt.stopped && (*attempt.stopped == reason || *attempt.stopped == StopReason::shutdown)) return;
  attempt.stopped = reason;
  if (attempt.predecessor.is_valid() && news_.unfollow(attempt.predecessor)) return cancel_unstarted(attempt);
  ask_to_end(attempt);
}

void FunctionExecutor::Impl::cancel_unstarted(Attempt& attempt) {
  CallResult result;
  result.start = result.end = call_clock();
  // Whoever follows it starts at once.
  if (ThreadPool::Job* const follower = news_.tell_ended(attempt.element, std::move(result))) pool_.run(*follower);
}

void FunctionExecutor::Impl::ask_to_end(Attempt& attempt) {
  attempt.call.cancel();
  set_deadline(attempt, call_clock() + attempt.task->grace);
}

void FunctionExecutor::Impl::poll(std::vector<AttemptReport>& reports) {
  // First: who knows that an attempt has ended finds all of its lines.
  std::vector<AttemptNews::Item> items = news_.take();
  for (const AttemptNews::Line& line : news_.take_lines()) options_.log(line.element, line.attempt, line.text);
  for (AttemptNews::Item& item : items) item.has_ended ? on_ended(item) : on_started(item);
  look_at_deadlines();
  std::move(reports_.begin(), reports_.end(), std::back_inserter(reports));
  reports_.clear();
}

void FunctionExecutor::Impl::on_started(const AttemptNews::Item& item) {
  const auto found = attempts_.find(item.element);
  if (found == attempts_.end()) return;  // abandoned
  Attempt& attempt = *found->second;
  attempt.start = item.start;
  attempt.predecessor = ElementId();
  const Duration timeout = attempt.task->timeout;
  if (timeout.count() > 0 && !attempt.stopped) set_deadline(attempt, item.start + timeout);
  if (!attempt.is_leader) return;
  AttemptReport report;
  report.element = item.element;
  report.attempt = attempt.number;
  report.start = report.end = item.start;
  reports_.push_back(std::move(report));
}

void FunctionExecutor::Impl::on_ended(AttemptNews::Item& item) {
  const auto found = attempts_.find(item.element);
  if (found == attempts_.end()) return;  // abandoned
  Attempt& attempt = *found->second;
  CallOutcome& outcome = item.result.outcome;
  AttemptReport report;
  report.kind = AttemptReport::Kind::ended;
  report.element = item.element;
  report.attempt = attempt.number;
  report.start = item.result.start;
  report.end = item.result.end;
  report.cpu_ms = item.result.cpu_ms;
  report.cls = outcome.cls;
  report.exit = outcome.exit;
  report.reason = std::move(outcome.reason);
  if (attempt.is_timed_out) {
    report.cls = FailureClass::timeout;
    report.reason = timeout_text(*attempt.task);
  } else if (attempt.stopped) {
    report.cls = FailureClass::cancelled;
    report.reason = "stopped";
  }
  if (report.cls == FailureClass::none && attempt.is_leader)
    values.keep_made(item.element, attempt.number, std::move(outcome.result));
  reports_.push_back(std::move(report));
  set_deadline(attempt, kNever);
  attempts_.erase(found);
}

void FunctionExecutor::Impl::set_deadline(Attempt& attempt, Time deadline) {
  if (attempt.deadline != kNever) deadlines_.erase({attempt.deadline, attempt.element});
  attempt.deadline = deadline;
  if (deadline != kNever) deadlines_.emplace(deadline, attempt.element);
  wind_timer();
}

void FunctionExecutor::Impl::wind_timer() {
  itimerspec when{};
  if (!deadlines_.empty()) {
    const std::int64_t ns = std::max<std::int64_t>(1, to_ns(deadlines_.begin()->first));
    when.it_value = {ns / 1'000'000'000, ns % 1'000'000'000};
  }
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void FunctionExecutor::Impl::look_at_deadlines() {
  while (!deadlines_.empty() && deadlines_.begin()->first <= call_clock())
    on_deadline(*attempts_.at(deadlines_.begin()->second));
}

void FunctionExecutor::Impl::on_deadline(Attempt& attempt) {
  if (!attempt.stopped && !attempt.is_timed_out) {
    attempt.is_timed_out = true;
    return ask_to_end(attempt);
  }
  set_deadline(attempt, kNever);
  if (attempt.stopped == StopReason::shutdown || attempt.call.is_party()) return abandon(attempt);
  fmt::print(stderr,
             "fugle: {} does not end (a function in a rank can not be killed, and this one has not looked at "
             "is_cancelled() for {}); what needs to be killed wants 'isolate: true', or a command\n",
             attempt.id, format_written(attempt.task->grace));
}

/// Its thread runs on until the process ends, and with it all it uses.
void FunctionExecutor::Impl::abandon(Attempt& attempt) {
  if (!attempt.call.abandon()) return;  // it has just ended
  news_.forget(attempt.element);
  has_abandoned = true;
  AttemptReport report;
  report.kind = AttemptReport::Kind::ended;
  report.element = attempt.element;
  report.attempt = attempt.number;
  report.start = attempt.start == kNever ? call_clock() : attempt.start;
  report.end = std::max(call_clock(), report.start);
  report.cls = attempt.is_timed_out ? FailureClass::timeout : FailureClass::cancelled;
  report.reason = attempt.is_timed_out
                      ? timeout_text(*attempt.task) + ", did not end within its grace, and was abandoned"
                      : "did not end within its grace, and was abandoned";
  reports_.push_back(std::move(report));
  const auto found = attempts_.find(attempt.element);
  (void)found->second.release();
  attempts_.erase(found);
}

FunctionExecutor::FunctionExecutor(FunctionOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

FunctionExecutor::~FunctionExecutor() {
  if (impl_->has_abandoned) (void)impl_.release();  // threads still use it
}

void FunctionExecutor::start(const Launch& launch) { impl_->start(launch, {}); }
void FunctionExecutor::start_after(const Launch& launch, ElementId predecessor) { impl_->start(launch, predecessor); }
void FunctionExecutor::host(const Launch& launch) { impl_->start(launch, {}); }
void FunctionExecutor::start_now(ElementId element) { impl_->start_now(element); }
void FunctionExecutor::stop(ElementId element, StopReason reason) { impl_->stop(element, reason); }
void FunctionExecutor::poll(std::vector<AttemptReport>& reports) { impl_->poll(reports); }
int FunctionExecutor::fd() const { return impl_->fd(); }
bool FunctionExecutor::has_abandoned() const { return impl_->has_abandoned; }
ValueStore& FunctionExecutor::values() { return impl_->values; }

}  // namespace fugle::function
