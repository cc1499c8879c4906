#include "executor/isolated_call.hpp"

#include <fmt/format.h>

#include <utility>

#include "topology/topology.hpp"

namespace fugle::executor {
namespace {

std::vector<std::pair<std::string, std::string>> named(const std::vector<std::string>& names,
                                                       const std::vector<std::string>& values) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::size_t i = 0; i < names.size() && i < values.size(); ++i) pairs.emplace_back(names[i], values[i]);
  return pairs;
}

}  // namespace

std::string absolute_function(const std::string& function, const std::string& workdir) {
  const std::size_t library_end = function.rfind(':');
  const std::size_t slash = function.find('/');
  const bool has_path = slash != std::string::npos && (library_end == std::string::npos || slash < library_end);
  return has_path && slash != 0 ? fmt::format("{}/{}", workdir, function) : function;
}

CallMessage call_message(const scheduler::Launch& launch, const graph::ElementText& text,
                         CallSurroundings surroundings) {
  const graph::Task& task = *launch.task;
  CallMessage call;
  call.function = absolute_function(task.function, surroundings.workdir);
  call.run_id = std::move(surroundings.run_id);
  call.run_dir = std::move(surroundings.run_dir);
  call.task = task.name;
  call.element = launch.id;
  call.worker = surroundings.worker;
  call.attempt = launch.attempt;
  call.index = launch.index;
  call.cores = launch.granted.cores;
  call.arguments = text.arguments;
  call.inputs = named(task.input_names, text.inputs);
  call.outputs = named(task.output_names, surroundings.staged_outputs);
  call.workdir = std::move(surroundings.workdir);
  call.scratch = std::move(surroundings.scratch);
  call.results = std::move(surroundings.results);
  call.environment = std::move(surroundings.environment);
  call.gpus = launch.place.gpus;
  if (launch.place.is_real) {
    call.cpus = launch.place.cpus;
    call.numa_nodes = launch.place.numa_nodes;
  }
  return call;
}

std::string slot_key(const scheduler::Launch& launch, const std::string& function, std::uint64_t memory_limit) {
  std::string key = fmt::format("{}\n{} {} {}\n", function.substr(0, function.rfind(':')), memory_limit,
                                launch.granted.cores, topology::list_text(launch.place.gpus));
  for (const auto& [name, value] : launch.task->env) key += fmt::format("{}={}\n", name, value);
  for (const std::string& name : launch.task->secrets) key += name + "\n";  // its process goes on having them
  return key;
}

}  // namespace fugle::executor
