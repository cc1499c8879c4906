// The threads of a rank that call functions. Whoever ends a call is given the next one at once, so that a place that is
// left is taken without the thread of the Engine. Knows nothing of what is called. Any thread may add jobs; the owner
// makes, asks and destroys it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace fugle::function {

class ThreadPool {
 public:
  /// What a thread does; run() returns what the same thread is to do next, or null. It must stay until it has run.
  class Job {
   public:
    virtual ~Job() = default;
    [[nodiscard]] virtual Job* run() = 0;
  };

  ThreadPool() = default;
  /// Waits for the jobs that run; those that wait are not begun.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Runs it at once: where no thread is idle another one is started. The caller sees to it that they are not too many.
  /// Throws std::system_error when there can be no more threads.
  void run(Job& job);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job*> waiting_;
  std::vector<std::thread> threads_;
  std::uint32_t num_idle_ = 0;
  bool is_ending_ = false;
};

}  // namespace fugle::function
