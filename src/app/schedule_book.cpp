#include "app/schedule_book.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/access.hpp"
#include "app/job_submission.hpp"
#include "app/schedule.hpp"
#include "app/scrontab.hpp"
#include "app/small_file.hpp"
#include "app/stored_run.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "slurm/run_command.hpp"
#include "workflow/reader.hpp"
#include "workflow/triggers_reader.hpp"

namespace fugle::app {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::minutes;
using std::chrono::seconds;
using workflow::ScheduleTrigger;

constexpr Duration kLongestAnswer = minutes(1);
/// A job that begins so much too early waits for its time.
constexpr Duration kMostEarly = minutes(2);
/// What fired within this time is late, not missed: jobs wait in the queue.
constexpr Duration kFresh = minutes(5);

std::string folder_of(const std::string& runs_dir) { return runs_dir + "/schedules"; }
std::string file_of(const std::string& runs_dir, const std::string& workflow) {
  return fmt::format("{}/{}.json", folder_of(runs_dir), workflow);
}

/// One at a time changes a schedule.
class ScheduleLock {
 public:
  ScheduleLock(const std::string& runs_dir, const std::string& workflow) {
    make_private_directory(runs_dir, {});
    make_private_directory(folder_of(runs_dir), {});
    const std::string path = fmt::format("{}/{}.lock", folder_of(runs_dir), workflow);
    fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd_ < 0) throw EnvironmentError(fmt::format("cannot write {}; make it writable", path));
    (void)::flock(fd_, LOCK_EX);  // without it two would submit a link each, and the events are still claimed once
  }
  ~ScheduleLock() { ::close(fd_); }
  ScheduleLock(const ScheduleLock&) = delete;
  ScheduleLock& operator=(const ScheduleLock&) = delete;

 private:
  int fd_ = -1;
};

Json json_of(const Schedule& s) {
  Json triggers = Json::array();
  for (const ScheduleTrigger& t : s.triggers)
    triggers.push_back({{"schedule", t.text}, {"timezone", t.timezone}, {"catch_up", workflow::name_of(t.catch_up)}});
  return {{"workflow", s.workflow},
          {"file", s.file},
          {"submit_dir", s.submit_dir},
          {"runs_dir", s.runs_dir},
          {"submit", s.submit},
          {"link_options", s.link_options},
          {"scrontab", s.is_in_scrontab},
          {"handled_ns", to_ns(s.handled)},
          {"missed", s.num_missed},
          {"link", s.link},
          {"next_ns", s.next ? Json(to_ns(*s.next)) : Json()},
          {"triggers", triggers}};
}

std::vector<ScheduleTrigger> triggers_of(const Json& list) {
  std::vector<ScheduleTrigger> triggers;
  for (const Json& item : list) {
    workflow::Diagnostics diagnostics("");
    ScheduleTrigger trigger;
    trigger.text = item.at("schedule");
    trigger.timezone = item.at("timezone");
    const auto cron = workflow::parse_cron(trigger.text, {}, diagnostics);
    const auto catch_up = workflow::parse_catch_up(item.at("catch_up").get<std::string>(), {}, diagnostics);
    if (!cron || !catch_up) throw EnvironmentError(diagnostics.all().front().text);
    trigger.cron = *cron;
    trigger.catch_up = *catch_up;
    triggers.push_back(std::move(trigger));
  }
  return triggers;
}

Schedule schedule_of(const Json& json) {
  Schedule s;
  s.workflow = json.at("workflow");
  s.file = json.at("file");
  s.submit_dir = json.at("submit_dir");
  s.runs_dir = json.at("runs_dir");
  s.submit = json.at("submit").get<Args>();
  s.link_options = json.at("link_options").get<Args>();
  s.is_in_scrontab = json.at("scrontab");
  s.handled = from_ns(json.at("handled_ns"));
  s.num_missed = json.at("missed");
  s.link = json.at("link");
  if (!json.at("next_ns").is_null()) s.next = from_ns(json.at("next_ns"));
  s.triggers = triggers_of(json.at("triggers"));
  return s;
}

void write_schedule(const Schedule& s) {
  write_small_file(file_of(s.runs_dir, s.workflow),
                   json_of(s).dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::string serve_command(const Schedule& s) {
  return fmt::format("{} serve --once {} --runs-dir {}", quote_for_shell(fs::read_symlink("/proc/self/exe").string()),
                     quote_for_shell(s.file), quote_for_shell(s.runs_dir));
}

/// The next link of the chain; its id stands in the file before anything is submitted.
void submit_link(Schedule& s, Time now) {
  s.next = next_firing(s.triggers, now);
  if (!s.next) return;
  const auto rest = std::chrono::ceil<seconds>(*s.next - now).count();
  std::vector<std::string> argv{"sbatch",
                                "--parsable",
                                fmt::format("--begin=now+{}", rest),
                                "--job-name=fugle-" + s.workflow,
                                fmt::format("--output={}/{}.log", folder_of(s.runs_dir), s.workflow),
                                "--open-mode=append",
                                "--chdir=" + s.submit_dir,
                                "--ntasks=1",
                                "--time=10"};
  argv.insert(argv.end(), s.link_options.begin(), s.link_options.end());
  argv.push_back("--wrap=exec " + serve_command(s));
  const slurm::Answer answer = slurm::run_command(argv, kLongestAnswer);
  const auto job = parse_job_name(answer.output);
  if (!answer.is_good() || !job)
    throw EnvironmentError(
        fmt::format("the next time of '{}' is not scheduled (sbatch: {}); repair it by: fugle submit {}", s.workflow,
                    answer.complaint.substr(0, answer.complaint.find('\n')), quote_for_shell(s.file)));
  s.link = job->id;
  write_schedule(s);
}

void cancel_link(const Schedule& s) {
  if (!s.link.empty()) (void)slurm::run_command({"scancel", s.link}, kLongestAnswer);
}

/// The file as it is now; while it is wrong, as it was.
void refresh_triggers(Schedule& s) {
  workflow::Diagnostics diagnostics(s.file);
  try {
    const auto workflow = workflow::read_workflow(workflow::read_file(s.file), diagnostics);
    if (workflow) s.triggers = workflow->triggers.schedules;
  } catch (const Error& problem) {
    fmt::print(stderr, "fugle: {}\n", problem.what());
  }
  fmt::print(stderr, "{}", diagnostics.to_text());
}

/// Zero, or the worst exit code.
int submit_due(const Schedule& s, const Due& due) {
  int worst = 0;
  for (const Firing& firing : due.run) {
    Args words{"submit"};
    words.insert(words.end(), s.submit.begin(), s.submit.end());
    const auto dashes = std::ranges::find(words, "--");
    words.insert(dashes, {"--event", event_id(firing.at)});
    try {
      fmt::print("{} fires for {}\n", s.workflow, format_time(firing.at));
      std::fflush(stdout);
      worst = std::max(worst, dispatch(words));
    } catch (const ConflictError& known) {
      fmt::print("{}\n", known.what());  // another one was faster
    } catch (const Error& problem) {
      fmt::print(stderr, "fugle: {}\n", problem.what());
      worst = std::max(worst, static_cast<int>(problem.code()));
    }
  }
  return worst;
}

std::optional<Schedule> find_schedule(const std::string& runs_dir, const std::string& file) {
  for (Schedule& s : list_schedules(runs_dir))
    if (s.file == file) return std::move(s);
  return std::nullopt;
}

}  // namespace

std::optional<Schedule> read_schedule(const std::string& runs_dir, const std::string& workflow) {
  const std::string path = file_of(runs_dir, workflow);
  const auto text = read_small_file(path);
  if (!text) return std::nullopt;
  try {
    return schedule_of(Json::parse(*text));
  } catch (const std::exception& problem) {
    throw EnvironmentError(
        fmt::format("cannot read {} ({}); remove it, and fugle submit the file again", path, problem.what()));
  }
}

std::vector<Schedule> list_schedules(const std::string& runs_dir) {
  std::vector<Schedule> schedules;
  std::error_code problem;
  for (fs::directory_iterator entry(folder_of(runs_dir), problem), end; !problem && entry != end;
       entry.increment(problem))
    if (entry->path().extension() == ".json")
      if (auto schedule = read_schedule(runs_dir, entry->path().stem().string()))
        schedules.push_back(*std::move(schedule));
  std::ranges::sort(schedules, {}, &Schedule::workflow);
  return schedules;
}

std::string schedule_line(const Schedule& s, Time now) {
  const auto next = s.is_in_scrontab ? next_firing(s.triggers, now) : s.next;
  std::string line = fmt::format("{}: next {} by {}", s.workflow, next ? format_time(*next) : "never",
                                 s.is_in_scrontab ? "scrontab" : "job " + s.link);
  if (s.num_missed > 0) line += fmt::format(", {} missed", s.num_missed);
  if (!s.is_in_scrontab && next && now - *next > kFresh)
    line += fmt::format("; OVERDUE (was job {} cancelled?), repair it by: fugle submit {}", s.link,
                        quote_for_shell(s.file));
  return line;
}

void install_schedule(Schedule schedule, Time now) {
  const ScheduleLock lock(schedule.runs_dir, schedule.workflow);
  const auto known = read_schedule(schedule.runs_dir, schedule.workflow);
  if (known && known->file != schedule.file)
    throw ConflictError(
        fmt::format("'{}' is scheduled already, from {} (one schedule for each name of a workflow); "
                    "rename one, or: fugle submit --unschedule {}",
                    schedule.workflow, known->file, quote_for_shell(known->file)));
  schedule.handled = known ? known->handled : now;
  schedule.num_missed = known ? known->num_missed : 0;
  for (const ScheduleTrigger& trigger : schedule.triggers) (void)ScopedTimeZone(trigger.timezone);
  if (known) cancel_link(*known);
  schedule.is_in_scrontab = has_scrontab() && shows_local_time(schedule.triggers, now);
  if (schedule.is_in_scrontab) {
    write_schedule(schedule);
    install_in_scrontab(schedule.file, schedule.triggers, schedule.link_options, serve_command(schedule));
  } else {
    submit_link(schedule, now);
  }
  fmt::print("{}\n  fugle history\n  fugle submit --unschedule {}\n", schedule_line(schedule, now),
             quote_for_shell(schedule.file));
}

void remove_schedule(const std::string& runs_dir, const std::string& file) {
  const auto found = find_schedule(runs_dir, file);
  if (!found) throw UsageError(fmt::format("{} is not scheduled in {}; nothing to take back", file, runs_dir));
  const ScheduleLock lock(runs_dir, found->workflow);
  const auto schedule = read_schedule(runs_dir, found->workflow);  // by now its link may be another one
  if (!schedule) return;
  if (schedule->is_in_scrontab) remove_from_scrontab(schedule->file);
  cancel_link(*schedule);
  fs::remove(file_of(runs_dir, schedule->workflow));
  fmt::print("{} is no longer scheduled\n", schedule->workflow);
}

int fire_schedules(const std::string& file, const std::string& runs_dir) {
  leave_surroundings();
  const std::string path = fs::absolute(file).lexically_normal().string();
  const auto found = find_schedule(runs_dir, path);
  if (!found) {
    fmt::print("{} is not scheduled (any more); 'fugle submit' schedules it\n", path);
    return 0;
  }
  const ScheduleLock lock(runs_dir, found->workflow);
  auto schedule = read_schedule(runs_dir, found->workflow);
  if (!schedule) return 0;
  if (schedule->next && *schedule->next > now() && *schedule->next - now() < kMostEarly)
    std::this_thread::sleep_for(*schedule->next - now() + std::chrono::milliseconds(1));
  fs::current_path(schedule->submit_dir);
  refresh_triggers(*schedule);
  const Time time = now();
  // The next link first: whatever happens to this one, the chain goes on.
  if (!schedule->is_in_scrontab && (!schedule->next || *schedule->next <= time)) submit_link(*schedule, time);
  const Due due = due_firings(schedule->triggers, schedule->handled, time, kFresh);
  const int exit_code = submit_due(*schedule, due);
  schedule->handled = time;
  schedule->num_missed += due.num_missed;
  write_schedule(*schedule);
  if (due.num_missed > 0) fmt::print("{} of {} were missed\n", due.num_missed, schedule->workflow);
  return exit_code;
}

Args link_options_of(const workflow::SlurmRequest& request) {
  Args options;
  const auto add = [&](const char* option, const std::string& value) {
    if (!value.empty()) options.push_back(fmt::format("--{}={}", option, value));
  };
  add("account", request.account);
  add("partition", request.partition);
  add("qos", request.qos);
  add("reservation", request.reservation);
  return options;
}

}  // namespace fugle::app
