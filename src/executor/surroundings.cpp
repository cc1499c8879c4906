#include "executor/surroundings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace fugle::executor {
namespace {

using graph::ContainerRuntime;
using Words = std::vector<std::string>;

constexpr std::string_view kSetup = "setup";  // what a state file holds during the user's lines
constexpr std::size_t kLongestProblem = 600;

void append(Words& words, Words more) {
  for (std::string& word : more) words.push_back(std::move(word));
}

/// Lmod and Environment Modules have an init file for each shell; /etc/profile.d has what the site wants besides.
std::string find_module_command(std::string_view shell) {
  return fmt::format(
      R"(command -v module >/dev/null 2>&1 || for __fugle_m in "${{LMOD_PKG:-/none}}/init/{0}" )"
      R"("${{MODULESHOME:-/none}}/init/{0}" /etc/profile.d/lmod.sh /etc/profile.d/z00_lmod.sh )"
      R"(/etc/profile.d/modules.sh /usr/share/lmod/lmod/init/{0} /usr/share/modules/init/{0} )"
      R"(/usr/share/Modules/init/{0} /opt/cray/pe/lmod/lmod/init/{0}; )"
      R"(do [ -r "$__fugle_m" ] && . "$__fugle_m" && command -v module >/dev/null 2>&1 && break; done; )",
      shell);
}

/// The C version of Environment Modules fails without saying so by its exit code: then nothing was loaded, and it has
/// written "ERROR". Of ranks, which share the state file, what they write is in the log.
std::string load_modules(const Preparation& preparation, const std::string& state) {
  Words quoted;
  for (const std::string& module : preparation.modules) quoted.push_back(quote_for_shell(module));
  const std::string try_one =
      preparation.has_ranks
          ? std::string(R"(module load "$__fugle_m"; __fugle_s=$?; __fugle_t='see its log'; )")
          : fmt::format(R"(__fugle_l=${{LOADEDMODULES:-}}; module load "$__fugle_m" >| {0} 2>&1; __fugle_s=$?; )"
                        R"(__fugle_t=$(cat {0}); [ -z "$__fugle_t" ] || printf '%s\n' "$__fugle_t" >&2; )"
                        R"(case $__fugle_t in *ERROR*) [ "$__fugle_l" != "${{LOADEDMODULES:-}}" ] || )"
                        R"([ $__fugle_s -ne 0 ] || __fugle_s=1;; esac; )",
                        state);
  return fmt::format(
      R"(command -v module >/dev/null 2>&1 || {{ printf '%s' "there is no 'module' command here; its init file was )"
      R"(looked for in \$LMOD_PKG, \$MODULESHOME, /etc/profile.d and /usr/share" >| {0}; cat {0} >&2; exit 1; }}; )"
      R"(for __fugle_m in {1}; do {2}[ $__fugle_s -eq 0 ] || {{ printf 'module load %s: %s' "$__fugle_m" )"
      R"("$__fugle_t" >| {0}; exit 1; }}; done; )",
      state, join(quoted, " "), try_one);
}

/// The init files and functions of module systems can not stand -e and -u.
std::string modules_line(const Preparation& preparation, std::string_view shell, const std::string& state) {
  return fmt::format("__fugle_f=$-; set +eu; {}{}case $__fugle_f in *u*) set -u;; esac; ", find_module_command(shell),
                     load_modules(preparation, state)) +
         "case $__fugle_f in *e*) set -e;; esac; unset __fugle_f __fugle_m __fugle_s __fugle_t\n";
}

/// A failed line ends the shell also where its flags would let it go on.
std::string setup_lines(const Preparation& preparation, const std::string& state) {
  const std::string begin =
      preparation.has_ranks ? std::string() : fmt::format("printf '%s' {} >| {}; ", kSetup, state);
  return fmt::format("{}__fugle_f=$-; set -e\n{}\ncase $__fugle_f in *e*) ;; *) set +e;; esac; unset __fugle_f\n",
                     begin, preparation.setup);
}

/// Where it is looked for first by its name's beginning: "docker.io/library/alpine:3" is no file.
bool is_path(std::string_view image) { return image.starts_with('/'); }

std::string with_scheme(const std::string& image) {
  return is_path(image) || image.find("://") != std::string::npos ? image : "docker://" + image;
}

Words apptainer_words(const ContainerOrder& order) {
  Words words{order.program, "exec"};
  if (order.has_gpu) words.emplace_back(order.is_amd ? "--rocm" : "--nv");
  for (const std::string& folder : order.folders) append(words, {"--bind", folder});
  for (const std::string& bind : order.binds) append(words, {"--bind", bind});
  append(words, {"--pwd", order.workdir, with_scheme(order.image)});
  return words;
}

/// The environment of an image stays as it is, but for what the task sets; ranks meet through the host's.
Words podman_words(const ContainerOrder& order) {
  Words words{order.program, "run", "--rm", "--network=host", "--security-opt=label=disable"};
  if (!order.is_root) words.emplace_back("--userns=keep-id");
  if (order.has_ranks) append(words, {"--pid=host", "--ipc=host"});
  if (order.has_gpu)
    append(words,
           order.is_amd ? Words{"--device=/dev/kfd", "--device=/dev/dri"} : Words{"--device=nvidia.com/gpu=all"});
  for (const char* name : {"FUGLE_*", "SLURM_*", "OMP_*", "CUDA_*", "ROCR_*", "HIP_*", "ZE_*"})
    append(words, {"--env", name});
  if (order.has_ranks)
    for (const char* name : {"OMPI_*", "PMIX_*", "PMI_*", "MPI_*"}) append(words, {"--env", name});
  for (const std::string& name : order.variables) append(words, {"--env", name});
  for (const std::string& folder : order.folders) append(words, {"--volume", fmt::format("{0}:{0}", folder)});
  for (const std::string& bind : order.binds)
    append(words, {"--volume", bind.find(':') == std::string::npos ? fmt::format("{0}:{0}", bind) : bind});
  append(words, {"--workdir", order.workdir, order.image});
  return words;
}

}  // namespace

std::string_view same_shell(const std::vector<std::string>& shell) {
  if (shell.empty()) return {};
  std::string_view name = shell.front();
  name.remove_prefix(name.rfind('/') + 1);
  for (const std::string_view known : {"bash", "sh", "dash", "ksh", "zsh"})
    if (name == known) return known;
  return {};
}

std::string preparation_script(const Preparation& preparation, std::string_view shell) {
  const std::string state = quote_for_shell(preparation.state_file);
  const std::string_view init = shell == "dash" ? "sh" : shell;
  std::string script;
  if (preparation.has_ranks) script += fmt::format("trap '[ -s {0} ] || printf %s {1} > {0}' EXIT\n", state, kSetup);
  if (!preparation.modules.empty()) script += modules_line(preparation, init, state);
  if (!preparation.setup.empty()) script += setup_lines(preparation, state);
  if (!preparation.has_ranks) script += fmt::format(": >| {}\n", state);
  return script;
}

std::string preparation_before_words(const Preparation& preparation) {
  // Else the shell would leave by the trap when the command is not there.
  return preparation_script(preparation, "bash") + (preparation.has_ranks ? "trap - EXIT\n" : "") + "exec \"$@\"";
}

std::vector<std::string> container_words(const ContainerOrder& order) {
  switch (order.runtime) {
    case ContainerRuntime::apptainer: return apptainer_words(order);
    case ContainerRuntime::podman: return podman_words(order);
    default: return {};
  }
}

std::vector<std::string> pyxis_options(const ContainerOrder& order) {
  Words mounts;
  for (const std::string& folder : order.folders) mounts.push_back(fmt::format("{0}:{0}", folder));
  for (const std::string& bind : order.binds)
    mounts.push_back(bind.find(':') == std::string::npos ? fmt::format("{0}:{0}", bind) : bind);
  Words options{"--container-image=" + order.image};
  if (!mounts.empty()) options.push_back("--container-mounts=" + join(mounts, ","));
  options.push_back("--container-workdir=" + order.workdir);
  // What the image sets would win over what the task does.
  if (!order.variables.empty()) options.push_back("--container-env=" + join(order.variables, ","));
  return options;
}

std::vector<std::string> outermost(std::vector<std::string> folders) {
  std::ranges::sort(folders);
  Words kept;
  for (std::string& folder : folders) {
    if (folder.empty() || folder == "/") continue;
    const bool is_inside = std::ranges::any_of(
        kept, [&](const std::string& outer) { return folder == outer || folder.starts_with(outer + "/"); });
    if (!is_inside) kept.push_back(std::move(folder));
  }
  return kept;
}

ContainerRuntime choose_runtime(ContainerRuntime wanted, const ContainerRuntimes& there) {
  if (wanted != ContainerRuntime::automatic) return wanted;
  if (!there.apptainer.empty()) return ContainerRuntime::apptainer;
  if (!there.podman.empty()) return ContainerRuntime::podman;
  return there.has_pyxis ? ContainerRuntime::pyxis : ContainerRuntime::none;
}

std::string setup_problem(std::string_view state, std::string_view how_it_ended) {
  if (state.empty()) return {};
  if (state == kSetup)
    return fmt::format("setup failed: {}", how_it_ended.empty() ? "it ended the shell with exit code 0" : how_it_ended);
  std::string text;
  for (const char c : state.substr(0, kLongestProblem)) {
    const bool is_gap = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!is_gap)
      text += c;
    else if (!text.empty() && text.back() != ' ')
      text += ' ';
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

}  // namespace fugle::executor
