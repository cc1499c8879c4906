// The settings of fugle/settings.hpp as a file has them.
#include <fugle/workflow.hpp>
#include <nlohmann/json.hpp>

namespace fugle {
namespace {

using Json = nlohmann::ordered_json;

/// Members that were said.
class Members {
 public:
  Members& add(const char* key, const std::string& text) {
    if (!text.empty()) json_[key] = text;
    return *this;
  }
  Members& add(const char* key, const std::vector<std::string>& words) {
    if (!words.empty()) json_[key] = words;
    return *this;
  }
  template <class T>
  Members& add(const char* key, const std::optional<T>& value) {
    if (value) json_[key] = *value;
    return *this;
  }
  /// What is not JSON becomes a text, which the reader of the file refuses at this key.
  Members& add_json(const char* key, const std::string& json) {
    if (json.empty()) return *this;
    Json value = Json::parse(json, nullptr, false);
    json_[key] = value.is_discarded() ? Json(json) : std::move(value);
    return *this;
  }
  [[nodiscard]] std::string text() const { return json_.dump(-1, ' ', false, Json::error_handler_t::replace); }

 private:
  Json json_ = Json::object();
};

}  // namespace

void Task::set(const Retries& retries) const {
  Members members;
  members.add("max", std::optional(retries.max))
      .add("delay", retries.delay)
      .add("backoff", retries.backoff)
      .add("max_delay", retries.max_delay)
      .add("jitter", retries.jitter)
      .add("when", retries.when);
  set_json("retries", members.text());
}

void Task::set(const Service& service) const {
  Members members;
  members.add("ready", service.ready).add("ready_timeout", service.ready_timeout).add("stop", service.stop);
  set_json("service", members.text());
}

void Task::set(const Restart& restart) const {
  Members members;
  members.add("files", restart.files)
      .add("signal", restart.signal)
      .add("before_end", restart.before_end)
      .add("run", restart.run);
  set_json("restart", members.text());
}

void Task::set(std::string_view name, const Metric& metric) const {
  Members members;
  members.add("regex", metric.regex)
      .add("unit", metric.unit)
      .add("reference", metric.reference)
      .add("tolerance", metric.tolerance);
  set_json("metrics." + std::string(name), members.text());
}

Workflow& Workflow::limits(const Limits& limits, const std::source_location& place) {
  Members members;
  members.add("max_failures", limits.max_failures)
      .add("max_infra_retries", limits.max_infra_retries)
      .add("max_requeues", limits.max_requeues)
      .add("max_parallel", limits.max_parallel);
  return key("limits", members.text(), place);
}

Workflow& Workflow::slurm(const Slurm& request, const std::source_location& place) {
  Members members;
  members.add("account", request.account)
      .add("partition", request.partition)
      .add("qos", request.qos)
      .add("reservation", request.reservation)
      .add("nodes", std::optional(request.nodes))
      .add("time", request.time)
      .add("constraint", request.constraint)
      .add("exclusive", request.exclusive)
      .add("gpus_per_node", request.gpus_per_node)
      .add("mem", request.mem)
      .add("signal_margin", request.signal_margin)
      .add("requeue", request.requeue)
      .add("mail_user", request.mail_user)
      .add("extra", request.extra);
  return key("slurm", members.text(), place);
}

Workflow& Workflow::report(const Report& table, const std::source_location& place) {
  Members members;
  members.add("rows", table.rows)
      .add("columns", table.columns)
      .add_json("baseline", table.baseline)
      .add_json("reference", table.reference);
  return key("report", members.text(), place);
}

}  // namespace fugle
