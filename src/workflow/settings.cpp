#include "workflow/settings.hpp"

#include <fmt/format.h>

#include "workflow/scalar.hpp"

namespace fugle::workflow {

void apply(const Settings& settings, graph::Task& task) {
  task.request = {settings.cores, settings.mem_bytes, settings.gpus};
  task.scratch_bytes = settings.scratch_bytes;
  task.has_scratch = task.has_scratch || settings.scratch_bytes > 0;
  task.bind = settings.bind;
  task.place = settings.place;
  task.near = settings.near;
  task.timeout = settings.timeout;
  task.grace = settings.grace;
  task.restart.before_end = settings.before_end;
  task.retries.max = settings.retries;
  task.retries.delay = settings.delay;
  task.retries.backoff = settings.backoff;
  task.retries.max_delay = settings.max_delay;
  task.retries.jitter = settings.jitter;
  task.on_failure = settings.on_failure;
  task.tolerate = {settings.tolerated, settings.tolerated_fraction};
  task.priority = settings.priority;
}

std::optional<SettingsTemplate> SettingsTemplate::compile(const TaskNode& task, const Symbols& symbols,
                                                          Diagnostics& diagnostics) {
  SettingsTemplate compiled;
  bool is_good = true;
  const auto add_at = [&](Stage stage, Key key, std::string_view word, const std::optional<Text>& expression) {
    if (!expression) return;
    if (compiled.expressions_ == nullptr) compiled.expressions_ = std::make_unique<Expressions>();
    const PlaceScope scope(symbols, &task, {word, stage, stage == Stage::element});
    auto& field = (*compiled.expressions_)[key];
    field = TextTemplate::compile(*expression, scope, diagnostics);
    is_good = is_good && field.has_value();
  };
  const auto add = [&](Key key, std::string_view word, const std::optional<Text>& expression) {
    add_at(Stage::element, key, word, expression);
  };
  add(cores, "cores", task.cores.expression);
  add(mem, "mem", task.mem.expression);
  add(gpus, "gpus", task.gpus.expression);
  add(scratch, "scratch", task.scratch.expression);
  add(bind, "bind", task.bind.expression);
  add(place, "place", task.place.expression);
  add(timeout, "timeout", task.timeout.expression);
  add(grace, "grace", task.grace.expression);
  if (task.restart) add(before_end, "before_end", task.restart->before_end.expression);
  add(retries, "retries", task.retries.max.expression);
  add(delay, "delay", task.retries.delay.expression);
  add(backoff, "backoff", task.retries.backoff.expression);
  add(max_delay, "max_delay", task.retries.max_delay.expression);
  add(jitter, "jitter", task.retries.jitter.expression);
  add(on_failure, "on_failure", task.on_failure.expression);
  // Of all elements together.
  add_at(Stage::plan, tolerate, "tolerate", task.tolerate.expression);
  add(priority, "priority", task.priority.expression);
  add(estimate_key, "estimate", task.estimate.expression);
  if (!is_good) return std::nullopt;
  return compiled;
}

template <class T, class Parse>
std::optional<T> SettingsTemplate::value(Key key, const Field<T>& field, const Names& names, Diagnostics& diagnostics,
                                         Parse parse) const {
  if (!field.expression) return field.value;
  const TextTemplate& expression = *(*expressions_)[key];
  Diagnostics said(diagnostics.file());
  auto result = parse(expression.text(names), field.expression->at, said);
  const bool is_doubtful = !result && expression.any_name([&](const Name& name) { return names.is_doubtful(name); });
  if (!is_doubtful)
    for (const Diagnostic& diagnostic : said.all()) diagnostics.add(diagnostic);
  return result;
}

std::optional<Settings> SettingsTemplate::settings(const TaskNode& task, const Names& names,
                                                   Diagnostics& diagnostics) const {
  const auto whole = [](const IntKey& key) {
    return [&key](const std::string& text, Position at, Diagnostics& d) { return parse_int(key, text, at, d); };
  };
  const auto real = [](const NumberKey& key) {
    return [&key](const std::string& text, Position at, Diagnostics& d) { return parse_number(key, text, at, d); };
  };
  const auto c = value(cores, task.cores, names, diagnostics, whole(kCores));
  const auto m = value(mem, task.mem, names, diagnostics, parse_size);
  const auto u = value(gpus, task.gpus, names, diagnostics, whole(kGpus));
  const auto s = value(scratch, task.scratch, names, diagnostics, parse_size);
  const auto i = value(bind, task.bind, names, diagnostics, parse_bind);
  const auto l = value(place, task.place, names, diagnostics, parse_place);
  const auto t = value(timeout, task.timeout, names, diagnostics, parse_duration);
  const auto g = value(grace, task.grace, names, diagnostics, parse_duration);
  const Field<Duration> lead = task.restart ? task.restart->before_end : Field<Duration>{};
  const auto e = value(before_end, lead, names, diagnostics, parse_duration);
  const auto r = value(retries, task.retries.max, names, diagnostics, whole(kRetriesMax));
  const auto d = value(delay, task.retries.delay, names, diagnostics, parse_duration);
  const auto b = value(backoff, task.retries.backoff, names, diagnostics, real(kBackoff));
  const auto x = value(max_delay, task.retries.max_delay, names, diagnostics, parse_duration);
  const auto j = value(jitter, task.retries.jitter, names, diagnostics, real(kJitter));
  const auto f = value(on_failure, task.on_failure, names, diagnostics, parse_on_failure);
  const auto n = value(tolerate, task.tolerate, names, diagnostics, parse_tolerance);
  const auto p = value(priority, task.priority, names, diagnostics, whole(kPriority));
  if (!s || !n || !e) return std::nullopt;
  if (!c || !m || !u || !i || !l || !t || !g || !r || !d || !b || !x || !j || !f || !p) return std::nullopt;
  const bool is_grace_written = task.grace.at.line > 0;
  if (is_grace_written && *t > Duration{0} && *g > *t) {
    diagnostics.error(
        "E112", task.grace.at,
        fmt::format("'grace' is {}; allowed up to the timeout, {}", format_duration(*g), format_duration(*t)));
    return std::nullopt;
  }
  Settings settings;
  settings.cores = static_cast<std::uint32_t>(*c);
  settings.mem_bytes = m->bytes;
  settings.gpus = static_cast<std::uint32_t>(*u);
  settings.scratch_bytes = s->bytes;
  settings.bind = *i;
  settings.place = l->place;
  settings.near = l->near;
  settings.timeout = *t;
  settings.grace = *g;
  settings.before_end = *e;
  settings.retries = static_cast<std::uint32_t>(*r);
  settings.delay = *d;
  settings.backoff = *b;
  settings.max_delay = *x;
  settings.jitter = *j;
  settings.on_failure = *f;
  settings.tolerated = n->count;
  settings.tolerated_fraction = n->fraction;
  settings.priority = static_cast<std::int32_t>(*p);
  return settings;
}

std::optional<Duration> SettingsTemplate::estimate(const TaskNode& task, const Names& names,
                                                   Diagnostics& diagnostics) const {
  return value(estimate_key, task.estimate, names, diagnostics, parse_duration);
}

}  // namespace fugle::workflow
