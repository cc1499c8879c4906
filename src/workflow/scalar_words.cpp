// The parse_ functions of scalar.hpp for values that are one of a few words, or are made of words.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>

#include "base/text.hpp"
#include "workflow/scalar.hpp"

namespace fugle::workflow {

std::optional<graph::OnFailure> parse_on_failure(std::string_view text, Position at, Diagnostics& diagnostics) {
  constexpr std::array<std::string_view, 4> kWords{"skip_dependents", "drain", "stop", "ignore"};
  constexpr std::array kPolicies{graph::OnFailure::skip_dependents, graph::OnFailure::drain, graph::OnFailure::stop,
                                 graph::OnFailure::ignore};
  for (std::size_t i = 0; i < kWords.size(); ++i)
    if (text == kWords[i]) return kPolicies[i];
  diagnostics.error("E112", at,
                    fmt::format("'on_failure' is {}; one of skip_dependents, drain, stop, ignore", in_quotes(text)),
                    std::string(nearest_word(text, kWords).value_or("")));
  return std::nullopt;
}

std::optional<graph::Bind> parse_bind(std::string_view text, Position at, Diagnostics& diagnostics) {
  constexpr std::array<std::string_view, 5> kWords{"core", "l3", "numa", "socket", "none"};
  constexpr std::array kBinds{graph::Bind::core, graph::Bind::l3, graph::Bind::numa, graph::Bind::socket,
                              graph::Bind::none};
  for (std::size_t i = 0; i < kWords.size(); ++i)
    if (text == kWords[i]) return kBinds[i];
  diagnostics.error("E112", at, fmt::format("'bind' is {}; one of core, l3, numa, socket, none", in_quotes(text)),
                    std::string(nearest_word(text, kWords).value_or("")));
  return std::nullopt;
}

std::optional<graph::ContainerRuntime> parse_runtime(std::string_view text, Position at, Diagnostics& diagnostics) {
  constexpr std::array<std::string_view, 3> kWords{"apptainer", "podman", "pyxis"};
  constexpr std::array kRuntimes{graph::ContainerRuntime::apptainer, graph::ContainerRuntime::podman,
                                 graph::ContainerRuntime::pyxis};
  for (std::size_t i = 0; i < kWords.size(); ++i)
    if (text == kWords[i]) return kRuntimes[i];
  diagnostics.error("E112", at, fmt::format("'runtime' is {}; one of apptainer, podman, pyxis", in_quotes(text)),
                    std::string(nearest_word(text, kWords).value_or("")));
  return std::nullopt;
}

std::optional<Requeue> parse_requeue(std::string_view text, Position at, Diagnostics& diagnostics) {
  if (text == "auto") return Requeue::automatic;
  if (text == "never") return Requeue::never;
  diagnostics.error("E112", at, fmt::format("'requeue' is {}; one of auto, never", in_quotes(text)));
  return std::nullopt;
}

std::optional<Placing> parse_place(std::string_view text, Position at, Diagnostics& diagnostics) {
  if (text == "pack") return Placing{graph::Place::pack, {}};
  if (text == "spread") return Placing{graph::Place::spread, {}};
  if (constexpr std::string_view kNear = "near:"; text.starts_with(kNear)) {
    std::string_view task = text.substr(kNear.size());
    task.remove_prefix(std::min(task.find_first_not_of(' '), task.size()));
    if (!task.empty()) return Placing{graph::Place::near, std::string(task)};
  }
  constexpr std::array<std::string_view, 2> kWords{"pack", "spread"};
  diagnostics.error("E112", at, fmt::format("'place' is {}; one of pack, spread, near: TASK", in_quotes(text)),
                    std::string(nearest_word(text, kWords).value_or("")));
  return std::nullopt;
}

std::optional<std::string> parse_launcher(std::string_view text, Position at, Diagnostics& diagnostics) {
  constexpr std::array<std::string_view, 4> kWords{"auto", "srun", "mpirun", "none"};
  constexpr std::array<std::string_view, 4> kPlaceholders{"{ranks}", "{nodes}", "{hostlist}", "{cores}"};
  const auto holds = [&](std::string_view placeholder) { return text.find(placeholder) != std::string_view::npos; };
  if (std::ranges::find(kWords, text) != kWords.end() || std::ranges::any_of(kPlaceholders, holds))
    return std::string(text);
  diagnostics.error("E112", at,
                    fmt::format("'launcher' is {}; one of {}, or a template like 'mpiexec -n {{ranks}}' with one of {}",
                                in_quotes(text), fmt::join(kWords, ", "), fmt::join(kPlaceholders, " ")),
                    std::string(nearest_word(text, kWords).value_or("")));
  return std::nullopt;
}

std::optional<int> parse_signal(std::string_view key, std::string_view text, Position at, Diagnostics& diagnostics) {
  const std::string_view name = text.starts_with("SIG") ? text.substr(3) : text;
  for (int signal = 1; signal < NSIG; ++signal) {
    const char* known = ::sigabbrev_np(signal);
    if (known != nullptr && name == known && signal != SIGKILL && signal != SIGSTOP) return signal;
  }
  diagnostics.error("E112", at,
                    fmt::format("'{}' is {}; the name of a signal that a program can act upon, e.g. USR1 or TERM", key,
                                in_quotes(text)));
  return std::nullopt;
}

std::optional<std::string> parse_plugin(std::string_view text, Position at, Diagnostics& diagnostics) {
  const std::size_t colon = text.rfind(':');
  const bool is_plugin = colon != std::string_view::npos && colon + 1 < text.size() &&
                         text.find_first_of(" \t\n/", colon) == std::string_view::npos;
  if (is_plugin) return std::string(text);
  diagnostics.error("E112", at, fmt::format("'plugin' is {}; write library:function", in_quotes(text)));
  return std::nullopt;
}

}  // namespace fugle::workflow
