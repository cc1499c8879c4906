#include "app/notices.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/launch.hpp"
#include "app/small_file.hpp"
#include "app/stored_run.hpp"
#include "app/time_zone.hpp"
#include "base/error.hpp"
#include "base/printable.hpp"
#include "base/text.hpp"
#include "graph/element_text.hpp"
#include "slurm/run_command.hpp"
#include "store/journal_reader.hpp"

namespace fugle::app {
namespace {

using Json = nlohmann::ordered_json;
using scheduler::EventKind;
using scheduler::State;
using workflow::RunEvent;

constexpr Duration kLimit = std::chrono::seconds(60);      ///< of one command
constexpr Duration kStallTime = std::chrono::minutes(10);  ///< nothing runs although something waits
constexpr std::size_t kMostTold = 100'000;

std::string path_in(const std::string& run_dir) { return run_dir + "/notices.json"; }

void write_told(const std::string& run_dir, const Told& told) {
  const Json json{{"num_events", told.num_events}, {"late", told.late}, {"run_late", told.is_run_late}};
  try {
    write_small_file(path_in(run_dir), json.dump() + '\n');
  } catch (const EnvironmentError&) {
    // Something is told twice then.
  }
}

/// "mail" or "sendmail" with its path; empty: neither.
std::string find_mailer() {
  for (const char* name : {"mail", "mailx", "sendmail"})
    if (std::string path = find_program(name); !path.empty()) return path;
  for (const char* path : {"/usr/sbin/sendmail", "/usr/lib/sendmail"})
    if (::access(path, X_OK) == 0) return path;
  return {};
}

/// $1: where to run, $2 and on: of the script itself.
std::vector<std::string> in_shell(std::vector<std::string> words) {
  words.insert(words.begin(), {"sh", "-c"});
  words.insert(words.begin() + 3, "fugle-notify");
  return words;
}

std::string failure_line(const graph::Graph& graph, ElementId e, const scheduler::RunState& run) {
  const int code = run.exit_code(e);
  const std::string_view cls = graph::name_of(run.failure(e));
  if (run.failure(e) == graph::FailureClass::error) return fmt::format("{} ({}, exit code {})", graph.id(e), cls, code);
  return fmt::format("{} ({})", graph.id(e), cls);
}

bool is_bad(const scheduler::RunState& run, ElementId e) {
  return !run.graph().is_gate(e) && run.state(e) == State::failed && !run.counts_as_ok(e) && run.has_answered(e);
}

/// In the words of FORMAT.
std::string state_of(int exit_code) {
  switch (static_cast<ExitCode>(exit_code)) {
    case ExitCode::ok: return "OK";
    case ExitCode::incomplete: return "INCOMPLETE";
    case ExitCode::interrupted: return "CANCELLED";
    default: return "FAILED";
  }
}

std::string command_of(const workflow::Notice& notice, const std::string& state) {
  graph::SlotValues slots;
  slots.run_state = state;
  return graph::fill_slots(notice.command, slots);
}

/// Failures that are in the journal beyond what was looked at.
template <class Use>
void each_untold_failure(const std::vector<scheduler::Event>& events, std::uint64_t looked_at,
                         const scheduler::RunState& run, Use use) {
  std::set<ElementId> seen;
  for (std::size_t i = looked_at; i < events.size(); ++i) {
    const ElementId e = events[i].element;
    if (!e.is_valid() || e.value() >= run.graph().num_elements() || !is_bad(run, e)) continue;
    if (seen.insert(e).second) use(e);
  }
}

}  // namespace

// What is not there or damaged was not told: better twice than never.
Told read_told(const std::string& run_dir) {
  Told told;
  const auto text = read_small_file(path_in(run_dir));
  const Json json = text ? Json::parse(*text, nullptr, false) : Json();
  if (!json.is_object()) return told;
  if (json.contains("num_events") && json["num_events"].is_number_unsigned())
    told.num_events = json["num_events"].get<std::uint64_t>();
  if (json.contains("late") && json["late"].is_array())
    for (const Json& element : json["late"])
      if (element.is_number_unsigned()) told.late.insert(element.get<std::uint32_t>());
  told.is_run_late = json.contains("run_late") && json["run_late"] == Json(true);
  return told;
}

std::vector<std::string> notice_command(const workflow::Notice& notice, const NoticeText& text, const RunFacts& facts,
                                        const std::string& run_dir, const std::string& state) {
  std::vector<std::string> command{"env"};
  for (const std::string& secret : facts.rules.secrets) command.insert(command.end(), {"-u", secret});
  const auto set = [&](const char* name, const std::string& value) { command.push_back(fmt::format("{}={}", name, value)); };
  const std::string title = fmt::format("{}: {}", facts.run, text.subject);
  set("FUGLE_RUN_ID", facts.run);
  set("FUGLE_RUN_DIR", run_dir);
  set("FUGLE_WORKFLOW", facts.workflow);
  set("FUGLE_RUN_STATE", state);
  set("FUGLE_EVENTS", join(text.events, " "));
  set("FUGLE_NUM_FAILED", std::to_string(text.counts[static_cast<std::size_t>(RunEvent::failed)]));
  set("FUGLE_NUM_LATE", std::to_string(text.counts[static_cast<std::size_t>(RunEvent::late)]));
  set("FUGLE_MESSAGE", title + "\n" + text.body);
  std::vector<std::string> words;
  if (!notice.command.empty()) {
    words = in_shell({R"(cd -- "$1" && exec bash -euo pipefail -c "$2")", facts.rules.directory, command_of(notice, state)});
  } else if (!notice.file.empty()) {
    words = in_shell({R"sh(printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$2" >> "$1")sh", notice.file,
                      fmt::format("{} {} ({})", facts.run, state, text.subject)});
  } else {
    const std::string mailer = find_mailer();
    const bool is_sendmail = mailer.ends_with("sendmail");
    words = in_shell({is_sendmail ? R"(printf 'To: %s\nSubject: %s\n\n%s\n' "$2" "$3" "$FUGLE_MESSAGE" | "$1" -t)"
                                  : R"(printf '%s\n' "$FUGLE_MESSAGE" | "$1" -s "$3" -- "$2")",
                      mailer.empty() ? "mail" : mailer, notice.mail, "fugle: " + title});
  }
  command.insert(command.end(), words.begin(), words.end());
  return command;
}

Time next_time_of_day(const workflow::ClockTime& clock, Time after) {
  constexpr Duration kDay = std::chrono::hours(24);
  const ScopedTimeZone zone(clock.is_local ? "" : "UTC");
  for (int day = 0; day < 3; ++day) {
    workflow::CivilMinute minute = zone.civil(after + day * kDay);
    minute.hour = clock.hour;
    minute.minute = clock.minute;
    for (const Time time : zone.times_of(minute))
      if (time > after) return time;
    if (zone.times_of(minute).empty())
      if (const Time time = zone.jump_over(minute); time > after) return time;
  }
  return kNever;
}

Time deadline_of(const RunFacts& facts, Time first_life) {
  if (facts.deadline_at != kNever) return facts.deadline_at;
  return facts.rules.deadline > Duration{0} ? first_life + facts.rules.deadline : kNever;
}

Notices::Notices(const RunFacts& facts, std::string run_dir, const scheduler::RunState& run, slurm::Errands* messenger,
                 Time now)
    : facts_(facts), run_dir_(std::move(run_dir)), messenger_(messenger), deadline_(deadline_of(facts, now)) {
  if (messenger_ != nullptr)
    for (const workflow::Notice& notice : facts_.rules.notices) books_.emplace_back(notice.events);
  if (run.num_lives() == 0) return;
  told_ = read_told(run_dir_);
  const store::Recovered recovered = store::read_journal(run_dir_);
  if (!recovered.events.empty()) deadline_ = deadline_of(facts_, recovered.events.front().start);
  each_untold_failure(recovered.events, told_.num_events, run, [&](ElementId e) { note_failure(run, e, now); });
  num_seen_ = recovered.events.size();
  note(RunEvent::resumed, fmt::format("life {} of the run", run.num_lives() + 1), now);
}

bool Notices::are_wanted(const RunFacts& facts, const graph::Graph& graph) {
  bool may_be_late = facts.rules.deadline > Duration{0} || facts.deadline_at != kNever;
  for (std::uint32_t i = 0; i < graph.num_tasks() && !may_be_late; ++i)
    may_be_late = graph.task(TaskId(i)).late_after > Duration{0};
  return may_be_late || !facts.rules.notices.empty();
}

void Notices::note(RunEvent event, const std::string& line, Time now) {
  for (NoticeBook& book : books_) book.note(event, line, now);
  has_changed_ = true;
}

void Notices::note_failure(const scheduler::RunState& run, ElementId e, Time now) {
  if (failed_.insert(e).second) note(RunEvent::failed, failure_line(run.graph(), e, run), now);
}

/// Those that would have been tolerated, had there been fewer.
void Notices::note_other_failures(const scheduler::HeadView& view) {
  for (std::uint32_t i = 0; i < view.run.graph().num_elements() && view.run.count(State::failed) > 0; ++i)
    if (is_bad(view.run, ElementId(i))) note_failure(view.run, ElementId(i), view.now);
}

void Notices::on_events(const scheduler::HeadView& view, std::span<const scheduler::Event> events,
                        const scheduler::Effects& effects) {
  num_seen_ += events.size();
  for (const scheduler::Event& event : events)
    if (event.kind == EventKind::run_ended) last_reason_ = event.text;
  for (const ElementId e : effects.changed)
    if (is_bad(view.run, e)) note_failure(view.run, e, view.now);
}

void Notices::on_tick(const scheduler::HeadView& view) {
  look_for_lateness(view);
  look_for_stall(view);
  hear();
  send(view.now, NoticeBook::When::due, "RUNNING");
}

void Notices::on_end(const scheduler::HeadView& view) {
  look_for_lateness(view);
  note_other_failures(view);
}

void Notices::look_for_lateness(const scheduler::HeadView& view) {
  const graph::Graph& graph = view.run.graph();
  for (const scheduler::RunningAttempt& attempt : view.running) {
    const Duration limit = graph.task_of(attempt.element).late_after;
    if (limit == Duration{0} || view.now - attempt.start <= limit || told_.late.size() >= kMostTold) continue;
    if (!told_.late.insert(attempt.element.value()).second) continue;
    note_lateness(fmt::format("{} runs for {}, late_after is {}", graph.id(attempt.element),
                              format_duration(view.now - attempt.start), format_written(limit)),
                  view.now);
  }
  if (view.now <= deadline_ || told_.is_run_late || view.run.is_complete()) return;
  told_.is_run_late = true;
  note_lateness(fmt::format("the run, its deadline was {}", format_time(deadline_)), view.now);
}

void Notices::note_lateness(const std::string& line, Time now) {
  fmt::print(stderr, "{}fugle: late: {}\n", ::isatty(STDERR_FILENO) == 1 ? "\r\x1b[K" : "", line);
  note(RunEvent::late, line, now);
  keep_told();
}

void Notices::look_for_stall(const scheduler::HeadView& view) {
  const bool is_quiet = view.running.empty() && !view.run.is_complete();
  if (!is_quiet) {
    quiet_since_.reset();
    is_stall_told_ = false;
  } else if (!quiet_since_) {
    quiet_since_ = view.now;
  } else if (view.now - *quiet_since_ >= kStallTime && !is_stall_told_) {
    is_stall_told_ = true;
    note(RunEvent::stalled, fmt::format("nothing runs since {}", format_time(*quiet_since_)), view.now);
  }
}

void Notices::send(Time now, NoticeBook::When when, const std::string& state) {
  bool is_all_told = true;
  for (std::size_t i = 0; i < books_.size(); ++i) {
    const auto text = books_[i].take(now, when);
    if (text) {
      messenger_->ask(notice_command(facts_.rules.notices[i], *text, facts_, run_dir_, state), kLimit);
      ++num_asked_;
    }
    is_all_told = is_all_told && !books_[i].has_news();
  }
  if (!is_all_told || !has_changed_) return;
  has_changed_ = false;
  told_.num_events = num_seen_;
  keep_told();
}

void Notices::hear() {
  while (const auto answer = messenger_ == nullptr ? std::nullopt : messenger_->take()) {
    ++num_answered_;
    if (!answer->is_good())
      fmt::print(stderr, "fugle: a notice failed with exit code {}: {}\n", answer->exit_code,
                 printable(answer->complaint.substr(0, answer->complaint.find('\n'))));
  }
}

void Notices::keep_told() const { write_told(run_dir_, told_); }

void Notices::finish(int exit_code, bool goes_on, Time now) {
  const std::string state = state_of(exit_code);
  const std::string why = last_reason_.empty() ? "" : ": " + last_reason_;
  if (last_reason_.starts_with("stalled")) note(RunEvent::stalled, last_reason_, now);
  if (!goes_on) note(RunEvent::done, fmt::format("the run is {}{}", state, why), now);
  has_changed_ = true;
  send(now, NoticeBook::When::now, state);
  while (num_answered_ < num_asked_) {
    hear();
    pollfd waiting{messenger_->fd(), POLLIN, 0};
    if (num_answered_ < num_asked_) ::poll(&waiting, 1, -1);  // each has its limit
  }
}

void tell_what_is_left(const std::string& run_dir, const std::string& why, Time now) {
  const RunFacts facts = read_run_facts(run_dir);
  if (facts.rules.notices.empty()) return;
  const StoredRun run(run_dir);
  Told told = read_told(run_dir);
  const store::Recovered recovered = store::read_journal(run_dir);
  for (const workflow::Notice& notice : facts.rules.notices) {
    NoticeBook book(notice.events);
    each_untold_failure(recovered.events, told.num_events, run.state(), [&](ElementId e) {
      book.note(RunEvent::failed, failure_line(run.graph(), e, run.state()), now);
    });
    book.note(RunEvent::stalled, why, now);
    if (const auto text = book.take(now, NoticeBook::When::now))
      (void)slurm::run_command(notice_command(notice, *text, facts, run_dir, "INTERRUPTED"), kLimit);
  }
  told.num_events = recovered.events.size();
  write_told(run_dir, told);
}

void check_notices(const workflow::RunRules& rules, workflow::Position at, workflow::Diagnostics& diagnostics) {
  const bool wants_mail =
      std::ranges::any_of(rules.notices, [](const workflow::Notice& notice) { return !notice.mail.empty(); });
  if (wants_mail && find_mailer().empty())
    diagnostics.warning("W10", at, "neither mail nor sendmail is here; notices by mail are not sent");
}

}  // namespace fugle::app
