// What does the head need per message and per event of the journal? A real Engine without a worker of its own, a real
// journal, and workers that answer each grant by reports of `batch` attempts: CPU time against both counts, fitted by
// least squares. simulate_head_cost [DIRECTORY], where the journal goes. The cost of MPI is in transport_latency.
#include <fmt/format.h>
#include <sys/resource.h>
#include <time.h>

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include "plan/start_order.hpp"
#include "scheduler/engine.hpp"
#include "sim/memory_store.hpp"
#include "store/file_store.hpp"

namespace {

using namespace fugle;
using namespace fugle::scheduler;

/// Of this thread: the journal's own thread is not the head.
double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Workers that run everything at once and report in batches. Messages go as bytes, as over MPI.
class Workers final : public Transport, public Executor {
 public:
  Workers(std::uint32_t num_workers, std::uint32_t cores, std::size_t batch)
      : num_workers_(num_workers), batch_(batch) {
    for (std::uint32_t w = 1; w <= num_workers; ++w)
      answer(w, Hello{.node = "n" + std::to_string(w), .pid = w, .cores = cores, .mem_bytes = 0});
  }
  [[nodiscard]] WorkerId self() const override { return WorkerId(0); }
  [[nodiscard]] std::uint32_t num_ranks() const override { return num_workers_ + 1; }
  void send(WorkerId to, const Message& message) override {
    ++num_messages;
    const std::string bytes = encode(message);
    if (const auto* grant = std::get_if<Grant>(&message)) run(to.value(), *grant);
    if (std::holds_alternative<Shutdown>(message)) {
      Report last;
      last.goodbye = true;
      answer(to.value(), last);
    }
  }
  void poll(Incoming& incoming) override {
    for (; !answers_.empty(); answers_.pop_front()) {
      incoming.messages.emplace_back(WorkerId(answers_.front().first), decode(answers_.front().second));
      ++num_messages;
    }
  }

  void start(const Launch&) override {}
  void start_after(const Launch&, ElementId) override {}
  void start_now(ElementId) override {}
  void signal(ElementId, int) override {}
  void stop(ElementId, StopReason) override {}
  void poll(std::vector<AttemptReport>&) override {}

  std::uint64_t num_messages = 0;

 private:
  void answer(std::uint32_t from, const Message& message) { answers_.emplace_back(from, encode(message)); }

  void run(std::uint32_t worker, const Grant& grant) {
    Report report;
    const auto flush = [&](std::size_t least) {
      if (report.attempts.size() < least) return;
      answer(worker, report);
      report.attempts.clear();
    };
    for (const LeasedElement& leased : grant.elements) {
      AttemptReport attempt;
      attempt.element = leased.element;
      attempt.attempt = leased.attempt;
      report.attempts.push_back(attempt);
      attempt.kind = AttemptReport::Kind::ended;
      attempt.end = Time{} + std::chrono::seconds(1);
      report.attempts.push_back(attempt);
      flush(batch_);
    }
    flush(1);
  }

  std::uint32_t num_workers_;
  std::size_t batch_;
  std::deque<std::pair<std::uint32_t, std::string>> answers_;
};

struct Sample {
  double messages;
  double events;
  double seconds;
};

Sample measure(std::uint32_t num_elements, std::uint32_t cores, std::size_t batch, const std::string& directory) {
  graph::GraphBuilder builder;
  graph::Task task;
  task.name = "work";
  task.workdir = "/";
  const TaskId id = builder.add_task(task);
  for (std::uint32_t e = 0; e < num_elements; ++e)
    builder.add_element(id, fmt::format("work[{}]", e), {{}, {}, {}, {}, "", {"true"}});
  const graph::Graph graph(std::move(builder).build());
  const std::string run_dir = fmt::format("{}/head-cost-{}-{}", directory, cores, batch);
  std::filesystem::remove_all(run_dir);
  std::filesystem::create_directories(run_dir);
  RunState run(graph, 1);
  store::FileStore store(run_dir, {}, {});
  HeadOptions head;
  head.run = &run;
  head.store = &store;
  head.plan.order = plan::start_order(graph, std::vector<double>(num_elements, 1.0));
  Workers workers(64, cores, batch);
  Engine engine(WorkerOffer{}, workers, workers, &head);
  const double start = cpu_seconds();
  for (Time now{}; !engine.is_done(); now += std::chrono::milliseconds(1)) engine.step(now);
  const double seconds = cpu_seconds() - start;
  std::filesystem::remove_all(run_dir);
  const Sample sample{static_cast<double>(workers.num_messages), static_cast<double>(store.appended()), seconds};
  fmt::print("{:3} cores, batches of {:3}: {:8.0f} messages, {:8.0f} events, {:.3f} s: {:.2f} us per event\n", cores,
             batch, sample.messages, sample.events, seconds, seconds / sample.events * 1e6);
  return sample;
}

/// seconds = a x messages + b x events
void fit(const std::vector<Sample>& samples) {
  double mm = 0, me = 0, ee = 0, ms = 0, es = 0;
  for (const Sample& s : samples) {
    mm += s.messages * s.messages, me += s.messages * s.events, ee += s.events * s.events;
    ms += s.messages * s.seconds, es += s.events * s.seconds;
  }
  const double determinant = mm * ee - me * me;
  fmt::print("per message {:.2f} us, per event {:.2f} us\n", (ms * ee - es * me) / determinant * 1e6,
             (es * mm - ms * me) / determinant * 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string directory = argc > 1 ? argv[1] : std::filesystem::temp_directory_path().string();
  std::vector<Sample> samples;
  for (const auto& [cores, batch] : {std::pair{1u, 2u}, {2u, 2u}, {8u, 2u}, {8u, 16u}, {64u, 16u}, {64u, 128u}})
    samples.push_back(measure(200'000, cores, batch, directory));
  fit(samples);
}
