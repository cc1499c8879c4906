#include "workflow/run_rules.hpp"

#include "workflow/choices.hpp"
#include "workflow/paths.hpp"
#include "workflow/scalar.hpp"
#include "workflow/scope.hpp"
#include "workflow/symbols.hpp"
#include "workflow/text_template.hpp"

namespace fugle::workflow {
namespace {

class RuleMaker {
 public:
  RuleMaker(const Workflow& workflow, const Symbols& symbols, Diagnostics& diagnostics)
      : workflow_(workflow), symbols_(symbols), names_(symbols), diagnostics_(diagnostics) {}

  RunRules make() {
    RunRules rules;
    rules.directory = symbols_.files[0].directory;
    for (const SecretKey& secret : workflow_.secrets) rules.secrets.push_back(secret.name);
    set_deadline(rules);
    for (const NotifyKey& key : workflow_.notify) rules.notices.push_back(notice_of(key));
    if (workflow_.concurrency) rules.concurrency = concurrency_of(*workflow_.concurrency);
    return rules;
  }

 private:
  void set_deadline(RunRules& rules) {
    const Field<Duration>& after = workflow_.deadline.after;
    rules.deadline_at = workflow_.deadline.clock;
    rules.deadline = after.value;
    if (!after.expression) return;
    const auto text = evaluated(*after.expression, {"deadline", Stage::plan});
    if (text) rules.deadline = parse_duration(*text, after.at, diagnostics_).value_or(Duration{0});
  }

  Notice notice_of(const NotifyKey& key) {
    Notice notice;
    notice.events = key.events;
    if (key.run) notice.command = shell_text(*key.run);
    if (key.mail) notice.mail = evaluated(*key.mail, {"mail", Stage::plan}).value_or("");
    if (key.file) notice.file = absolute_path(evaluated(*key.file, {"file", Stage::plan}).value_or(""), symbols_.files[0].directory);
    if (key.mail && (notice.mail.starts_with('-') || has_control_character(notice.mail)))
      diagnostics_.error("E112", key.mail->at, "'mail' is " + in_quotes(notice.mail) + "; an address");
    return notice;
  }

  Concurrency concurrency_of(const ConcurrencyKey& key) {
    Concurrency concurrency;
    if (key.group) concurrency.group = evaluated(*key.group, {"concurrency.group", Stage::plan}).value_or("");
    concurrency.max = static_cast<std::uint32_t>(key.max.value);
    concurrency.when_busy = key.when_busy;
    if (!key.max.expression) return concurrency;
    const auto text = evaluated(*key.max.expression, {"max", Stage::plan});
    const auto number = text ? parse_int(kMaxRuns, *text, key.max.at, diagnostics_) : std::nullopt;
    concurrency.max = static_cast<std::uint32_t>(number.value_or(1));
    return concurrency;
  }

  /// With a slot where the state of the run stands.
  std::string shell_text(const Text& text) {
    std::string out;
    Place place{"notify.run", Stage::plan};
    place.knows_state = true;
    const PlaceScope scope(symbols_, nullptr, place);
    const auto compiled = TextTemplate::compile(text, scope, diagnostics_);
    if (!compiled) return out;
    try {
      compiled->append_slotted(names_, TextTemplate::Use::shell, out);
    } catch (const ExpressionError& error) {
      report(error, diagnostics_);
    }
    return out;
  }

  std::optional<std::string> evaluated(const Text& text, Place place) {
    const PlaceScope scope(symbols_, nullptr, place);
    const auto compiled = TextTemplate::compile(text, scope, diagnostics_);
    if (!compiled) return std::nullopt;
    try {
      return compiled->text(names_);
    } catch (const ExpressionError& error) {
      report(error, diagnostics_);
      return std::nullopt;
    }
  }

  const Workflow& workflow_;
  const Symbols& symbols_;
  WorkflowNames names_;
  Diagnostics& diagnostics_;
};

}  // namespace

RunRules run_rules_of(const Workflow& workflow, const ExpandOptions& options, Diagnostics& diagnostics) {
  const bool has_rules = !workflow.secrets.empty() || !workflow.notify.empty() || workflow.concurrency ||
                         workflow.deadline.clock || workflow.deadline.after.at.line > 0;
  if (!has_rules) return {};
  Diagnostics already_said(workflow.file);
  const Symbols symbols = make_symbols(workflow, options, already_said);
  return RuleMaker(workflow, symbols, diagnostics).make();
}

std::string_view name_of(RunEvent event) {
  return choices_of(Scope::notify, "events")[static_cast<std::size_t>(event)];
}

std::string_view name_of(WhenBusy when_busy) {
  return choices_of(Scope::concurrency, "when_busy")[static_cast<std::size_t>(when_busy)];
}

}  // namespace fugle::workflow
