#include "app/planning_options.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace fugle::app {
namespace po = boost::program_options;

void add_planning_options(po::options_description& options) {
  po::options_description planning("How it is planned");
  auto add = planning.add_options();
  add("policy", po::value<std::string>()->value_name("NAME"),
      "fifo, heft, partition or auto: the best for this graph and machine; default: auto");
  add("effort", po::value<int>()->value_name("0..9"), "how much better plans are searched for; default: 3");
  options.add(planning);
}

plan::PlanOptions planning_options_from(const Arguments& arguments) {
  plan::PlanOptions options;
  if (arguments.has("policy")) {
    const std::string& name = arguments.get<std::string>("policy");
    const auto policy = plan::policy_named(name);
    if (!policy) throw UsageError(fmt::format("--policy {} is not known; one of fifo, heft, partition, auto", name));
    options.policy = *policy;
  }
  if (arguments.has("effort")) {
    options.effort = arguments.get<int>("effort");
    if (options.effort < 0 || options.effort > 9)
      throw UsageError(
          fmt::format("--effort {} is not in 0..9 (each step searches about three times as much)", options.effort));
  }
  return options;
}

}  // namespace fugle::app
