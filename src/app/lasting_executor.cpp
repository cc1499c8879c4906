#include "app/lasting_executor.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/error.hpp"

namespace fugle::app {
namespace {

using scheduler::AttemptReport;

constexpr std::uint32_t kMostFruitless = 3;

bool has_ended_there(const AttemptReport& report) {
  return report.kind == AttemptReport::Kind::ended && report.cls != graph::FailureClass::lost &&
         report.cls != graph::FailureClass::launch;
}

}  // namespace

LastingExecutor::LastingExecutor(executor::Spawner spawner, executor::ExecutorOptions options)
    : options_(std::move(options)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0)
    throw EnvironmentError(fmt::format("cannot make an event queue ({}); raise 'ulimit -n'", std::strerror(errno)));
  start_executor(std::move(spawner));
}

LastingExecutor::~LastingExecutor() {
  executor_.reset();
  spawner_.reset();
  ::close(epoll_);
}

void LastingExecutor::start_executor(executor::Spawner spawner) {
  spawner_ = std::make_unique<executor::Spawner>(std::move(spawner));
  executor_ = std::make_unique<executor::ProcessExecutor>(*spawner_, options_);
  epoll_event event{};
  event.events = EPOLLIN;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, executor_->fd(), &event);
}

void LastingExecutor::poll(std::vector<AttemptReport>& reports) {
  executor_->poll(reports);
  if (std::any_of(reports.begin(), reports.end(), has_ended_there)) num_fruitless_ = 0;
  if (executor_->is_broken() && num_fruitless_ < kMostFruitless) renew();
}

void LastingExecutor::renew() {
  ++num_fruitless_;
  executor_.reset();  // closes its descriptor, which takes it out of the queue
  spawner_.reset();
  executor::kill_leftovers(options_.run_id);
  start_executor(executor::Spawner());
  fmt::print(stderr, "fugle: the spawner died, and with it what was running; another one was started\n");
}

}  // namespace fugle::app
