// fugle status [RUN]: counts, what runs, when it will end. --watch repeats it until the run ends.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "app/find_run.hpp"
#include "app/read_status.hpp"
#include "app/stored_run.hpp"
#include "base/printable.hpp"

namespace fugle::app {
namespace {

constexpr auto kRefresh = std::chrono::seconds(1);

void print(const report::RunStatus& status, bool json) {
  const std::string text = json ? report::status_json(status) : printable(report::status_text(status));
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void watch(const std::string& run_dir, bool json) {
  const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
  for (;;) {
    const report::RunStatus status = read_status(run_dir, now());
    if (is_terminal && !json) fmt::print("\x1b[H\x1b[2J");
    print(status, json);
    if (status.condition != report::RunCondition::running) return;
    std::this_thread::sleep_for(kRefresh);
  }
}

}  // namespace

int status_verb(const Args& args) {
  Usage usage("status", "[RUN]", "Counts, what runs, what failed and when the run will end, read from its files.", 0,
              1);
  auto add = usage.options.add_options();
  add("json", "as JSON");
  add("watch", "again each second until the run ends");
  add_runs_dir_option(usage.options);
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  const std::string run_dir =
      find_run(runs_dir_from(*arguments), arguments->words.empty() ? "" : arguments->words.front());
  if (arguments->has("watch"))
    watch(run_dir, arguments->has("json"));
  else
    print(read_status(run_dir, now()), arguments->has("json"));
  return 0;
}

}  // namespace fugle::app
