#include "app/kept_workflow.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/small_file.hpp"
#include "base/error.hpp"
#include "workflow/params_file.hpp"
#include "workflow/reader.hpp"
#include "workflow/stubs.hpp"

namespace fugle::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxBytes = std::size_t{1} << 30;

std::string path_in(const std::string& run_dir) { return run_dir + "/workflow.json"; }

/// Paths and values are bytes, and JSON has text only: what is not UTF-8 would be lost.
std::string bytes_as_text(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xC0 | (byte >> 6));
      text += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return text;
}

std::string text_as_bytes(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0xC2 && byte <= 0xC3 && i + 1 < text.size())
      bytes += static_cast<char>(((byte & 0x03) << 6) | (static_cast<unsigned char>(text[++i]) & 0x3F));
    else
      bytes += text[i];
  }
  return bytes;
}

template <class Pairs>
Json json_of(const Pairs& pairs) {
  Json json = Json::array();
  for (const auto& [name, value] : pairs) json.push_back({bytes_as_text(name), bytes_as_text(value)});
  return json;
}

std::vector<std::pair<std::string, std::string>> pairs_in(const Json& json) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const Json& pair : json)
    pairs.emplace_back(text_as_bytes(pair.at(0).get<std::string>()), text_as_bytes(pair.at(1).get<std::string>()));
  return pairs;
}

Json json_of(const workflow::LinesOptions& lines) {
  return {{"cores", lines.cores},     {"mem", lines.mem_bytes},
          {"gpus", lines.gpus},       {"timeout_ns", lines.timeout.count()},
          {"retries", lines.retries}, {"shell", bytes_as_text(lines.shell)}};
}

workflow::LinesOptions lines_in(const Json& json) {
  workflow::LinesOptions lines;
  lines.cores = json.at("cores").get<std::int64_t>();
  lines.mem_bytes = json.at("mem").get<std::uint64_t>();
  lines.gpus = json.at("gpus").get<std::int64_t>();
  lines.timeout = Duration(json.at("timeout_ns").get<std::int64_t>());
  lines.retries = json.at("retries").get<std::int64_t>();
  lines.shell = text_as_bytes(json.at("shell").get<std::string>());
  return lines;
}

const char* name_of(workflow::Replay::Kind kind) {
  using Kind = workflow::Replay::Kind;
  return kind == Kind::sleep ? "sleep" : kind == Kind::none ? "none" : "commands";
}

workflow::Replay replay_in(const Json& json) {
  using Kind = workflow::Replay::Kind;
  const std::string word = json.at("kind").get<std::string>();
  return {word == "sleep" ? Kind::sleep : word == "none" ? Kind::none : Kind::commands, json.at("scale").get<double>()};
}

std::map<std::string, std::string> map_in(const Json& json) {
  const auto pairs = pairs_in(json);
  return {pairs.begin(), pairs.end()};
}

}  // namespace

std::map<std::string, std::string> named_environment(const KeptWorkflow& kept,
                                                     const std::map<std::string, std::string>& all) {
  std::map<std::string, std::string> named;
  for (const auto& [name, value] : all) {
    const std::string word = "env." + name;
    bool is_named = kept.text.find(word) != std::string::npos;
    for (const auto& [path, text] : kept.others) is_named = is_named || text.find(word) != std::string::npos;
    if (is_named) named.emplace(name, value);
  }
  return named;
}

void write_kept_workflow(const std::string& run_dir, const KeptWorkflow& kept) {
  const Json json{{"format", 1},
                  {"file", bytes_as_text(kept.file)},
                  {"text", bytes_as_text(kept.text)},
                  {"others", json_of(kept.others)},
                  {"params", json_of(kept.params)},
                  {"params_file", bytes_as_text(kept.params_file)},
                  {"params_text", bytes_as_text(kept.params_text)},
                  {"environment", json_of(kept.environment)},
                  {"directory", bytes_as_text(kept.directory)},
                  {"run_id", bytes_as_text(kept.run_id)},
                  {"run_dir", bytes_as_text(kept.run_dir)},
                  {"file_answers", bytes_as_text(kept.file_answers)},
                  {"lines", json_of(kept.lines)},
                  {"replay", {{"kind", name_of(kept.replay.kind)}, {"scale", kept.replay.scale}}},
                  {"array", bytes_as_text(kept.array)},
                  {"approximate", kept.approximate},
                  {"stubs", kept.has_stubs}};
  write_small_file(path_in(run_dir), json.dump(1) + '\n');
}

KeptWorkflow read_kept_workflow(const std::string& run_dir) {
  const auto bytes = read_small_file(path_in(run_dir), kMaxBytes);
  const auto damaged = [&](const std::string& why) {
    return EnvironmentError(fmt::format(
        "cannot take the workflow from {} ({}); start a new run of its file with fugle run", path_in(run_dir), why));
  };
  if (!bytes) throw damaged("it is not there, or not to be read");
  try {
    const Json json = Json::parse(*bytes);
    if (json.at("format").get<int>() != 1) throw damaged("a newer fugle wrote it");
    const auto text_in = [&](const char* key) { return text_as_bytes(json.at(key).get<std::string>()); };
    KeptWorkflow kept;
    kept.file = text_in("file");
    kept.text = text_in("text");
    kept.others = map_in(json.at("others"));
    kept.params = pairs_in(json.at("params"));
    kept.params_file = text_in("params_file");
    kept.params_text = text_in("params_text");
    kept.environment = map_in(json.at("environment"));
    kept.directory = text_in("directory");
    kept.run_id = text_in("run_id");
    kept.run_dir = text_in("run_dir");
    kept.file_answers = text_in("file_answers");
    kept.lines = lines_in(json.at("lines"));
    kept.replay = replay_in(json.at("replay"));
    kept.array = text_in("array");
    kept.approximate = json.at("approximate").get<bool>();
    kept.has_stubs = json.at("stubs").get<bool>();
    return kept;
  } catch (const Json::exception&) {
    throw damaged("it is damaged");
  }
}

std::function<std::optional<std::string>(const std::string&, std::string&)> bytes_in(const KeptWorkflow& kept) {
  return [&kept](const std::string& path, std::string& why) -> std::optional<std::string> {
    const auto found = kept.others.find(path);
    if (found != kept.others.end()) return found->second;
    why = "it was not kept with the run";
    return std::nullopt;
  };
}

workflow::Workflow workflow_of(const KeptWorkflow& kept) {
  workflow::Diagnostics diagnostics(kept.file);
  workflow::ReadOptions reading;
  reading.read_bytes = bytes_in(kept);
  workflow::Document params;
  auto workflow = workflow::read_workflow(kept.text, diagnostics, reading);
  if (workflow && !kept.params_file.empty())
    (void)workflow::take_params_file(kept.params_text, kept.params_file, params, *workflow, diagnostics);
  if (!workflow || diagnostics.has_errors())
    throw EnvironmentError(
        fmt::format("cannot read the workflow that was kept with the run: {}", diagnostics.to_text()));
  if (kept.has_stubs) workflow::put_stubs(*workflow);
  workflow->file = kept.file;
  return *std::move(workflow);
}

}  // namespace fugle::app
