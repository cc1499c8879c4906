#include "workflow/choices.hpp"

namespace fugle::workflow {
namespace {

constexpr std::string_view kPolicies[] = {"skip_dependents", "drain", "stop", "ignore"};
constexpr std::string_view kRequeues[] = {"auto", "never"};
constexpr std::string_view kJoins[] = {"all", "any"};
constexpr std::string_view kCaches[] = {"mtime", "content", "exists", "never"};
constexpr std::string_view kBinds[] = {"core", "l3", "numa", "socket", "none"};
constexpr std::string_view kRuntimes[] = {"apptainer", "podman", "pyxis"};
constexpr std::string_view kConditions[] = {"ok", "failed", "done", "started", "each"};
constexpr std::string_view kParamTypes[] = {"int", "float", "bool", "string", "path", "list"};
constexpr std::string_view kOutputTypes[] = {"file", "value", "list", "json"};
constexpr std::string_view kCatchUps[] = {"none", "latest", "all"};
constexpr std::string_view kEnds[] = {"ok", "failed", "done"};
constexpr std::string_view kEvents[] = {"failed", "late", "done", "stalled", "resumed"};
constexpr std::string_view kWhenBusy[] = {"queue", "skip", "cancel_running", "fail"};
constexpr std::string_view kUntil[] = {"end"};

struct Choices {
  Scope scope;
  std::string_view key;
  std::span<const std::string_view> words;
};

constexpr Choices kChoices[] = {
    {Scope::top, "on_failure", kPolicies},
    {Scope::slurm, "requeue", kRequeues},
    {Scope::task, "join", kJoins},
    {Scope::task, "cache", kCaches},
    {Scope::task, "on_failure", kPolicies},
    {Scope::resources, "bind", kBinds},
    {Scope::container, "runtime", kRuntimes},
    {Scope::need, "is", kConditions},
    {Scope::param, "type", kParamTypes},
    {Scope::output, "type", kOutputTypes},
    {Scope::trigger, "catch_up", kCatchUps},
    {Scope::trigger, "state", kEnds},
    {Scope::notify, "events", kEvents},
    {Scope::concurrency, "when_busy", kWhenBusy},
    {Scope::on_failure, "policy", kPolicies},
    {Scope::pool, "until", kUntil},
};

}  // namespace

std::span<const std::string_view> choices_of(Scope scope, std::string_view key) {
  for (const Choices& choices : kChoices)
    if (choices.scope == scope && choices.key == key) return choices.words;
  return {};
}

}  // namespace fugle::workflow
