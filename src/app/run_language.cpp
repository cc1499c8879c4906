#include "app/run_language.hpp"

#include <utility>

namespace fugle::app {
namespace {

constexpr int kSignalled = 128;  ///< as shells count it

workflow::KeptFiles& with_answers(workflow::KeptFiles& files, const KeptWorkflow& kept) {
  if (!kept.file_answers.empty()) (void)files.take_answers(kept.file_answers);
  return files;
}

workflow::ExpandOptions expansion_of(const KeptWorkflow& kept, workflow::Files& files) {
  workflow::ExpandOptions expansion;
  expansion.directory = kept.directory;
  expansion.params = kept.params;
  expansion.environment = kept.environment;
  expansion.run_id = kept.run_id;
  expansion.run_dir = kept.run_dir;
  expansion.files = &files;
  return expansion;
}

scheduler::Declined declined(workflow::RunTime::Refusal refusal) {
  return {refusal.is_wrong, std::move(refusal.reason)};
}

}  // namespace

RunLanguage::RunLanguage(const std::string& run_dir, const scheduler::RunState& run)
    : run_(&run),
      kept_(read_kept_workflow(run_dir)),
      files_(disk_),
      run_time_(workflow_of(kept_), expansion_of(kept_, with_answers(files_, kept_)), *this) {}

std::variant<graph::Growth, scheduler::Declined> RunLanguage::expand(ElementId element,
                                                                     const scheduler::RunState& run) {
  run_ = &run;
  auto answer = run_time_.expand(element);
  if (auto* growth = std::get_if<graph::Growth>(&answer)) return std::move(*growth);
  return declined(std::get<workflow::RunTime::Refusal>(std::move(answer)));
}

std::variant<std::string, scheduler::Declined> RunLanguage::decide(ElementId element, const scheduler::RunState& run) {
  run_ = &run;
  auto answer = run_time_.decide(element);
  if (auto* text = std::get_if<std::string>(&answer)) return std::move(*text);
  return declined(std::get<workflow::RunTime::Refusal>(std::move(answer)));
}

std::string_view RunLanguage::state(ElementId element) const { return name_of(run_->state(element)); }

std::optional<int> RunLanguage::exit_code(ElementId element) const {
  if (run_->attempt(element) == 0) return std::nullopt;
  const int code = run_->exit_code(element);
  return code < 0 ? kSignalled - code : code;
}

std::string_view RunLanguage::failure_class(ElementId element) const { return name_of(run_->failure(element)); }

const std::string* RunLanguage::given(ElementId element, std::uint32_t output) const {
  return run_->outputs().find(element, output);
}

}  // namespace fugle::app
