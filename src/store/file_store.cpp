#include "store/file_store.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <string_view>
#include <thread>

#include "base/error.hpp"
#include "store/journal_writer.hpp"

namespace fugle::store {

using scheduler::Event;
using scheduler::Sequence;

namespace {

using MonotonicTime = std::chrono::steady_clock;

constexpr std::string_view kCutMark = " ... [cut]";

void add_event(const Event& event, Sequence seq, std::uint32_t max_text, RowBatch& batch) {
  Row& row = batch.rows.emplace_back(to_row(event, seq));
  row.text_len = static_cast<std::uint16_t>(std::min<std::size_t>(event.text.size(), max_text));
  if (event.text.size() <= max_text) {
    batch.texts += event.text;
  } else {
    batch.texts.append(event.text, 0, max_text - kCutMark.size()).append(kCutMark);
  }
}

}  // namespace

std::uint32_t capacity_for(std::uint32_t num_elements) {
  const std::uint64_t rows = std::uint64_t{num_elements} * 3 / 16;
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(std::bit_ceil(rows), 4096, 65536));
}

class FileStore::Impl {
 public:
  Impl(std::string run_dir, const Recovered& recovered, const JournalOptions& options)
      : options_(options),
        writer_(std::move(run_dir), recovered, options.capacity, options.commit_align, *options.disk),
        max_text_(writer_.max_text()),
        appended_(writer_.durable()),
        durable_(writer_.durable()),
        thread_([this] { run(); }) {}

  ~Impl() {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
    }
    work_.notify_all();
    thread_.join();
  }

  void append(std::span<const Event> events) {
    const std::lock_guard lock(mutex_);
    const bool was_empty = pending_.empty();
    for (const Event& event : events) {
      ++appended_;
      if (!fault_) add_event(event, appended_, max_text_, pending_);
    }
    // Else the thread knows already, and waits for the commit interval only.
    if (was_empty) work_.notify_one();
  }

  Sequence appended() const {
    const std::lock_guard lock(mutex_);
    return appended_;
  }

  Sequence durable() const { return durable_; }

  void flush() {
    std::unique_lock lock(mutex_);
    is_flushing_ = true;
    work_.notify_one();
    done_.wait(lock, [&] { return fault_ || durable_ == appended_; });
    is_flushing_ = false;
  }

  std::optional<std::string> fault() const {
    const std::lock_guard lock(mutex_);
    return fault_;
  }

  bool is_superseded() const { return is_superseded_; }

 private:
  void run() {
    RowBatch batch;
    try {
      while (take(batch)) {
        writer_.commit(batch);
        acknowledge();
        writer_.make_room();
        batch.clear();
      }
    } catch (const ConflictError& error) {
      is_superseded_ = true;
      give_up(error.what());
    } catch (const std::exception& error) {
      give_up(error.what());
    }
  }

  /// Waits for events and for the commit interval; false: no more will come.
  bool take(RowBatch& batch) {
    std::unique_lock lock(mutex_);
    work_.wait(lock, [&] { return is_stopping_ || !pending_.empty(); });
    work_.wait_until(lock, next_commit_, [&] { return is_stopping_ || is_flushing_; });
    std::swap(batch, pending_);
    next_commit_ = MonotonicTime::now() + options_.commit_interval;
    return !batch.empty();
  }

  void acknowledge() {
    {
      const std::lock_guard lock(mutex_);
      durable_ = writer_.durable();
    }
    done_.notify_all();
    wake();
  }

  void give_up(const char* why) {
    {
      const std::lock_guard lock(mutex_);
      durable_ = writer_.durable();
      fault_ = why;
      pending_.clear();
    }
    done_.notify_all();
    wake();
  }

  void wake() const {
    if (options_.wake_fd < 0) return;
    const std::uint64_t one = 1;
    // Fails only when the counter is full of wakes that nobody took yet.
    [[maybe_unused]] const auto written = ::write(options_.wake_fd, &one, sizeof one);
  }

  const JournalOptions options_;
  JournalWriter writer_;  ///< the commit thread's, once that runs
  const std::uint32_t max_text_;

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable done_;
  RowBatch pending_;
  Sequence appended_;
  std::atomic<Sequence> durable_;
  std::optional<std::string> fault_;
  std::atomic<bool> is_superseded_ = false;  ///< set before fault_
  bool is_flushing_ = false;
  bool is_stopping_ = false;

  MonotonicTime::time_point next_commit_{};
  std::thread thread_;
};

FileStore::FileStore(std::string run_dir, const Recovered& recovered, JournalOptions options)
    : impl_(std::make_unique<Impl>(std::move(run_dir), recovered, options)) {}
FileStore::~FileStore() = default;

void FileStore::append(std::span<const Event> events) { impl_->append(events); }
Sequence FileStore::appended() const { return impl_->appended(); }
Sequence FileStore::durable() const { return impl_->durable(); }
void FileStore::flush() { impl_->flush(); }
std::optional<std::string> FileStore::fault() const { return impl_->fault(); }
bool FileStore::is_superseded() const { return impl_->is_superseded(); }

}  // namespace fugle::store
