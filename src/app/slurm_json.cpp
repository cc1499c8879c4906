#include "app/slurm_json.hpp"

#include <limits>
#include <nlohmann/json.hpp>

namespace fugle::app {
namespace {

using Json = nlohmann::ordered_json;
using workflow::SlurmRequest;

void read(const Json& json, const char* key, std::string& into) {
  if (json.contains(key) && json[key].is_string()) into = json[key].get<std::string>();
}

void read(const Json& json, const char* key, bool& into) {
  if (json.contains(key) && json[key].is_boolean()) into = json[key].get<bool>();
}

/// Counts and bytes.
template <class T>
void read_number(const Json& json, const char* key, T& into) {
  if (!json.contains(key) || !json[key].is_number_unsigned()) return;
  const auto value = json[key].get<std::uint64_t>();
  if (value <= std::numeric_limits<T>::max()) into = static_cast<T>(value);
}

template <class T>
void read_number(const Json& json, const char* key, std::optional<T>& into) {
  if (!json.contains(key) || !json[key].is_number_unsigned()) return;
  read_number(json, key, into.emplace());
}

void read_seconds(const Json& json, const char* key, Duration& into) {
  if (!json.contains(key) || !json[key].is_number()) return;
  const double seconds = json[key].get<double>();
  if (seconds >= 0 && seconds < 1e9) into = from_seconds(seconds);
}

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

}  // namespace

Json slurm_json(const SlurmRequest& request) {
  return {{"account", request.account},
          {"partition", request.partition},
          {"qos", request.qos},
          {"reservation", request.reservation},
          {"constraint", request.constraint},
          {"mail_user", request.mail_user},
          {"nodes", request.nodes},
          {"time_s", to_seconds(request.time)},
          {"exclusive", or_null(request.exclusive)},
          {"gpus_per_node", or_null(request.gpus_per_node)},
          {"mem_bytes", or_null(request.mem_bytes)},
          {"signal_margin_s", to_seconds(request.signal_margin)},
          {"requeue", request.requeue == workflow::Requeue::automatic},
          {"extra", request.extra},
          {"max_requeues", request.max_requeues}};
}

SlurmRequest slurm_request_from(const Json& json) {
  SlurmRequest request;
  if (!json.is_object()) return request;
  read(json, "account", request.account);
  read(json, "partition", request.partition);
  read(json, "qos", request.qos);
  read(json, "reservation", request.reservation);
  read(json, "constraint", request.constraint);
  read(json, "mail_user", request.mail_user);
  read_number(json, "nodes", request.nodes);
  read_seconds(json, "time_s", request.time);
  if (json.contains("exclusive") && json["exclusive"].is_boolean()) request.exclusive = json["exclusive"].get<bool>();
  read_number(json, "gpus_per_node", request.gpus_per_node);
  read_number(json, "mem_bytes", request.mem_bytes);
  read_seconds(json, "signal_margin_s", request.signal_margin);
  bool may_requeue = true;
  read(json, "requeue", may_requeue);
  request.requeue = may_requeue ? workflow::Requeue::automatic : workflow::Requeue::never;
  if (json.contains("extra") && json["extra"].is_array())
    for (const Json& option : json["extra"])
      if (option.is_string()) request.extra.push_back(option.get<std::string>());
  read_number(json, "max_requeues", request.max_requeues);
  return request;
}

}  // namespace fugle::app
