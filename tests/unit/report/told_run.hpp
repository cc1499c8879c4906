// A run told as events, for tests of this room: time is in seconds after 2026-06-01T04:30:00Z.
#pragma once

#include <string>

#include "report/attempts_table.hpp"
#include "report/explain.hpp"
#include "report/lives.hpp"
#include "report/workers_table.hpp"
#include "scheduler/run_state.hpp"
#include "support/graphs.hpp"

namespace fugle::report {

class ToldRun {
 public:
  explicit ToldRun(const testing::GraphStory& story) : graph(story.graph()), run(graph, 1), workers(graph) {}

  static Time at(double seconds) { return from_ns(1780288200'000000000) + from_seconds(seconds); }
  [[nodiscard]] ElementId id(const std::string& name) const { return graph.find(name); }

  scheduler::Effects happen(const scheduler::Event& event) {
    scheduler::Effects effects;
    apply(run, event, effects);
    attempts.add(event);
    workers.add(event);
    lives.add(event);
    events.push_back(event);
    return effects;
  }

  void life(double when) {
    scheduler::Event event = make(scheduler::EventKind::run_started, when);
    event.text = "login1 4711 ann";
    event.exit = static_cast<int>(lives.lives().size());
    happen(event);
  }
  void ends(double when, int exit, const std::string& why) {
    scheduler::Event event = make(scheduler::EventKind::run_ended, when);
    event.exit = exit;
    event.text = why;
    happen(event);
  }
  void joins(std::uint32_t worker, const std::string& node, std::uint32_t cores) {
    scheduler::Event event = make(scheduler::EventKind::worker_joined, 0);
    event.worker = WorkerId(worker);
    event.text = node;
    event.cpu_ms = cores;
    happen(event);
  }
  scheduler::Event starts(const std::string& element, double when, std::uint32_t worker) {
    scheduler::Event event = make(scheduler::EventKind::attempt_started, when);
    event.element = id(element);
    event.attempt = static_cast<std::uint16_t>(run.attempt(event.element) + 1);
    event.worker = WorkerId(worker);
    happen(event);
    return event;
  }
  /// A service whose start the event is.
  void gets_ready(scheduler::Event event, double when) {
    event.kind = scheduler::EventKind::service_ready;
    event.start = at(when);
    happen(event);
  }
  scheduler::Event finishes(scheduler::Event event, double when) {
    event.kind = scheduler::EventKind::attempt_ended;
    event.end = at(when);
    event.cpu_ms = 100;
    event.maxrss_kb = 2048;
    event.read_bytes = 4096;
    event.written_bytes = 8192;
    happen(event);
    return event;
  }
  scheduler::Event fails(scheduler::Event event, double when, FailureClass cls, int exit, const std::string& reason) {
    event.cls = cls;
    event.exit = exit;
    event.text = reason;
    return finishes(event, when);
  }
  void stops(double when, const std::string& why) {
    scheduler::Event event = make(scheduler::EventKind::stop_requested, when);
    event.exit = 4;
    event.text = why;
    happen(event);
  }
  void cancels(const std::string& element, const std::string& who) {
    scheduler::Event event = make(scheduler::EventKind::cancel_element, 1);
    event.element = id(element);
    event.text = who;
    happen(event);
  }

  void wishes(scheduler::EventKind kind, const std::string& element, const std::string& who) {
    scheduler::Event event = make(kind, 1);
    event.element = id(element);
    event.text = who;
    happen(event);
  }
  void drains(std::uint32_t worker, const std::string& why) {
    scheduler::Event event = make(scheduler::EventKind::node_drained, 1);
    event.worker = WorkerId(worker);
    event.text = why;
    happen(event);
  }
  void begins_finally(const std::string& state) {
    scheduler::Event event = make(scheduler::EventKind::finally_began, 1);
    event.text = state;
    happen(event);
  }

  [[nodiscard]] Situation situation(RunCondition condition, double now) const {
    return {run,     attempts,  workers,
            lives,   condition, names,
            at(now), {},        [](ElementId, std::uint16_t) { return std::string("reading\nboom\n"); }};
  }
  [[nodiscard]] std::string why(const std::string& element, RunCondition condition, double now) const {
    return explanation_text(explain(situation(condition, now), id(element)), names);
  }

  graph::Graph graph;
  scheduler::RunState run;
  AttemptsTable attempts;
  WorkersTable workers;
  Lives lives;
  std::vector<scheduler::Event> events;
  RunNames names{"demo-1", "demo", "demo.yaml"};

 private:
  static scheduler::Event make(scheduler::EventKind kind, double when) {
    scheduler::Event event;
    event.kind = kind;
    event.start = at(when);
    return event;
  }
};

}  // namespace fugle::report
