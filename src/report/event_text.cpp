#include "report/event_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fugle::report {

using scheduler::Event;
using scheduler::EventKind;

namespace {

/// What people read is one line: a reason may hold any bytes.
std::string on_one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return text;
}

std::string exit_text(const Event& event) {
  return event.exit < 0 ? fmt::format("signal {}", -event.exit) : fmt::format("exit {}", event.exit);
}

/// "spread of perturb is '0.42'"; of a long value the beginning.
std::string output_text(const graph::Graph& graph, const Event& event) {
  constexpr std::size_t kShown = 60;
  const auto& names = graph.task_of(event.element).output_names;
  const auto output = static_cast<std::size_t>(event.exit);
  const std::string name = output < names.size() ? names[output] : fmt::format("output {}", event.exit);
  const std::string text = on_one_line(event.text.substr(0, kShown));
  const bool is_long = event.text.size() > kShown || event.maxrss_kb > 0;
  return fmt::format("{} of {} is '{}{}'", name, graph.id(event.element), text, is_long ? "..." : "");
}

std::string details(const graph::Graph& graph, const Event& event) {
  const std::string text = on_one_line(event.text);
  const auto attempt = [&] {
    return fmt::format("{} attempt {} on worker {}", graph.id(event.element), event.attempt, event.worker.value());
  };
  switch (event.kind) {
    case EventKind::run_started: return fmt::format("life {} of {}", event.exit, text);
    case EventKind::run_ended: return fmt::format("exit code {}{}{}", event.exit, text.empty() ? "" : ": ", text);
    case EventKind::worker_joined:
      return fmt::format("worker {} on {} with {} cores", event.worker.value(), text, event.cpu_ms);
    case EventKind::worker_lost: return fmt::format("worker {}: {}", event.worker.value(), text);
    case EventKind::attempt_started: return attempt();
    case EventKind::attempt_ended:
      return fmt::format("{}: {}, {}, {}{}", attempt(),
                         event.cls == graph::FailureClass::none ? "ok" : graph::name_of(event.cls), exit_text(event),
                         format_duration(event.end - event.start), text.empty() ? "" : " (" + text + ")");
    case EventKind::cancel_element:
    case EventKind::hold_element:
    case EventKind::release_element: return fmt::format("{} by {}", graph.id(event.element), text);
    case EventKind::retry_all: return "failed, blocked and cancelled elements are tried again";
    case EventKind::stop_requested: return fmt::format("exit code {}: {}", event.exit, text);
    case EventKind::node_drained: return fmt::format("node of worker {}: {}", event.worker.value(), text);
    case EventKind::service_ready: return fmt::format("{} is ready", attempt());
    case EventKind::value_lost:
      return fmt::format("the result of {} is gone and needed: it runs again", graph.id(event.element));
    case EventKind::output_given: return output_text(graph, event);
    case EventKind::element_skipped:
    case EventKind::element_refused: return fmt::format("{}: {}", graph.id(event.element), text);
    case EventKind::graph_grew: return std::string(graph.id(event.element));
    case EventKind::finally_began: return fmt::format("the run is {}", text);
    case EventKind::none: break;
  }
  return text;
}

}  // namespace

std::string format_time_ms(Time t) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(t);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(t - whole).count();
  std::string text = format_time(t);
  text.insert(text.size() - 1, fmt::format(".{:03}", ms));
  return text;
}

Time time_of(const Event& event) { return event.kind == EventKind::attempt_ended ? event.end : event.start; }

std::string event_line(const graph::Graph& graph, scheduler::Sequence sequence, const Event& event) {
  return fmt::format("{:>7}  {}  {:<15}  {}\n", sequence, format_time_ms(time_of(event)),
                     scheduler::name_of(event.kind), details(graph, event));
}

Json event_json(const graph::Graph& graph, scheduler::Sequence sequence, const Event& event) {
  Json json{{"sequence", sequence}, {"time_ns", to_ns(time_of(event))}, {"kind", scheduler::name_of(event.kind)}};
  if (event.element.is_valid()) {
    json["element"] = graph.id(event.element);
    json["attempt"] = event.attempt;
  }
  if (event.worker.is_valid()) json["worker"] = event.worker.value();
  if (event.kind == EventKind::worker_joined) json["cores"] = event.cpu_ms;
  if (event.kind == EventKind::attempt_ended) {
    json["class"] = graph::name_of(event.cls);
    json["start_ns"] = to_ns(event.start);
    json["cpu_ms"] = event.cpu_ms;
    json["maxrss_kb"] = event.maxrss_kb;
    json["read_bytes"] = event.read_bytes;
    json["written_bytes"] = event.written_bytes;
  }
  json["exit"] = event.exit;
  json["text"] = event.text;
  return json;
}

}  // namespace fugle::report
