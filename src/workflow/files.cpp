#include "workflow/files.hpp"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "workflow/expression.hpp"
#include "workflow/paths.hpp"
#include "workflow/scalar.hpp"

namespace fugle::workflow {
namespace {

using Json = nlohmann::json;

/// What one file may give to lines().
constexpr std::uintmax_t kMaxBytes = std::uintmax_t{64} << 20;

/// For glob(3): a directory that has characters of patterns in its name.
std::string escaped(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (std::string_view("*?[]\\").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

/// In the order of bytes, whatever the locale is.
List paths_like(const std::string& pattern, const std::string& directory) {
  const bool is_absolute = pattern.starts_with('/');
  const std::string base = is_absolute ? std::string() : directory + '/';
  glob_t found{};
  const std::unique_ptr<glob_t, void (*)(glob_t*)> owner(&found, &globfree);
  const int result = ::glob((escaped(base) + pattern).c_str(), GLOB_NOSORT, nullptr, &found);
  if (result != 0 && result != GLOB_NOMATCH) type_error(fmt::format("'glob': cannot look for {}", in_quotes(pattern)));
  std::vector<std::string> paths;
  for (std::size_t i = 0; result == 0 && i < found.gl_pathc; ++i)
    paths.emplace_back(std::string_view(found.gl_pathv[i]).substr(base.size()));
  std::ranges::sort(paths);
  return {paths.begin(), paths.end()};
}

List lines_of(const std::string& path, const std::string& absolute) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(absolute, error);
  if (error) type_error(fmt::format("'lines': cannot read {} ({})", in_quotes(path), error.message()));
  if (size > kMaxBytes) type_error(fmt::format("'lines': {} has {} bytes; the most is 64M", in_quotes(path), size));
  std::ifstream file(absolute, std::ios::binary);
  List lines;
  for (std::string line; std::getline(file, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.find_first_not_of(" \t") != std::string::npos) lines.emplace_back(line);
  }
  if (file.bad() || !file.is_open())
    type_error(fmt::format("'lines': cannot read {} ({})", in_quotes(path), std::strerror(errno)));
  return lines;
}

Json json_of(const Value& value) {
  if (const bool* truth = std::get_if<bool>(&value.data)) return *truth;
  Json list = Json::array();
  for (const Value& item : std::get<List>(value.data)) list.push_back(std::get<std::string>(item.data));
  return list;
}

Value value_of(const Json& json) {
  if (json.is_boolean()) return json.get<bool>();
  List list;
  for (const Json& item : json) list.emplace_back(item.get<std::string>());
  return list;
}

}  // namespace

std::string_view name_of(FileQuestion question) {
  switch (question) {
    case FileQuestion::exists: return "exists";
    case FileQuestion::glob: return "glob";
    case FileQuestion::lines: break;
  }
  return "lines";
}

Value DiskFiles::answer(FileQuestion question, const std::string& path, const std::string& directory) {
  if (question == FileQuestion::glob) return paths_like(path, directory);
  const std::string absolute = absolute_path(path, directory);
  std::error_code ignored;
  if (question == FileQuestion::exists) return std::filesystem::exists(absolute, ignored);
  return lines_of(path, absolute);
}

Value KeptFiles::answer(FileQuestion question, const std::string& path, const std::string& directory) {
  const Asked asked{question, {path, directory}};
  if (const auto known = known_.find(asked); known != known_.end()) return known->second;
  return known_.emplace(asked, others_.answer(question, path, directory)).first->second;
}

std::string KeptFiles::answers() const {
  if (known_.empty()) return {};
  Json list = Json::array();
  for (const auto& [asked, value] : known_)
    list.push_back({{"ask", name_of(asked.first)},
                    {"path", asked.second.first},
                    {"directory", asked.second.second},
                    {"answer", json_of(value)}});
  // Names of files may be no UTF-8: a resume asks for those again.
  return list.dump(0, ' ', false, Json::error_handler_t::replace);
}

bool KeptFiles::take_answers(std::string_view text) {
  const Json list = Json::parse(text, nullptr, false);
  if (!list.is_array()) return false;
  std::map<Asked, Value> known;
  try {
    for (const Json& one : list) {
      const std::string ask = one.at("ask");
      const Json& answer = one.at("answer");
      const bool is_exists = ask == name_of(FileQuestion::exists);
      if (!is_exists && ask != name_of(FileQuestion::glob) && ask != name_of(FileQuestion::lines)) return false;
      if (is_exists ? !answer.is_boolean() : !answer.is_array()) return false;
      const FileQuestion question = is_exists                            ? FileQuestion::exists
                                    : ask == name_of(FileQuestion::glob) ? FileQuestion::glob
                                                                         : FileQuestion::lines;
      known.insert_or_assign({question, {one.at("path"), one.at("directory")}}, value_of(answer));
    }
  } catch (const Json::exception&) {
    return false;
  }
  known_ = std::move(known);
  return true;
}

}  // namespace fugle::workflow
