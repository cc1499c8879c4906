// A Task as bytes. The order of the fields here is the format; a change raises kVersion and keeps reading the old one.
#include <fmt/format.h>

#include <algorithm>

#include "base/codec.hpp"
#include "base/error.hpp"
#include "graph/task.hpp"

namespace fugle::graph {
namespace {

constexpr std::uint8_t kVersion = 7;

void put_words(ByteWriter& out, const std::vector<std::string>& words) {
  out.put_all(words, [&](const std::string& word) { out.put(word); });
}

std::vector<std::string> get_words(ByteReader& in) {
  return in.get_all<std::string>([&] { return in.get<std::string>(); });
}

void put_retries(ByteWriter& out, const RetryPolicy& retries) {
  out.put(retries.max);
  out.put(retries.delay);
  out.put(retries.backoff);
  out.put(retries.max_delay);
  out.put(retries.jitter);
  out.put(retries.classes);
  out.put_all(retries.exit_codes, [&](const auto& range) { out.put(range.first), out.put(range.second); });
}

RetryPolicy get_retries(ByteReader& in) {
  RetryPolicy retries;
  retries.max = in.get<std::uint32_t>();
  retries.delay = in.get_duration();
  retries.backoff = in.get<double>();
  retries.max_delay = in.get_duration();
  retries.jitter = in.get<double>();
  retries.classes = in.get<std::uint32_t>();
  retries.exit_codes = in.get_all<std::pair<int, int>>([&] {
    const int first = in.get<int>();
    return std::pair{first, in.get<int>()};
  });
  return retries;
}

void put_metric(ByteWriter& out, const Metric& metric) {
  out.put(metric.name);
  out.put(metric.regex);
  out.put(metric.unit);
  out.put(metric.has_reference);
  out.put(metric.reference);
  out.put(metric.lowest);
  out.put(metric.highest);
  out.put(metric.reference_varies);
  out.put(metric.dataset);
  out.put(metric.output);
}

Metric get_metric(ByteReader& in, std::uint8_t version) {
  Metric metric;
  metric.name = in.get<std::string>();
  metric.regex = in.get<std::string>();
  metric.unit = in.get<std::string>();
  metric.has_reference = in.get<bool>();
  metric.reference = in.get<double>();
  metric.lowest = in.get<double>();
  metric.highest = in.get<double>();
  if (version >= 5) {
    metric.reference_varies = in.get<bool>();
    metric.dataset = in.get<std::string>();
    metric.output = in.get<std::uint32_t>();
  }
  return metric;
}

/// What came with version 4: all but plain processes on one node.
void put_kinds_of_work(ByteWriter& out, const Task& task) {
  out.put(task.request.whole_node);
  out.put(task.shape.nodes);
  out.put(task.shape.ranks);
  out.put(task.shape.cores_per_rank);
  out.put(task.shape.gpus_per_rank);
  out.put(task.launcher);
  out.put(task.function);
  out.put(task.isolate);
  out.put(task.service.is_given);
  out.put(task.service.ready_timeout);
  out.put(task.service.stop_signal);
  out.put_all(task.metrics, [&](const Metric& metric) { put_metric(out, metric); });
}

void get_kinds_of_work(ByteReader& in, std::uint8_t version, Task& task) {
  task.request.whole_node = in.get<bool>();
  task.shape.nodes = std::max(in.get<std::uint32_t>(), 1u);
  task.shape.ranks = in.get<std::uint32_t>();
  task.shape.cores_per_rank = in.get<std::uint32_t>();
  task.shape.gpus_per_rank = in.get<std::uint32_t>();
  task.launcher = in.get<std::string>();
  task.function = in.get<std::string>();
  task.isolate = in.get<bool>();
  task.service.is_given = in.get<bool>();
  task.service.ready_timeout = in.get_duration();
  task.service.stop_signal = in.get<std::int32_t>();
  task.metrics = in.get_all<Metric>([&] { return get_metric(in, version); });
}

void put_ranges(ByteWriter& out, const std::vector<std::pair<int, int>>& ranges) {
  out.put_all(ranges, [&](const auto& range) { out.put(range.first), out.put(range.second); });
}

std::vector<std::pair<int, int>> get_ranges(ByteReader& in) {
  return in.get_all<std::pair<int, int>>([&] {
    const int first = in.get<int>();
    return std::pair{first, in.get<int>()};
  });
}

/// What came with version 6: what the whole language needs.
void put_language(ByteWriter& out, const Task& task) {
  out.put(task.retries.scale_mem);
  out.put(task.retries.scale_timeout);
  out.put(task.retries.scale_cores);
  out.put(task.has_setup);
  put_words(out, task.modules);
  out.put(task.container.runtime);
  put_words(out, task.container.binds);
  out.put(task.container.has_gpu);
  out.put(task.log);
  put_ranges(out, task.ok_exit_codes);
  out.put_all(task.pools,
              [&](const PoolUse& use) { out.put(use.pool), out.put(use.tokens), out.put(use.until_consumed); });
  out.put(task.max_parallel);
  out.put(task.fail_fast);
  out.put(task.has_when);
  out.put(task.is_late);
  out.put(task.expands);
}

void get_language(ByteReader& in, Task& task) {
  task.retries.scale_mem = in.get<double>();
  task.retries.scale_timeout = in.get<double>();
  task.retries.scale_cores = in.get<double>();
  task.has_setup = in.get<bool>();
  task.modules = get_words(in);
  task.container.runtime = in.get_enum(ContainerRuntime::pyxis);
  task.container.binds = get_words(in);
  task.container.has_gpu = in.get<bool>();
  task.log = in.get_enum(LogMode::file);
  task.ok_exit_codes = get_ranges(in);
  task.pools = in.get_all<PoolUse>([&] {
    PoolUse use;
    use.pool = in.get<std::string>();
    use.tokens = in.get<std::uint32_t>();
    use.until_consumed = in.get<bool>();
    return use;
  });
  task.max_parallel = in.get<std::uint32_t>();
  task.fail_fast = in.get<bool>();
  task.has_when = in.get<bool>();
  task.is_late = in.get<bool>();
  task.expands = in.get<std::uint32_t>();
}

}  // namespace

std::string encode_task(const Task& task) {
  ByteWriter out;
  out.put(kVersion);
  out.put(task.name);
  out.put(task.description);
  out.put(task.kind);
  out.put(task.request.cores);
  out.put(task.request.mem_bytes);
  out.put(task.timeout);
  out.put(task.grace);
  out.put(task.estimate);
  put_retries(out, task.retries);
  out.put(task.on_failure);
  out.put(task.priority);
  out.put(task.request.gpus);
  out.put(task.bind);
  out.put(task.place);
  out.put(task.near);
  put_words(out, task.shell);
  out.put(task.workdir);
  out.put_all(task.env, [&](const auto& pair) { out.put(pair.first), out.put(pair.second); });
  put_words(out, task.matrix_names);
  put_words(out, task.env_names);
  put_words(out, task.input_names);
  out.put_all(task.input_is_list, [&](bool is_list) { out.put(is_list); });
  put_words(out, task.output_names);
  put_words(out, task.tags);
  out.put(task.tolerate.count);
  out.put(task.tolerate.fraction);
  out.put(task.runs_finally);
  out.put(task.has_cleanup);
  out.put(task.restart.is_given);
  out.put(task.restart.signal);
  out.put(task.restart.before_end);
  out.put(task.has_scratch);
  out.put(task.scratch_root);
  out.put(task.scratch_bytes);
  put_kinds_of_work(out, task);
  out.put_all(task.output_kinds, [&](OutputKind kind) { out.put(kind); });
  out.put(task.shape.part);
  put_language(out, task);
  put_words(out, task.secrets);  // version 7
  out.put(task.late_after);
  return out.take();
}

Task decode_task(std::string_view bytes) {
  ByteReader in(bytes);
  const auto version = in.get<std::uint8_t>();
  if (version == 0 || version > kVersion)
    throw EnvironmentError(
        fmt::format("cannot read a task (its format is {}, this build reads up to {}); "
                    "use the version of fugle that wrote the run",
                    version, kVersion));
  Task task;
  task.name = in.get<std::string>();
  task.description = in.get<std::string>();
  task.kind = in.get_enum(TaskKind::expansion);
  task.request.cores = in.get<std::uint32_t>();
  task.request.mem_bytes = in.get<std::uint64_t>();
  task.timeout = in.get_duration();
  task.grace = in.get_duration();
  task.estimate = in.get_duration();
  task.retries = get_retries(in);
  task.on_failure = in.get_enum(OnFailure::stop);
  task.priority = in.get<std::int32_t>();
  if (version >= 2) {
    task.request.gpus = in.get<std::uint32_t>();
    task.bind = in.get_enum(Bind::socket);
    task.place = in.get_enum(Place::near);
    task.near = in.get<std::string>();
  }
  task.shell = get_words(in);
  task.workdir = in.get<std::string>();
  task.env = in.get_all<std::pair<std::string, std::string>>([&] {
    auto name = in.get<std::string>();
    return std::pair{std::move(name), in.get<std::string>()};
  });
  task.matrix_names = get_words(in);
  task.env_names = get_words(in);
  task.input_names = get_words(in);
  task.input_is_list = in.get_all<bool>([&] { return in.get<bool>(); });
  task.output_names = get_words(in);
  task.tags = get_words(in);
  if (version >= 3) {
    task.tolerate.count = in.get<std::uint32_t>();
    task.tolerate.fraction = in.get<double>();
    task.runs_finally = in.get<bool>();
    task.has_cleanup = in.get<bool>();
    task.restart.is_given = in.get<bool>();
    task.restart.signal = in.get<std::int32_t>();
    task.restart.before_end = in.get_duration();
    task.has_scratch = in.get<bool>();
    task.scratch_root = in.get<std::string>();
    task.scratch_bytes = in.get<std::uint64_t>();
  }
  if (version >= 4)
    get_kinds_of_work(in, version, task);
  else
    task.shape.cores_per_rank = task.request.cores;
  if (version >= 5) task.output_kinds = in.get_all<OutputKind>([&] { return in.get_enum(OutputKind::json); });
  if (version >= 5) task.shape.part = in.get_enum(Part::rank_anywhere);
  if (version >= 6) get_language(in, task);
  if (version >= 7) {
    task.secrets = get_words(in);
    task.late_after = in.get_duration();
  }
  const bool has_shape = task.input_is_list.size() == task.input_names.size() &&
                         (task.output_kinds.empty() || task.output_kinds.size() == task.output_names.size());
  if (in.failed() || !in.at_end() || !has_shape) throw EnvironmentError("cannot read a task (its bytes are damaged)");
  return task;
}

}  // namespace fugle::graph
