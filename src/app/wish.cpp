#include "app/wish.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "app/arguments.hpp"
#include "app/control.hpp"
#include "app/find_run.hpp"
#include "app/run_directory.hpp"
#include "app/stored_run.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "store/journal_follower.hpp"
#include "store/run_lock.hpp"

namespace fugle::app {
namespace {

using namespace std::chrono_literals;
using scheduler::EventKind;
using scheduler::State;

/// What the journal said about a wish.
enum class Answer : std::uint8_t { granted, started, ended, none };

class Wish {
 public:
  Wish(const WishVerb& verb, std::string run_dir, std::string element)
      : verb_(verb),
        run_dir_(std::move(run_dir)),
        run_(std::filesystem::path(run_dir_).filename().string()),
        element_(std::move(element)),
        journal_(run_dir_) {}

  int make() {
    {
      const StoredRun stored(run_dir_);
      id_ = find_element(stored.graph(), run_, element_);
      element_ = stored.graph().id(id_);
      if (is_so_already(stored)) return 0;
    }
    (void)journal_.poll();
    const bool is_running = store::find_lock_holder(run_dir_).has_value();
    const std::string who = fmt::format("{}@{}", user_name(), host_name());
    const std::string path = drop_command(run_dir_, {verb_.name, element_, who});
    if (!is_running || wait_until_taken(run_dir_, path) == Taken::no_head) return tell_that_it_waits();
    return tell(wait_for_answer());
  }

 private:
  [[nodiscard]] bool is_hold() const { return verb_.name == "hold"; }
  [[nodiscard]] std::string command(std::string_view verb) const {
    return fmt::format("fugle {} {} {}", verb, run_, quote_for_shell(element_));
  }

  /// Throws UsageError for what can never be.
  bool is_so_already(const StoredRun& stored) const {
    const State state = stored.state().state(id_);
    const bool is_running = stored.condition() == report::RunCondition::running;
    const bool is_live = is_running && scheduler::is_live(state);
    // Between two lives what did not end well is going to be tried again.
    const bool is_over = is_running ? scheduler::is_final(state) : stored.state().counts_as_ok(id_);
    if (is_hold() && (is_over || is_live))
      throw UsageError(fmt::format("{} is {} already (only what has not started can be held); see '{}'", element_,
                                   scheduler::name_of(state), command(is_live ? "cancel" : "why")));
    if (!is_hold() && state != State::held)
      throw UsageError(
          fmt::format("{} is {}, not held; see '{}'", element_, scheduler::name_of(state), command("why")));
    if (!is_hold() || state != State::held) return false;
    const std::string* who = stored.lives().holder_of(id_);
    fmt::print("{} is held already, by {}; let it start with: {}\n", element_, who == nullptr ? "somebody" : *who,
               command("release"));
    return true;
  }

  Answer wait_for_answer() {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (std::chrono::steady_clock::now() < deadline) {
      for (const scheduler::Event& event : journal_.poll()) {
        if (event.kind == EventKind::run_ended) return Answer::ended;
        if (event.element != id_) continue;
        if (event.kind == (is_hold() ? EventKind::hold_element : EventKind::release_element)) return Answer::granted;
        if (event.kind == EventKind::attempt_started || event.kind == EventKind::attempt_ended)
          return is_hold() ? Answer::started : Answer::granted;
        if (event.kind == EventKind::cancel_element) return Answer::ended;
      }
      std::this_thread::sleep_for(20ms);
    }
    return Answer::none;
  }

  int tell_that_it_waits() const {
    fmt::print("run {} is not running; {} will be {} when it goes on: fugle resume {}\n", run_, element_,
               is_hold() ? "held" : "released", run_);
    return 0;
  }

  int tell(Answer answer) const {
    switch (answer) {
      case Answer::granted:
        if (is_hold())
          fmt::print("{} is held; let it start with: {}\n", element_, command("release"));
        else
          fmt::print("{} is released\n", element_);
        return 0;
      case Answer::started:
        fmt::print(stderr, "fugle: {} started before it could be held; end it with: {}\n", element_, command("cancel"));
        break;
      case Answer::ended:
        fmt::print(stderr, "fugle: {} or its run ended before it could be {}; see: {}\n", element_,
                   is_hold() ? "held" : "released", command("why"));
        break;
      case Answer::none:
        fmt::print(stderr, "fugle: the head of {} took the wish, but nothing came of it within 10 s; see: {}\n", run_,
                   command("why"));
        break;
    }
    return static_cast<int>(ExitCode::failed);
  }

  const WishVerb& verb_;
  std::string run_dir_;
  std::string run_;
  std::string element_;
  ElementId id_;
  store::JournalFollower journal_;
};

}  // namespace

int wish_verb(const WishVerb& verb, const Args& args) {
  Usage usage(verb.name, "[RUN] E", verb.summary, 1, 2);
  add_runs_dir_option(usage.options);
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  auto [run_dir, element] = find_run_and_element(runs_dir_from(*arguments), arguments->words);
  if (element.empty())
    throw UsageError(
        fmt::format("'fugle {}' is for one element (a run is ended by 'fugle cancel'); name it: "
                    "fugle {} {} ELEMENT",
                    verb.name, verb.name, arguments->words.front()));
  return Wish(verb, std::move(run_dir), std::move(element)).make();
}

}  // namespace fugle::app
