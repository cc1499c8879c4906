#include "app/self_bench.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.hpp"

namespace fugle::app {
namespace {

std::string figure(const std::optional<double>& value, int decimals, const char* unit) {
  return value ? fmt::format("{:.{}f} {}", *value, decimals, unit) : std::string("not measured");
}

void add_line(std::string& text, const char* name, const std::string& value) {
  text += fmt::format("{:<34} {}\n", name, value);
}

nlohmann::json json_of(const std::optional<double>& value) { return value ? nlohmann::json(*value) : nlohmann::json(); }

}  // namespace

std::string bench_text(const BenchFigures& figures) {
  std::string text = fmt::format("fugle {} on {}: {}, {} cores, {:.1f} GiB; {}\n", figures.version, figures.host,
                                 figures.cpu.empty() ? "unknown processor" : figures.cpu, figures.num_cores,
                                 static_cast<double>(figures.mem_bytes) / 0x1p30, figures.mpi);
  add_line(text, "METG(50 %) stencil, one thread", figure(figures.metg_us, 2, "us"));
  add_line(text, "METG(50 %) stencil, all cores", figure(figures.metg_all_cores_us, 2, "us"));
  const auto millions = figures.calls_per_s ? std::optional(*figures.calls_per_s / 1e6) : std::nullopt;
  add_line(text, "calls that do nothing, one thread", figure(millions, 2, "million/s"));
  add_line(text, "processes, all cores", figure(figures.processes_per_s, 0, "/s"));
  add_line(text, "process after process", figure(figures.process_ms, 2, "ms"));
  const std::string ranks = fmt::format("MPI task after task, {} ranks", figures.num_ranks);
  add_line(text, ranks.c_str(), figure(figures.mpi_task_ms, 1, "ms"));
  add_line(text, "the same by bare mpirun", figure(figures.mpirun_ms, 1, "ms"));
  text += "METG(50 %): how long a call has to take for half of the time to be its work\n";
  for (const std::string& note : figures.notes) text += "note: " + note + "\n";
  return text;
}

std::string bench_json(const BenchFigures& figures) {
  const nlohmann::ordered_json json{
      {"fugle", figures.version},
      {"host", figures.host},
      {"cpu", figures.cpu},
      {"cores", figures.num_cores},
      {"mem_bytes", figures.mem_bytes},
      {"mpi", figures.mpi},
      {"metg50_stencil_1d_us",
       {{"one_thread", json_of(figures.metg_us)}, {"all_cores", json_of(figures.metg_all_cores_us)}}},
      {"calls_per_s", json_of(figures.calls_per_s)},
      {"processes_per_s", json_of(figures.processes_per_s)},
      {"process_ms", json_of(figures.process_ms)},
      {"mpi_task",
       {{"ranks", figures.num_ranks},
        {"fugle_ms", json_of(figures.mpi_task_ms)},
        {"mpirun_ms", json_of(figures.mpirun_ms)}}},
      {"notes", figures.notes}};
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace fugle::app
