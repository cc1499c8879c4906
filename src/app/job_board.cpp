#include "app/job_board.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.hpp"
#include "base/text.hpp"

namespace fugle::app {
namespace fs = std::filesystem;
namespace {

using std::chrono::seconds;

constexpr std::array<Duration, 5> kPauses{seconds(2), seconds(3), seconds(10), seconds(15), seconds(30)};
constexpr Duration kQuiet = seconds(60);       ///< after which the pauses begin anew
constexpr Duration kGivenUp = seconds(120);    ///< who asks and says nothing for so long is dead
constexpr Duration kForgotten = seconds(600);  ///< who waits and has not looked for so long is dead
constexpr std::size_t kMostJobs = 2000;        ///< of one question
constexpr char kWaiting[] = "wait.", kAsking[] = "ask.", kAnswer[] = "answer";
enum Question { squeue, sacct, scontrol, kNumQuestions };

std::string file_of(const JobName& job) { return kWaiting + job.id + (job.cluster.empty() ? "" : "@" + job.cluster); }

JobName name_in(const std::string& word) {
  const std::size_t at = word.find('@');
  return {word.substr(0, at), at == std::string::npos ? "" : word.substr(at + 1)};
}

std::int64_t number_in(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Since the file was last touched.
std::optional<Duration> age_of(const std::string& path, Time now) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return now - from_ns(status.st_mtim.tv_sec * 1'000'000'000LL + status.st_mtim.tv_nsec);
}

void touch(const std::string& path, Time now) {
  const timespec time{to_ns(now) / 1'000'000'000, to_ns(now) % 1'000'000'000};
  const std::array<timespec, 2> times{time, time};
  ::utimensat(AT_FDCWD, path.c_str(), times.data(), 0);
}

bool is_over(const JobBoard::Known& known) {
  return !known.rows.empty() && std::ranges::all_of(known.rows, [](const auto& row) {
    return finality_of(row.second.state) == Finality::over;
  });
}

/// What Slurm says of an id it does not know, in all its commands.
bool denies_the_job(const slurm::Answer& answer) {
  return answer.complaint.find("Invalid job id specified") != std::string::npos;
}

void take(const std::vector<JobNews>& news, const std::string& cluster, JobBoard::Board& board) {
  for (const JobNews& row : news) {
    const auto known = board.jobs.find({row.base, cluster});
    if (known == board.jobs.end()) continue;
    JobNews& kept = known->second.rows[row.job];
    const std::string place = row.output.empty() ? kept.output : row.output;
    kept = row;
    kept.output = place;
    known->second.is_missing = known->second.is_forgotten = known->second.has_no_record = false;
  }
}

}  // namespace

JobBoard::JobBoard(std::string folder, Ask ask) : folder_(std::move(folder)), ask_(std::move(ask)) {
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST)
    throw EnvironmentError(fmt::format("cannot make {} ({}); make its parent writable", folder_, std::strerror(errno)));
}

void JobBoard::enter(const JobName& job, Time now) {
  entered_ = now;
  const std::string path = folder_ + "/" + file_of(job);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) throw EnvironmentError(fmt::format("cannot write {} ({}); free some space", path, std::strerror(errno)));
  ::close(fd);
  touch(path, now);
}

void JobBoard::leave(const JobName& job) { ::unlink((folder_ + "/" + file_of(job)).c_str()); }

JobBoard::View JobBoard::look(const JobName& job, Time now) {
  touch(folder_ + "/" + file_of(job), now);
  Board board = read();
  if (next_question(board, now) <= now && claim(board.question + 1, now)) {
    const Board latest = read();  // somebody may have been faster, and be done already
    if (latest.question == board.question) {
      if (now - board.asked > kQuiet) board.pause = 0;
      ++board.question;
      ask_for_all(board, now);
      publish(board);
    } else {
      board = latest;
    }
    ::unlink(fmt::format("{}/{}{}", folder_, kAsking, board.question).c_str());
  }
  View view;
  view.question = board.question;
  view.next_question = next_question(board, now);
  const auto known = board.jobs.find(job);
  if (known == board.jobs.end()) return view;
  for (const auto& [id, row] : known->second.rows) view.news.push_back(row);
  view.is_lost = known->second.is_missing && known->second.is_forgotten && known->second.has_no_record;
  return view;
}

Time JobBoard::next_question(const Board& board, Time now) const {
  if (now - board.asked > kQuiet) return std::max(entered_, board.asked) + kPauses[0];
  return board.asked + kPauses[std::min(board.pause, kPauses.size() - 1)];
}

bool JobBoard::claim(std::uint64_t question, Time now) const {
  const std::string path = fmt::format("{}/{}{}", folder_, kAsking, question);
  if (const auto age = age_of(path, now); age && *age > kGivenUp) ::unlink(path.c_str());
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  ::close(fd);
  touch(path, now);
  return true;
}

std::vector<JobName> JobBoard::waiting(Time now) const {
  std::vector<JobName> jobs;
  std::error_code problem;
  for (fs::directory_iterator entry(folder_, problem), end; !problem && entry != end; entry.increment(problem)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(kWaiting)) continue;
    const auto age = age_of(entry->path().string(), now);
    if (age && *age > kForgotten)
      ::unlink(entry->path().c_str());
    else
      jobs.push_back(name_in(name.substr(std::strlen(kWaiting))));
  }
  std::ranges::sort(jobs);
  return jobs;
}

void JobBoard::ask_for_all(Board& board, Time now) const {
  std::map<JobName, Known> kept;
  for (const JobName& job : waiting(now)) kept[job] = board.jobs[job];
  board.jobs = std::move(kept);

  const bool some_missing = std::ranges::any_of(board.jobs, [](const auto& job) { return job.second.is_missing; });
  board.kind = some_missing ? (board.kind + 1) % kNumQuestions : squeue;
  std::vector<JobName> open;
  for (const auto& [name, known] : board.jobs)
    if (!is_over(known) && (board.kind == squeue || known.is_missing)) open.push_back(name);
  board.asked = now;
  board.pause = std::min(board.pause + 1, kPauses.size() - 1);
  if (open.empty()) return;

  // One command asks one cluster, and for as many jobs as its answer has room for: the others have their turn.
  const std::string cluster = open[board.question % open.size()].cluster;
  std::erase_if(open, [&](const JobName& job) { return job.cluster != cluster; });
  std::ranges::rotate(open, open.begin() + static_cast<std::ptrdiff_t>(board.question * kMostJobs % open.size()));
  open.resize(std::min(open.size(), board.kind == scontrol ? 1 : kMostJobs));
  std::vector<std::string> ids;
  for (const JobName& job : open) ids.push_back(job.id);

  const slurm::Answer answer = ask_(board.kind == squeue  ? squeue_command(ids, cluster)
                                    : board.kind == sacct ? sacct_command(ids, cluster)
                                                          : scontrol_command(ids[0], cluster));
  const auto of_open = [&](auto change) {
    for (const JobName& job : open) change(board.jobs[job]);
  };
  if (board.kind == squeue && (answer.is_good() || denies_the_job(answer)))
    of_open([](Known& known) { known.is_missing = true; });
  if (board.kind != sacct && open.size() == 1 && denies_the_job(answer))
    of_open([](Known& known) { known.is_forgotten = true; });
  const bool no_accounting = answer.complaint.find("accounting storage is disabled") != std::string::npos;
  if (board.kind == sacct && (answer.is_good() || no_accounting))
    of_open([](Known& known) { known.has_no_record = true; });
  if (answer.is_good())
    take(board.kind == squeue  ? parse_squeue(answer.output)
         : board.kind == sacct ? parse_sacct(answer.output)
                               : parse_scontrol(answer.output),
         cluster, board);
}

JobBoard::Board JobBoard::read() const {
  std::ifstream file(folder_ + "/" + kAnswer, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return decode_board(text.str());
}

void JobBoard::publish(const Board& board) const {
  const std::string path = folder_ + "/" + kAnswer;
  const std::string draft = fmt::format("{}.{}", path, board.question);
  {
    std::ofstream file(draft, std::ios::binary | std::ios::trunc);
    file << encode(board);
    if (!file.flush()) throw EnvironmentError(fmt::format("cannot write {}; free some space", draft));
  }
  if (::rename(draft.c_str(), path.c_str()) != 0)
    throw EnvironmentError(fmt::format("cannot write {} ({})", path, std::strerror(errno)));
}

std::string encode(const JobBoard::Board& board) {
  std::string text = fmt::format("asked {} {} {} {}\n", board.question, to_ns(board.asked), board.pause, board.kind);
  for (const auto& [job, known] : board.jobs) {
    text += fmt::format("job {} {} {} {} {}\n", job.id, job.cluster.empty() ? "-" : job.cluster, int(known.is_missing),
                        int(known.is_forgotten), int(known.has_no_record));
    for (const auto& [id, row] : known.rows)
      text += fmt::format("row {} {} {} {} {}\n", id, row.state, row.exit_code, row.signal, row.output);
  }
  return text;
}

JobBoard::Board decode_board(const std::string& text) {
  JobBoard::Board board;
  JobBoard::Known* known = nullptr;
  std::string base;
  for (const std::string_view line : split(text, '\n')) {
    const auto words = split(line, ' ');
    if (words[0] == "asked" && words.size() == 5) {
      board.question = static_cast<std::uint64_t>(number_in(words[1]));
      board.asked = from_ns(number_in(words[2]));
      board.pause = static_cast<std::size_t>(number_in(words[3]));
      board.kind = static_cast<int>(number_in(words[4]));
    } else if (words[0] == "job" && words.size() == 6) {
      base = words[1];
      known = &board.jobs[{base, words[2] == "-" ? "" : std::string(words[2])}];
      known->is_missing = words[3] == "1";
      known->is_forgotten = words[4] == "1";
      known->has_no_record = words[5] == "1";
    } else if (words[0] == "row" && words.size() >= 6 && known != nullptr) {
      const std::size_t path = static_cast<std::size_t>(words[5].data() - line.data());
      known->rows[std::string(words[1])] = {base,
                                            std::string(words[1]),
                                            std::string(words[2]),
                                            static_cast<int>(number_in(words[3])),
                                            static_cast<int>(number_in(words[4])),
                                            std::string(line.substr(path))};
    }
  }
  return board;
}

}  // namespace fugle::app
