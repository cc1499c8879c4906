#include "workflow/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <sstream>

#include "workflow/paths.hpp"
#include "workflow/scalar.hpp"
#include "workflow/shape.hpp"

namespace fugle::workflow {
namespace {

std::optional<std::string> any_text(std::string_view text, Position /*at*/, Diagnostics& /*diagnostics*/) {
  return std::string(text);
}

graph::LogMode log_mode(std::string_view text) {
  if (text == "merged") return graph::LogMode::merged;
  if (text == "split") return graph::LogMode::split;
  return text == "none" ? graph::LogMode::none : graph::LogMode::file;
}

template <class Visit>
void for_each_line(const std::string& text, Visit visit) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) visit(std::move(line));
}

}  // namespace

void apply(const Settings& settings, const std::string& directory, graph::Task& task) {
  task.request = settings.request;
  task.shape = settings.shape();
  task.launcher = settings.launcher;
  // A bare name is looked for by the worker, a path is one of the workflow's.
  const bool has_path = settings.function.substr(0, settings.function.rfind(':')).find('/') != std::string::npos;
  task.function = has_path ? absolute_path(settings.function, directory) : settings.function;
  task.isolate = settings.isolate;
  task.service.ready_timeout = settings.ready_timeout;
  task.scratch_bytes = settings.scratch_bytes;
  task.has_scratch = task.has_scratch || settings.scratch_bytes > 0;
  task.bind = settings.bind;
  task.place = settings.place;
  task.near = settings.near;
  task.timeout = settings.timeout;
  task.late_after = settings.late_after;
  task.grace = settings.grace;
  task.restart.before_end = settings.before_end;
  task.retries.max = settings.retries;
  task.retries.delay = settings.delay;
  task.retries.backoff = settings.backoff;
  task.retries.max_delay = settings.max_delay;
  task.retries.jitter = settings.jitter;
  task.retries.scale_mem = settings.scale_mem;
  task.retries.scale_timeout = settings.scale_timeout;
  task.retries.scale_cores = settings.scale_cores;
  std::istringstream modules(settings.modules);
  for (std::string name; modules >> name;) task.modules.push_back(name);
  task.container = {settings.runtime, {}, settings.container_has_gpu};
  for_each_line(settings.binds, [&](std::string bind) {
    // What is outside is relative to the workflow, what is inside stands as it is.
    const std::size_t colon = bind.find(':');
    task.container.binds.push_back(absolute_path(bind.substr(0, colon), directory) +
                                   (colon == std::string::npos ? "" : bind.substr(colon)));
  });
  task.log = settings.log;
  task.on_failure = settings.on_failure;
  task.tolerate = {settings.tolerated, settings.tolerated_fraction};
  task.priority = settings.priority;
  for (std::size_t i = 0; i < settings.tokens.size(); ++i) task.pools[i].tokens = settings.tokens[i];
  task.max_parallel = settings.max_parallel;
  task.fail_fast = settings.fail_fast;
}

std::optional<SettingsTemplate> SettingsTemplate::compile(const TaskNode& task, const Symbols& symbols,
                                                          Diagnostics& diagnostics) {
  SettingsTemplate compiled;
  bool is_good = true;
  const std::size_t num_pools = task.sharing ? task.sharing->pools.size() : 0;
  const auto add_at = [&](Stage stage, std::size_t key, std::string_view word, const Boxed<Text>& expression) {
    if (!expression) return;
    if (compiled.expressions_ == nullptr) compiled.expressions_ = std::make_unique<Expressions>(first_pool + num_pools);
    const PlaceScope scope(symbols, &task, {word, stage, stage == Stage::element});
    auto& field = (*compiled.expressions_)[key];
    field = TextTemplate::compile(*expression, scope, diagnostics);
    is_good = is_good && field.has_value();
  };
  const auto add = [&](std::size_t key, std::string_view word, const Boxed<Text>& expression) {
    add_at(Stage::element, key, word, expression);
  };
  add(nodes, "nodes", task.nodes.expression);
  add(ranks, "ranks", task.ranks.expression);
  add(ranks_per_node, "ranks_per_node", task.ranks_per_node.expression);
  add(cores, "cores", task.cores.expression);
  add(mem, "mem", task.mem.expression);
  add(gpus, "gpus", task.gpus.expression);
  add(gpus_per_rank, "gpus_per_rank", task.gpus_per_rank.expression);
  add(exclusive, "exclusive", task.exclusive.expression);
  add(launcher, "launcher", task.launcher.expression);
  add(plugin, "plugin", task.plugin.expression);
  add(isolate, "isolate", task.isolate.expression);
  if (task.service) add(ready_timeout, "ready_timeout", task.service->ready_timeout.expression);
  add(scratch, "scratch", task.scratch.expression);
  add(bind, "bind", task.bind.expression);
  add(place, "place", task.place.expression);
  add(timeout, "timeout", task.timeout.expression);
  add(late_after, "late_after", task.late_after.expression);
  add(grace, "grace", task.grace.expression);
  if (task.restart) add(before_end, "before_end", task.restart->before_end.expression);
  add(retries, "retries", task.retries.max.expression);
  add(delay, "delay", task.retries.delay.expression);
  add(backoff, "backoff", task.retries.backoff.expression);
  add(max_delay, "max_delay", task.retries.max_delay.expression);
  add(jitter, "jitter", task.retries.jitter.expression);
  add(scale_mem, "scale.mem", task.retries.scale_mem.expression);
  add(scale_timeout, "scale.timeout", task.retries.scale_timeout.expression);
  add(scale_cores, "scale.cores", task.retries.scale_cores.expression);
  add(modules, "modules", task.modules.expression);
  if (task.container) add(runtime, "runtime", task.container->runtime.expression);
  if (task.container) add(binds, "bind", task.container->bind.expression);
  if (task.container) add(container_gpu, "gpu", task.container->gpu.expression);
  if (task.log && has_marker(task.log->raw)) add(log, "log", task.log);
  add(on_failure, "on_failure", task.on_failure.expression);
  // Of all elements together.
  add_at(Stage::plan, tolerate, "tolerate", task.tolerate.expression);
  add(priority, "priority", task.priority.expression);
  for (std::size_t i = 0; i < num_pools; ++i)
    add(first_pool + i, task.sharing->pools[i].name, task.sharing->pools[i].tokens.expression);
  if (task.sharing) add_at(Stage::plan, max_parallel, "max_parallel", task.sharing->max_parallel.expression);
  if (task.sharing) add_at(Stage::plan, fail_fast, "fail_fast", task.sharing->fail_fast.expression);
  add(estimate_key, "estimate", task.estimate.expression);
  if (!is_good) return std::nullopt;
  return compiled;
}

/// The keys of one task for one element; what is wrong is reported as it is met.
class SettingsTemplate::Evaluation {
 public:
  Evaluation(const SettingsTemplate& compiled, const TaskNode& task, const Names& names, Diagnostics& diagnostics)
      : compiled_(compiled), task_(task), names_(names), diagnostics_(diagnostics) {}

  std::optional<Settings> settings() {
    read_shape();
    read_resources();
    if (task_.is_function()) read_function();
    read_surroundings();
    read_times();
    read_policies();
    read_sharing();
    if (is_good_) check();
    if (!is_good_) return std::nullopt;
    return std::move(settings_);
  }

  std::optional<Duration> estimate() {
    const Duration expected = value(estimate_key, task_.estimate, parse_duration);
    if (!is_good_) return std::nullopt;
    return expected;
  }

 private:
  void read_shape() {
    ShapeKeys keys;
    keys.nodes = whole(nodes, kNodes, task_.nodes);
    keys.ranks = whole(ranks, kRanks, task_.ranks);
    keys.ranks_per_node = whole(ranks_per_node, kRanksPerNode, task_.ranks_per_node);
    keys.cores = whole(cores, kCores, task_.cores);
    keys.gpus = whole(gpus, kGpus, task_.gpus);
    keys.gpus_per_rank = whole(gpus_per_rank, kGpusPerRank, task_.gpus_per_rank);
    keys.exclusive = truth(exclusive, "exclusive", task_.exclusive);
    if (!is_good_) return;
    const auto shaped = task_.is_function() ? shape_of_function(keys) : shape_of(keys);
    if (const auto* problem = std::get_if<ShapeProblem>(&shaped)) return refuse_shape(*problem);
    const graph::Shape& shape = std::get<Shaped>(shaped).shape;
    settings_.request = std::get<Shaped>(shaped).request;
    settings_.nodes = shape.nodes;
    settings_.ranks = shape.ranks;
    settings_.cores_per_rank = shape.cores_per_rank;
    settings_.gpus_per_rank = shape.gpus_per_rank;
    settings_.part = shape.part;
  }

  void refuse_shape(const ShapeProblem& problem) {
    is_good_ = false;
    if (is_doubtful({nodes, ranks, ranks_per_node, cores, gpus, gpus_per_rank})) return;
    Position at = task_.at;
    for (const auto* field : {&task_.cores, &task_.nodes, &task_.ranks_per_node, &task_.ranks})
      if (field->at.line > 0) at = field->at;
    diagnostics_.error(problem.code, at, problem.text);
  }

  void read_resources() {
    settings_.request.mem_bytes = value(mem, task_.mem, parse_size).bytes;
    settings_.scratch_bytes = value(scratch, task_.scratch, parse_size).bytes;
    settings_.launcher = value(launcher, task_.launcher, parse_launcher);
    settings_.bind = value(bind, task_.bind, parse_bind);
    if (settings_.bind == graph::Bind::automatic && settings_.ranks > 0) settings_.bind = graph::Bind::core;
    const Placing placing = value(place, task_.place, parse_place);
    settings_.place = placing.place;
    settings_.near = placing.near;
  }

  void read_function() {
    settings_.function = value(plugin, task_.plugin, parse_plugin);
    const bool is_written = task_.isolate.at.line > 0;
    settings_.isolate = is_written ? truth(isolate, "isolate", task_.isolate) : settings_.ranks <= 1;
  }

  /// A function is called in a process of ours, which has what fugle was started with.
  void read_surroundings() {
    if (!task_.is_function()) settings_.modules = value(modules, task_.modules, any_text);
    if (task_.container) {
      const bool is_gpu_written = task_.container->gpu.at.line > 0;
      settings_.runtime = value(runtime, task_.container->runtime, parse_runtime);
      settings_.binds = value(binds, task_.container->bind, any_text);
      settings_.container_has_gpu = is_gpu_written ? truth(container_gpu, "gpu", task_.container->gpu)
                                                   : settings_.request.gpus > 0 || settings_.gpus_per_rank > 0;
    }
    if (!task_.log) return;
    const bool is_literal = !has_marker(task_.log->raw);
    settings_.log = log_mode(is_literal ? task_.log->raw : value<std::string>(log, {{}, task_.log, {}}, any_text));
  }

  void read_sharing() {
    if (!task_.sharing) return;
    const Sharing& sharing = *task_.sharing;
    for (std::size_t i = 0; i < sharing.pools.size(); ++i) {
      const PoolKey& pool = sharing.pools[i];
      settings_.tokens.push_back(
          static_cast<std::uint32_t>(whole(first_pool + i, {pool.name, 1, kMostTokens}, pool.tokens)));
    }
    settings_.max_parallel = static_cast<std::uint32_t>(whole(max_parallel, kMaxParallel, sharing.max_parallel));
    settings_.fail_fast = truth(fail_fast, "fail_fast", sharing.fail_fast);
  }

  void read_times() {
    if (task_.service) settings_.ready_timeout = value(ready_timeout, task_.service->ready_timeout, parse_duration);
    settings_.timeout = value(timeout, task_.timeout, parse_duration);
    settings_.late_after = value(late_after, task_.late_after, parse_duration);
    settings_.grace = value(grace, task_.grace, parse_duration);
    if (task_.restart) settings_.before_end = value(before_end, task_.restart->before_end, parse_duration);
  }

  void read_policies() {
    settings_.retries = static_cast<std::uint32_t>(whole(retries, kRetriesMax, task_.retries.max));
    settings_.delay = value(delay, task_.retries.delay, parse_duration);
    settings_.backoff = real(backoff, kBackoff, task_.retries.backoff);
    settings_.max_delay = value(max_delay, task_.retries.max_delay, parse_duration);
    settings_.jitter = real(jitter, kJitter, task_.retries.jitter);
    settings_.scale_mem = real(scale_mem, {"mem", kScale.min, kScale.max}, task_.retries.scale_mem);
    settings_.scale_timeout = real(scale_timeout, {"timeout", kScale.min, kScale.max}, task_.retries.scale_timeout);
    settings_.scale_cores = real(scale_cores, {"cores", kScale.min, kScale.max}, task_.retries.scale_cores);
    settings_.on_failure = value(on_failure, task_.on_failure, parse_on_failure);
    const graph::Tolerance tolerance = value(tolerate, task_.tolerate, parse_tolerance);
    settings_.tolerated = tolerance.count;
    settings_.tolerated_fraction = tolerance.fraction;
    settings_.priority = static_cast<std::int32_t>(whole(priority, kPriority, task_.priority));
  }

  /// What each key allows by itself, and together they do not.
  void check() {
    const bool is_grace_written = task_.grace.at.line > 0;
    if (is_grace_written && settings_.timeout > Duration{0} && settings_.grace > settings_.timeout)
      refuse("E112", task_.grace.at, {timeout, grace},
             fmt::format("'grace' is {}; allowed up to the timeout, {}", format_duration(settings_.grace),
                         format_duration(settings_.timeout)));
    if (task_.is_function() && settings_.isolate && settings_.ranks > 1)
      refuse("E113", task_.isolate.at, {isolate, nodes, ranks},
             fmt::format("'isolate: true' is not allowed here: the {} ranks of '{}' call it with a communicator of "
                         "theirs; write isolate: false",
                         settings_.ranks, task_.name));
    const auto given =
        std::ranges::find_if(task_.outputs, [](const Output& o) { return o.kind != graph::OutputKind::file; });
    if (task_.is_function() && !settings_.isolate && given != task_.outputs.end())
      refuse("E113", given->at, {isolate, nodes, ranks},
             fmt::format("output '{}' is no file: a function that is called in a rank has no $FUGLE_OUTPUT; write "
                         "isolate: true, or give it by the result",
                         given->name));
    if (settings_.launcher == "none" && settings_.ranks > 1 && !task_.argv.empty())
      refuse("E113", task_.launcher.at, {launcher, nodes, ranks, ranks_per_node},
             fmt::format("'launcher: none' is not allowed here: nothing would start the {} ranks of '{}'; write 'run' "
                         "as text",
                         settings_.ranks, task_.name));
  }

  void refuse(std::string_view code, Position at, std::initializer_list<std::size_t> keys, std::string text) {
    is_good_ = false;
    if (!is_doubtful(keys)) diagnostics_.error(code, at, std::move(text));
  }

  [[nodiscard]] bool is_doubtful(std::initializer_list<std::size_t> keys) const {
    if (compiled_.expressions_ == nullptr) return false;
    return std::ranges::any_of(keys, [&](std::size_t key) {
      const auto& expression = (*compiled_.expressions_)[key];
      return expression && expression->any_name([&](const Name& name) { return names_.is_doubtful(name); });
    });
  }

  std::int64_t whole(std::size_t key, const IntKey& range, const Field<std::int64_t>& field) {
    return value(key, field,
                 [&](const std::string& text, Position at, Diagnostics& d) { return parse_int(range, text, at, d); });
  }

  bool truth(std::size_t key, std::string_view word, const Field<bool>& field) {
    return value(key, field,
                 [&](const std::string& text, Position at, Diagnostics& d) { return parse_bool(word, text, at, d); });
  }

  double real(std::size_t key, const NumberKey& range, const Field<double>& field) {
    return value(key, field, [&](const std::string& text, Position at, Diagnostics& d) {
      return parse_number(range, text, at, d);
    });
  }

  template <class T, class Parse>
  T value(std::size_t key, const Field<T>& field, const Parse& parse) {
    if (!field.expression) return field.value;
    Diagnostics said(diagnostics_.file());
    const auto result = parse((*compiled_.expressions_)[key]->text(names_), field.expression->at, said);
    if (result) return *result;
    is_good_ = false;
    if (!is_doubtful({key}))
      for (const Diagnostic& diagnostic : said.all()) diagnostics_.add(diagnostic);
    return field.value;
  }

  const SettingsTemplate& compiled_;
  const TaskNode& task_;
  const Names& names_;
  Diagnostics& diagnostics_;
  Settings settings_;
  bool is_good_ = true;
};

std::optional<Settings> SettingsTemplate::settings(const TaskNode& task, const Names& names,
                                                   Diagnostics& diagnostics) const {
  return Evaluation(*this, task, names, diagnostics).settings();
}

std::optional<Duration> SettingsTemplate::estimate(const TaskNode& task, const Names& names,
                                                   Diagnostics& diagnostics) const {
  return Evaluation(*this, task, names, diagnostics).estimate();
}

}  // namespace fugle::workflow
