#include "app/simulate_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "workflow/scalar.hpp"

namespace fugle::app {
namespace {

namespace po = boost::program_options;

constexpr std::array kKnown{std::pair{sim::Known::exact, "exact"}, std::pair{sim::Known::task_means, "task-means"},
                            std::pair{sim::Known::none, "none"}};

std::uint32_t count_from(const Arguments& arguments, const char* option, std::uint32_t otherwise) {
  if (!arguments.has(option)) return otherwise;
  const auto count = arguments.get<std::uint32_t>(option);
  if (count == 0) throw UsageError(fmt::format("--{} 0 can run nothing (an element needs a core); try 1", option));
  return count;
}

double bandwidth_from(const Arguments& arguments) {
  if (!arguments.has("bandwidth")) return 0;
  const auto& text = arguments.get<std::string>("bandwidth");
  workflow::Diagnostics diagnostics("command line");
  const auto size = workflow::parse_size(text, {}, diagnostics);
  if (!size || size->bytes == 0)
    throw UsageError(fmt::format("--bandwidth {}: not a number of bytes per second above 0; try 1G", text));
  return static_cast<double>(size->bytes);
}

std::vector<SimulatedSize> sizes_from(const Arguments& arguments) {
  const topology::Node here = topology::discover();
  std::vector<SimulatedSize> sizes;
  if (!arguments.has("alloc")) {
    sizes.push_back({1, workers_here(here, count_from(arguments, "ranks", 1), count_from(arguments, "jobs", 0))});
  } else {
    if (arguments.has("ranks") || arguments.has("jobs"))
      throw UsageError("--alloc says what there is (-n and -j are for this machine); leave one of them out");
    const Allocation allocation = parse_allocation(arguments.get<std::string>("alloc"), here);
    for (const std::uint32_t nodes : allocation.node_counts)
      sizes.push_back({nodes, described_workers(allocation, nodes)});
  }
  if (const double bytes_per_s = bandwidth_from(arguments); bytes_per_s > 0)
    for (SimulatedSize& size : sizes) size.workers.machine.seconds_per_byte = 1 / bytes_per_s;
  return sizes;
}

std::vector<plan::Policy> policies_from(const Arguments& arguments) {
  if (!arguments.has("policy")) return {plan::Policy::automatic};
  std::vector<plan::Policy> policies;
  for (const std::string_view name : split(arguments.get<std::string>("policy"), ',')) {
    const auto policy = plan::policy_named(name);
    if (!policy) throw UsageError(fmt::format("--policy {} is not known; some of fifo,heft,partition,auto", name));
    if (std::find(policies.begin(), policies.end(), *policy) == policies.end()) policies.push_back(*policy);
  }
  return policies;
}

sim::Known known_from(const Arguments& arguments) {
  if (!arguments.has("known")) return sim::Known::exact;
  const auto& text = arguments.get<std::string>("known");
  for (const auto& [known, name] : kKnown)
    if (text == name) return known;
  throw UsageError(fmt::format("--known {} is not known; one of exact, task-means, none", text));
}

double noise_from(const Arguments& arguments) {
  if (!arguments.has("noise")) return 0;
  const auto noise = arguments.get<double>("noise");
  if (!(noise >= 0 && noise <= 10))
    throw UsageError(fmt::format("--noise {} is not in 0..10 (a part of the length); try 0.2", noise));
  return noise;
}

std::uint32_t node_from(std::string_view text, const std::string& whole, std::uint32_t most_nodes) {
  if (text.starts_with('n')) text.remove_prefix(1);
  std::uint32_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size())
    throw UsageError(fmt::format("--lose-node {}: cannot read the node (wanted: T@N); try 60s@n2", whole));
  if (number == 1)
    throw UsageError(
        fmt::format("--lose-node {}: n1 is the node of the head (with it the run ends); choose another", whole));
  if (number == 0 || number > most_nodes)
    throw UsageError(fmt::format("--lose-node {}: there is no node n{}, they are n1 to n{}; choose one of them", whole,
                                 number, most_nodes));
  return number - 1;
}

/// "90s", or "90s@n3".
sim::NodeLoss loss_from(const std::string& text, std::uint32_t most_nodes) {
  const std::size_t at = text.find('@');
  workflow::Diagnostics diagnostics("command line");
  const auto when = workflow::parse_duration(text.substr(0, at), {}, diagnostics);
  if (!when) throw UsageError(fmt::format("--lose-node {}: cannot read the time (wanted: T or T@N); try 60s", text));
  sim::NodeLoss loss{to_seconds(*when), {}};
  if (at != std::string::npos) loss.node = node_from(std::string_view(text).substr(at + 1), text, most_nodes);
  return loss;
}

std::vector<sim::NodeLoss> losses_from(const Arguments& arguments, std::span<const SimulatedSize> sizes) {
  std::vector<sim::NodeLoss> losses;
  if (!arguments.has("lose-node")) return losses;
  std::uint32_t most = 0;
  for (const SimulatedSize& size : sizes) most = std::max(most, size.nodes);
  if (most < 2) throw UsageError("--lose-node: the only node is that of the head; give several, as in --alloc nodes=4");
  for (const std::string& text : arguments.get<std::vector<std::string>>("lose-node"))
    losses.push_back(loss_from(text, most));
  return losses;
}

int effort_from(const Arguments& arguments) {
  const int effort = arguments.has("effort") ? arguments.get<int>("effort") : plan::PlanOptions{}.effort;
  if (effort < 0 || effort > 9)
    throw UsageError(
        fmt::format("--effort {} is not in 0..9 (each step searches about three times as much); try 3", effort));
  return effort;
}

}  // namespace

const char* name_of(sim::Known known) {
  return std::find_if(kKnown.begin(), kKnown.end(), [&](const auto& entry) { return entry.first == known; })->second;
}

void add_simulate_options(po::options_description& options) {
  auto add = options.add_options();
  add("json", "as JSON");
  add("alloc", po::value<std::string>()->value_name("nodes=A..B,cores=C,mem=SIZE,gpus=G,topology=T"),
      "on A, 2A, 4A, ... B nodes as described, or on nodes=N; one worker each. T is FILE.xml of hwloc or its synthetic "
      "description and comes last; what is not said is as on this machine");
  add("ranks,n", po::value<std::uint32_t>()->value_name("N"), "without --alloc: on N workers that share this machine");
  add("jobs,j", po::value<std::uint32_t>()->value_name("N"), "with N cores each; default: all, shared by the workers");
  add("policy", po::value<std::string>()->value_name("NAME,..."),
      "fifo, heft, partition, auto; several are compared; default: auto");
  add("effort", po::value<int>()->value_name("0..9"), "how much better plans are searched for; default: 3");
  add("known", po::value<std::string>()->value_name("WHAT"),
      "what the planner knows of the lengths: exact, task-means (the mean of each kind of task) or none; with the last "
      "two, the loss against exact is reported");
  add("noise", po::value<double>()->value_name("X"),
      "lengths vary by chance: multiplied by a log-normal factor of mean 1 and standard deviation X");
  add("bandwidth", po::value<std::string>()->value_name("SIZE"),
      "bytes per second between nodes: what needs data of another node waits for it; default: it is only counted");
  add("lose-node", po::value<std::vector<std::string>>()->value_name("T[@N]"),
      "node nN, or one by chance, dies after time T; may be repeated");
  add("seed", po::value<std::uint64_t>()->value_name("N"), "of all that happens by chance; default: 1");
}

SimulateOptions simulate_options_from(const Arguments& arguments) {
  SimulateOptions options;
  options.as_json = arguments.has("json");
  options.is_described = arguments.has("alloc");
  options.sizes = sizes_from(arguments);
  options.policies = policies_from(arguments);
  options.simulation.known = known_from(arguments);
  options.simulation.noise = noise_from(arguments);
  options.simulation.losses = losses_from(arguments, options.sizes);
  options.simulation.seed = arguments.has("seed") ? arguments.get<std::uint64_t>("seed") : 1;
  options.simulation.plan.effort = effort_from(arguments);
  options.simulation.plan.seed = options.simulation.seed;
  return options;
}

}  // namespace fugle::app
