#include "app/capture.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "app/access.hpp"
#include "base/error.hpp"
#include "base/file_rights.hpp"
#include "base/regular_file.hpp"
#include "base/text.hpp"

namespace fugle::app {
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
namespace {

constexpr std::size_t kLongest = std::size_t{1} << 30;  ///< bytes

/// Of the shell, the terminal, the node or the recording itself: not of a job.
constexpr std::array<std::string_view, 21> kNotOfJobs{
    "_",          "PWD",  "OLDPWD",  "SHLVL", "HOSTNAME",      "TMPDIR",         "DISPLAY",
    "WINDOWID",   "TERM", "COLUMNS", "LINES", "SSH_TTY",       "TMUX",           "TMUX_PANE",
    "SSH_CLIENT", "STY",  "GPG_TTY", "MAIL",  "FUGLE_CAPTURE", "SSH_CONNECTION", "SSH_AUTH_SOCK"};
constexpr std::array<std::string_view, 3> kNotOfJobsPrefixes{"SLURM_", "XDG_", "DBUS_"};

bool is_of_jobs(std::string_view name) {
  return std::find(kNotOfJobs.begin(), kNotOfJobs.end(), name) == kNotOfJobs.end() &&
         std::none_of(kNotOfJobsPrefixes.begin(), kNotOfJobsPrefixes.end(),
                      [&](std::string_view prefix) { return name.starts_with(prefix); });
}

// JSON holds text, scripts and variables hold bytes: each byte is written as the character of that number.

std::string to_text(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80)
      text += c;
    else
      text += {static_cast<char>(0xC0 | byte >> 6), static_cast<char>(0x80 | (byte & 0x3F))};
  }
  return text;
}

std::string to_bytes(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto first = static_cast<unsigned char>(text[i]);
    if (first < 0x80 || i + 1 == text.size())
      bytes += text[i];
    else
      bytes += static_cast<char>((first & 0x03) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3F));
  }
  return bytes;
}

Json pairs_to_json(const auto& pairs) {
  Json json = Json::object();
  for (const auto& [name, value] : pairs) json[to_text(name)] = to_text(value);
  return json;
}

EnvironmentMap map_from(const Json& json) {
  EnvironmentMap map;
  for (const auto& [name, value] : json.items()) map[to_bytes(name)] = to_bytes(value.get<std::string>());
  return map;
}

Json words_to_json(const std::vector<std::string>& words) {
  Json json = Json::array();
  for (const std::string& word : words) json.push_back(to_text(word));
  return json;
}

std::vector<std::string> words_from(const Json& json) {
  std::vector<std::string> words;
  for (const Json& word : json) words.push_back(to_bytes(word.get<std::string>()));
  return words;
}

/// What differs: the variables that `environment` has otherwise than `base`, and those that it has not.
struct Difference {
  EnvironmentMap set;
  std::vector<std::string> unset;
};
Difference difference(const EnvironmentMap& environment, const EnvironmentMap& base) {
  Difference result;
  for (const auto& [name, value] : environment) {
    const auto found = base.find(name);
    if (is_of_jobs(name) && (found == base.end() || found->second != value)) result.set.emplace(name, value);
  }
  for (const auto& [name, value] : base)
    if (is_of_jobs(name) && !environment.contains(name)) result.unset.push_back(name);
  return result;
}

[[noreturn]] void fail(const std::string& path) {
  throw EnvironmentError(
      fmt::format("cannot record into {} ({}); free some space, make it writable, or name another "
                  "place by FUGLE_CAPTURE",
                  path, std::strerror(errno)));
}

/// The recording, open and locked against other processes, with its small file of numbers.
class Book {
 public:
  explicit Book(const std::string& directory) : directory_(directory) {
    std::error_code problem;
    fs::create_directories(fs::path(directory).parent_path(), problem);
    make_private_directory(directory, {});
    fd_ = ::open((directory + "/calls.jsonl").c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
                 kPrivateFile);
    if (fd_ < 0 || ::flock(fd_, LOCK_EX) != 0) fail(directory);
    const RegularFile file = open_regular(directory + "/next.json");
    const auto text = file.is_open() ? read_all(file, kLongest) : std::nullopt;
    numbers_ = text ? Json::parse(*text, nullptr, false) : Json();
    if (!numbers_.is_object()) numbers_ = {{"next_id", 1}, {"scripts", Json::object()}};
  }
  ~Book() { ::close(fd_); }
  Book(const Book&) = delete;
  Book& operator=(const Book&) = delete;

  [[nodiscard]] bool is_empty() const { return ::lseek(fd_, 0, SEEK_END) == 0; }
  [[nodiscard]] Json& numbers() { return numbers_; }

  void append(const Json& json) {
    const std::string line = json.dump() + '\n';
    if (::write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) fail(directory_);
  }

  void keep_numbers() {
    const std::string draft = directory_ + "/next.json.new", text = numbers_.dump();
    const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kPrivateFile);
    const bool is_written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (fd >= 0) ::close(fd);
    if (!is_written || ::rename(draft.c_str(), (directory_ + "/next.json").c_str()) != 0) fail(directory_);
  }

 private:
  std::string directory_;
  int fd_ = -1;
  Json numbers_;
};

/// The number of a script in the recording, which gets it when it is new.
std::uint64_t number_of_script(Book& book, const std::string& script) {
  Json& known = book.numbers()["scripts"];
  const std::string key = fmt::format("{:016x}-{}", hash_text(script), script.size());
  if (const auto found = known.find(key); found != known.end()) return found->get<std::uint64_t>();
  const std::uint64_t number = known.size();
  book.append({{"script", number}, {"text", to_text(script)}});
  known[key] = number;
  return number;
}

/// Calls `use` with each line of the recording.
void for_each_line(const std::string& directory, const std::function<void(const Json&)>& use) {
  const RegularFile file = open_regular(directory + "/calls.jsonl");
  if (!file.is_open()) return;
  const auto text = read_all(file, kLongest);
  if (!text) throw EnvironmentError(fmt::format("cannot read {}/calls.jsonl (it is too long)", directory));
  for (const std::string_view line : split(*text, '\n')) {
    if (line.empty()) continue;
    try {
      use(Json::parse(line));
    } catch (const Json::exception&) {
      throw EnvironmentError(fmt::format(
          "cannot read {}/calls.jsonl (a line is damaged); fugle sbatch --clear, and record again", directory));
    }
  }
}

EnvironmentMap environment_of_first_call(const std::string& directory) {
  std::ifstream file(directory + "/calls.jsonl");
  std::string line;
  std::getline(file, line);
  const Json first = Json::parse(line, nullptr, false);
  return first.is_object() && first.contains("environment") ? map_from(first["environment"]) : EnvironmentMap{};
}

class RecordingReader {
 public:
  RecordingReader(const EnvironmentMap& here, Recording& into) : here_(here), into_(into) {}

  void read(const Json& line) {
    if (line.contains("environment")) {
      base_ = map_from(line["environment"]);
    } else if (line.contains("script")) {
      scripts_.push_back(to_bytes(line.at("text").get<std::string>()));
    } else if (line.contains("refused")) {
      into_.refusals.push_back({workflow::Severity::error,
                                line.at("refused"),
                                {line.at("line"), line.at("column")},
                                to_bytes(line.at("text").get<std::string>()),
                                {},
                                {},
                                to_bytes(line.at("file").get<std::string>())});
    } else {
      read_call(line);
    }
  }

 private:
  void read_call(const Json& line) {
    workflow::SbatchCall call;
    call.id = line.at("id");
    call.words = words_from(line.at("words"));
    call.script = scripts_.at(line.at("of_script"));
    call.script_path = to_bytes(line.at("path").get<std::string>());
    call.directory = to_bytes(line.at("directory").get<std::string>());
    call.host = line.at("host");
    call.user = line.at("user");
    for (auto& [name, value] : map_from(line.at("options"))) call.options.emplace_back(name, value);
    set_environment(line, call);
    into_.calls.push_back(std::move(call));
  }

  /// Against the environment of who reads; what that has and the recording never saw stays.
  void set_environment(const Json& line, workflow::SbatchCall& call) const {
    EnvironmentMap full = base_;
    for (auto& [name, value] : map_from(line.at("set"))) full[name] = value;
    call.unset = words_from(line.at("unset"));
    for (const std::string& name : call.unset) full.erase(name);
    for (auto& [name, value] : difference(full, here_).set) call.set.emplace_back(name, value);
  }

  const EnvironmentMap& here_;
  Recording& into_;
  EnvironmentMap base_;
  std::vector<std::string> scripts_;
};

}  // namespace

EnvironmentMap environment_here() {
  EnvironmentMap environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

Capture::Capture(std::string directory) : directory_(std::move(directory)) {}

void Capture::begin(const EnvironmentMap& environment) {
  clear();
  Book(directory_).append({{"environment", pairs_to_json(environment)}});
}

std::uint64_t Capture::record(workflow::SbatchCall call, const EnvironmentMap& environment, std::uint64_t num_ids) {
  Book book(directory_);
  if (book.is_empty()) book.append({{"environment", pairs_to_json(environment)}});
  const Difference own = difference(environment, environment_of_first_call(directory_));
  const std::uint64_t script = number_of_script(book, call.script);
  const std::uint64_t id = book.numbers().value("next_id", std::uint64_t{1});
  Json options = pairs_to_json(call.options);
  book.append({{"id", id},
               {"words", words_to_json(call.words)},
               {"of_script", script},
               {"path", to_text(call.script_path)},
               {"directory", to_text(call.directory)},
               {"host", to_text(call.host)},
               {"user", to_text(call.user)},
               {"options", options},
               {"set", pairs_to_json(own.set)},
               {"unset", words_to_json(own.unset)}});
  book.numbers()["next_id"] = id + std::max<std::uint64_t>(num_ids, 1);
  book.keep_numbers();
  return id;
}

void Capture::refuse(const workflow::Diagnostic& refusal) {
  Book(directory_)
      .append({{"refused", refusal.code},
               {"text", to_text(refusal.text)},
               {"file", to_text(refusal.file)},
               {"line", refusal.at.line},
               {"column", refusal.at.column}});
}

Recording Capture::read(const EnvironmentMap& here) const {
  Recording recording;
  RecordingReader reader(here, recording);
  for_each_line(directory_, [&](const Json& line) { reader.read(line); });
  return recording;
}

bool Capture::has_job(std::uint64_t id) const {
  bool is_there = false;
  for_each_line(directory_, [&](const Json& line) { is_there = is_there || line.value("id", std::uint64_t{0}) == id; });
  return is_there;
}

void Capture::clear() {
  std::error_code ignored;
  for (const char* name : {"calls.jsonl", "next.json"}) fs::remove(fs::path(directory_) / name, ignored);
}

}  // namespace fugle::app
