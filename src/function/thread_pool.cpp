#include "function/thread_pool.hpp"

namespace fugle::function {

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::run(Job& job) {
  const std::lock_guard lock(mutex_);
  if (num_idle_ <= waiting_.size()) threads_.emplace_back([this] { work(); });
  waiting_.push_back(&job);
  wake_.notify_one();
}

void ThreadPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++num_idle_;
    wake_.wait(lock, [this] { return is_ending_ || !waiting_.empty(); });
    --num_idle_;
    if (is_ending_) return;
    Job* job = waiting_.front();
    waiting_.pop_front();
    lock.unlock();
    while (job != nullptr) job = job->run();
    lock.lock();
  }
}

}  // namespace fugle::function
