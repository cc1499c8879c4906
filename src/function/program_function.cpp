#include "function/program_function.hpp"

#include <fmt/format.h>

#include <exception>
#include <fugle/arguments.hpp>
#include <memory>

#include "function/exit_guard.hpp"

namespace fugle::function {
namespace {

Context context_of(const CallInput& input) {
  Context::Facts facts;
  facts.run_id = input.run_id;
  facts.run_dir = input.run_dir;
  facts.task = input.task;
  facts.element = input.element;
  facts.attempt = input.attempt;
  facts.index = input.index;
  facts.workdir = input.workdir;
  facts.scratch = input.scratch;
  facts.inputs = input.inputs;
  facts.outputs = input.outputs;
  facts.cores = input.cores;
  facts.cpus = input.cpus;
  facts.gpus = input.gpus;
  facts.rank = input.rank;
  facts.num_ranks = input.num_ranks;
  facts.communicator = input.communicator;
  facts.is_cancelled = input.is_cancelled;
  facts.log = input.log;
  return Context(facts);
}

CallOutcome failed(std::string reason) { return {graph::FailureClass::error, 1, std::move(reason), {}}; }

}  // namespace

CallOutcome ProgramFunction::call(const CallInput& input) {
  try {
    if (Arguments(input.arguments).get<std::string>("given") != function_.given)
      return failed(fmt::format(
          "the values that the program gives '{}' are not those that it gave when the run began; start a new run",
          function_.name));
    Context context = context_of(input);
    CallOutcome outcome;
    const ExitGuard guard(input.element);
    outcome.result = (*function_.body)(context, input.results);
    return outcome;
  } catch (const std::exception& error) {
    return failed(error.what());
  } catch (...) {
    return failed("an exception that is no std::exception");
  }
}

Registry registry_of(const Workflow& workflow) {
  Registry registry;
  for (const detail::NamedFunction& function : workflow.functions())
    registry.add(function.name, std::make_shared<ProgramFunction>(function));
  return registry;
}

}  // namespace fugle::function
