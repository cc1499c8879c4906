// Text and JSON of doctor_run.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/doctor_run.hpp"
#include "base/text.hpp"

namespace fugle::app {
namespace {

using Json = nlohmann::ordered_json;

const char* word_for(Verdict verdict) {
  switch (verdict) {
    case Verdict::good: return "ok";
    case Verdict::note: return "note";
    case Verdict::bad: break;
  }
  return "DAMAGED";
}

std::string segments_text(const store::LifeInspection& life) {
  return life.first_segment == life.last_segment
             ? fmt::format("journal.{}.h5", life.first_segment)
             : fmt::format("journal.{}.h5 to journal.{}.h5", life.first_segment, life.last_segment);
}

std::string last_line(const RunExamination& examination) {
  if (examination.is_newer) return "written by a newer version of fugle: nothing was judged\n";
  if (!is_sound(examination))
    return examination.can_resume ? "not sound, though it can be resumed\n"
                                  : "not sound: it can not be resumed as it is\n";
  return examination.is_held ? "sound, and running\n" : "sound\n";
}

}  // namespace

std::string examination_text(const RunExamination& examination) {
  std::size_t width = 8;
  for (const Check& check : examination.checks) width = std::max(width, check.name.size());
  std::string text = std::filesystem::path(examination.run_dir).filename().string() + '\n';
  for (const Check& check : examination.checks) {
    text += fmt::format("{:<8} {:<{}}  {}\n", word_for(check.verdict), check.name, width, check.found);
    if (!check.advice.empty()) text += fmt::format("{:<8} {:<{}}  -> {}\n", "", "", width, check.advice);
  }
  for (const store::LifeInspection& life : examination.lives)
    text +=
        fmt::format("life {}: {} from {}\n", life.epoch, counted(life.num_events, "event", "events"), segments_text(life));
  for (const std::string& advice : examination.advice) text += fmt::format("-> {}\n", advice);
  return text + last_line(examination);
}

std::string examination_json(const RunExamination& examination) {
  Json checks = Json::array(), lives = Json::array();
  for (const Check& check : examination.checks)
    checks.push_back(
        {{"name", check.name}, {"verdict", word_for(check.verdict)}, {"found", check.found}, {"advice", check.advice}});
  for (const store::LifeInspection& life : examination.lives)
    lives.push_back({{"life", life.epoch},
                     {"first_event", life.first_seq},
                     {"events", life.num_events},
                     {"segments", {life.first_segment, life.last_segment}}});
  const Json json{{"run_dir", examination.run_dir},
                  {"sound", is_sound(examination)},
                  {"can_resume", examination.can_resume},
                  {"held", examination.is_held},
                  {"events", examination.num_events},
                  {"lives", lives},
                  {"checks", checks},
                  {"advice", examination.advice}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace fugle::app
