#include "function/plugin_call.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace fugle::function {
namespace {

std::size_t num_texts_of(const CallInput& input) { return 8 + 2 * (input.inputs.size() + input.outputs.size()); }

}  // namespace

PluginCall::PluginCall(const CallInput& input) : input_(input) {
  texts_.reserve(num_texts_of(input));  // the table points into them
  const auto text = [this](std::string_view view) { return texts_.emplace_back(view).c_str(); };
  raw_.abi = FUGLE_PLUGIN_ABI;
  raw_.size = sizeof raw_;
  raw_.run_id = text(input.run_id);
  raw_.run_dir = text(input.run_dir);
  raw_.task = text(input.task);
  raw_.element = text(input.element);
  raw_.attempt = input.attempt;
  raw_.index = input.index;
  raw_.with = text(input.arguments.empty() ? std::string_view("{}") : input.arguments);
  raw_.workdir = text(input.workdir);
  if (!input.scratch.empty()) raw_.scratch = text(input.scratch);
  for (const auto& [name, path] : input.inputs) inputs_.push_back({text(name), text(path)});
  for (const auto& [name, path] : input.outputs) outputs_.push_back({text(name), text(path)});
  for (const std::string_view result : input.results) results_.push_back({result.data(), result.size()});
  raw_.inputs = inputs_.data();
  raw_.num_inputs = static_cast<std::uint32_t>(inputs_.size());
  raw_.outputs = outputs_.data();
  raw_.num_outputs = static_cast<std::uint32_t>(outputs_.size());
  raw_.results = results_.data();
  raw_.num_results = static_cast<std::uint32_t>(results_.size());
  raw_.cores = input.cores;
  raw_.cpus = input.cpus.data();
  raw_.num_cpus = static_cast<std::uint32_t>(input.cpus.size());
  raw_.gpus = input.gpus.data();
  raw_.num_gpus = static_cast<std::uint32_t>(input.gpus.size());
  raw_.rank = input.rank;
  raw_.num_ranks = input.num_ranks;
  raw_.communicator = input.communicator;
  raw_.set_result = [](const FugleCall* call, const void* data, std::size_t size) {
    self(call).result_.assign(static_cast<const char*>(data), size);
  };
  raw_.set_error = [](const FugleCall* call, const char* reason) { self(call).error_ = reason; };
  raw_.is_cancelled = [](const FugleCall* call) -> int {
    const bool* const flag = self(call).input_.is_cancelled;
    return flag != nullptr && __atomic_load_n(flag, __ATOMIC_RELAXED);
  };
  raw_.log = [](const FugleCall* call, const char* line) { self(call).log(line); };
  raw_.host = this;
}

void PluginCall::log(const char* line) const {
  if (input_.log != nullptr)
    (*input_.log)(line);
  else
    std::fprintf(stderr, "%s\n", line);
}

CallOutcome PluginCall::outcome(const std::string& function, int code) {
  if (code == 0) return {graph::FailureClass::none, 0, {}, std::move(result_)};
  if (error_.empty()) error_ = fmt::format("{} returned {}", function, code);
  return {graph::FailureClass::error, code, std::move(error_), {}};
}

}  // namespace fugle::function
