#include "transport/exchange.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "base/error.hpp"

namespace fugle::transport {
namespace fs = std::filesystem;
namespace {

constexpr const char* kHeading = "fugleman-exchange-1";
constexpr timespec kLook{0, 100'000'000};

bool has_folders(const std::string& exchange_dir) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(exchange_dir, ignored))
    if (entry.symlink_status(ignored).type() == fs::file_type::directory) return true;
  return false;
}

void remove_folders(const std::string& exchange_dir) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(exchange_dir, ignored))
    if (entry.symlink_status(ignored).type() == fs::file_type::directory) fs::remove_all(entry.path(), ignored);
}

}  // namespace

Duration ticks_since_boot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

std::string new_session() {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number))
    throw EnvironmentError(fmt::format("no random numbers from the system ({}); try again", std::strerror(errno)));
  return fmt::format("{:016x}", number);
}

void write_leader(const std::string& exchange_dir, const Leader& leader) {
  ::mkdir(exchange_dir.c_str(), 0700);
  const std::string path = exchange_dir + "/leader";
  const std::string unready = path + "." + leader.session;
  {
    std::ofstream file(unready, std::ios::trunc);
    file << kHeading << "\nsession " << leader.session << "\nguest_stops_ns " << leader.patience.guest_stops.count()
         << "\nranks " << leader.num_ranks << "\nhost " << (leader.host.empty() ? "-" : leader.host) << "\npid "
         << leader.pid << "\njob " << (leader.job.empty() ? "-" : leader.job) << "\nexit_code "
         << (leader.exit_code ? std::to_string(*leader.exit_code) : "-") << "\n";
    file.flush();
    if (!file) throw EnvironmentError(fmt::format("cannot write '{}' ({})", unready, std::strerror(errno)));
  }
  if (std::rename(unready.c_str(), path.c_str()) != 0)
    throw EnvironmentError(fmt::format("cannot write '{}' ({})", path, std::strerror(errno)));
}

std::optional<Leader> read_leader(const std::string& exchange_dir) {
  std::ifstream file(exchange_dir + "/leader");
  std::string heading, name, exit_code;
  std::int64_t guest_stops_ns = 0;
  Leader leader;
  file >> heading >> name >> leader.session >> name >> guest_stops_ns >> name >> leader.num_ranks >> name >>
      leader.host >> name >> leader.pid >> name >> leader.job >> name >> exit_code;
  if (!file || heading != kHeading || guest_stops_ns <= 0) return std::nullopt;
  leader.patience.guest_stops = Duration(guest_stops_ns);
  if (leader.job == "-") leader.job.clear();
  if (exit_code != "-") leader.exit_code = std::atoi(exit_code.c_str());
  return leader;
}

bool wait_for_former_guests(const std::string& exchange_dir, const std::string& own_job,
                            const std::function<bool()>& has_enough) {
  const auto former = read_leader(exchange_dir);
  if (!former || former->exit_code) return true;
  // Ranks beside the dead head in another job: nobody but its launcher says when they are gone.
  const bool left_ranks = former->num_ranks > 1 && (own_job.empty() || former->job != own_job);
  const Duration begin = ticks_since_boot();
  while (left_ranks || has_folders(exchange_dir)) {
    if (ticks_since_boot() - begin >= former->patience.head_gives_up()) break;
    if (has_enough()) return false;
    ::nanosleep(&kLook, nullptr);
  }
  remove_folders(exchange_dir);
  return true;
}

}  // namespace fugle::transport
