// What comes before a launcher: `launch` and `become` of rank_modes.hpp.
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "executor/slurm_variables.hpp"
#include "executor/spawner/rank_modes.hpp"

extern char** environ;

namespace fugle::spawner {
namespace {

constexpr const char* kHints = "FUGLE_LAUNCHER_HINTS";
constexpr std::string_view kMpiOption = "--mpi=";

void drop_hints() {
  const char* hints = std::getenv(kHints);
  std::string names = hints == nullptr ? "" : hints;
  for (char* rest = names.data(); *rest != '\0';) {
    char* const name = rest;
    rest += std::strcspn(rest, " ");
    if (*rest != '\0') *rest++ = '\0';
    ::unsetenv(name);
  }
  ::unsetenv(kHints);
}

void drop_options_for_srun() {
  std::vector<std::string> dropped;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if ((text.starts_with("SLURM") && !executor::tells_of_job(text)) || text.starts_with("SRUN_"))
      dropped.emplace_back(text.substr(0, text.find('=')));
  }
  for (const std::string& name : dropped) ::unsetenv(name.c_str());
}

/// Both of its outputs; the list comes on either, by version.
std::string output_of(const std::vector<std::string>& words) {
  int pipe[2];
  if (::pipe(pipe) != 0) return {};
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(pipe[1], STDOUT_FILENO);
    ::dup2(pipe[1], STDERR_FILENO);
    ::close(pipe[0]);
    ::close(pipe[1]);
    ::_exit(become(words));
  }
  ::close(pipe[1]);
  std::string text;
  char piece[4096];
  for (ssize_t n; pid > 0 && ((n = ::read(pipe[0], piece, sizeof piece)) > 0 || (n < 0 && errno == EINTR));)
    if (n > 0) text.append(piece, static_cast<std::size_t>(n));
  ::close(pipe[0]);
  if (pid > 0) ::waitpid(pid, nullptr, 0);
  return text;
}

bool has_word(std::string_view text, std::string_view word) {
  const auto is_of_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const bool begins = at == 0 || !is_of_word(text[at - 1]);
    const std::size_t end = at + word.size();
    if (begins && (end == text.size() || !is_of_word(text[end]))) return true;
  }
  return false;
}

using Words = std::vector<std::string>;

struct LaunchOrder {
  bool uses_srun = false;
  std::size_t num_of_srun = 0;    ///< words that call srun, where there is a choice
  std::size_t num_of_mpirun = 0;  ///< 0: there is none
  Words variables;
  Words words;
};

LaunchOrder read_order(Words words) {
  LaunchOrder order;
  std::size_t at = 0;
  for (; at < words.size() && words[at] != "--"; ++at) {
    if (words[at] == "--srun") {
      order.uses_srun = true;
    } else if (words[at] == "--choose" && at + 2 < words.size()) {
      order.uses_srun = true;
      order.num_of_srun = std::strtoul(words[at + 1].c_str(), nullptr, 10);
      order.num_of_mpirun = std::strtoul(words[at + 2].c_str(), nullptr, 10);
      at += 2;
    } else {
      order.variables.push_back(std::move(words[at]));
    }
  }
  for (++at; at < words.size(); ++at) order.words.push_back(std::move(words[at]));
  return order;
}

void choose(LaunchOrder& order, const std::string& option) {
  order.uses_srun = option == "--mpi=pmix";
  const auto begin = order.words.begin();
  const auto end_of_srun = begin + static_cast<std::ptrdiff_t>(order.num_of_srun);
  if (order.uses_srun)
    order.words.erase(end_of_srun, end_of_srun + static_cast<std::ptrdiff_t>(order.num_of_mpirun));
  else
    order.words.erase(begin, end_of_srun);
}

/// Its own options only: the program's come after the first word that is none.
void set_mpi_option(Words& words, const std::string& option) {
  for (std::size_t i = 1; i < words.size() && words[i].starts_with('-'); ++i) {
    if (words[i] != "--mpi=pmix") continue;
    if (option.empty())
      words.erase(words.begin() + static_cast<std::ptrdiff_t>(i));
    else
      words[i] = option;
    return;
  }
}

void prepare_srun(LaunchOrder& order) {
  drop_options_for_srun();
  const std::string option = mpi_option(output_of({order.words.front(), "--mpi=list"}));
  if (order.num_of_mpirun > 0) choose(order, option);
  if (!order.uses_srun) return;
  set_mpi_option(order.words, option);
  for (const std::string& variable : order.variables)
    if (const std::size_t at = variable.find('='); at != std::string::npos)
      ::setenv(variable.substr(0, at).c_str(), variable.c_str() + at + 1, 1);
}

}  // namespace

std::string mpi_option(const std::string& list) {
  const bool is_a_list = has_word(list, "none") || has_word(list, "pmi2");
  if (!is_a_list || has_word(list, "pmix")) return std::string(kMpiOption) + "pmix";
  return has_word(list, "pmi2") ? std::string(kMpiOption) + "pmi2" : std::string();
}

int launch(std::vector<std::string> words) {
  LaunchOrder order = read_order(std::move(words));
  if (order.words.size() <= order.num_of_srun + order.num_of_mpirun) {
    std::fputs("fugle-spawner --launch is used by fugle itself; use 'fugle run'\n", stderr);
    return 2;
  }
  drop_hints();
  if (order.uses_srun) prepare_srun(order);
  return become(std::move(order.words));
}

int become(std::vector<std::string> words) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  const int error = errno;
  std::fprintf(stderr, "fugle: cannot start '%s' (%s)\n", argv[0], std::strerror(error));
  return error == ENOENT ? 127 : 126;
}

}  // namespace fugle::spawner
