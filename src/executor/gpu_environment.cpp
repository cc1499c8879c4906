#include "executor/gpu_environment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "executor/environment.hpp"

namespace fugle::executor {
namespace {

using topology::Device;

bool is_of_unknown_vendor(const Device& gpu) {
  return gpu.vendor != "nvidia" && gpu.vendor != "amd" && gpu.vendor != "intel";
}

bool may_be_of(const Device& gpu, std::string_view vendor) { return gpu.vendor == vendor || is_of_unknown_vendor(gpu); }

bool has_any_of(const std::vector<Device>& gpus, std::string_view vendor) {
  return std::any_of(gpus.begin(), gpus.end(), [vendor](const Device& gpu) { return may_be_of(gpu, vendor); });
}

/// In the order of the place.
std::vector<Device> leased_of(const std::vector<Device>& gpus, const scheduler::Place& place) {
  std::vector<Device> leased;
  for (const std::uint32_t index : place.gpus) {
    const auto found =
        std::find_if(gpus.begin(), gpus.end(), [index](const Device& gpu) { return gpu.index == index; });
    leased.push_back(found != gpus.end() ? *found : Device{"", "", index, 0, 0, {}});
  }
  return leased;
}

std::string visible(const std::vector<Device>& leased, std::string_view vendor, bool all) {
  std::string list;
  for (const Device& gpu : leased) {
    if (!all && !may_be_of(gpu, vendor)) continue;
    if (!list.empty()) list += ',';
    list += gpu.visible_as.empty() ? std::to_string(gpu.index) : gpu.visible_as;
  }
  return list;
}

/// "0,1,2"; "-1", which no device has, for none.
std::string count_up(std::size_t count) {
  std::string list;
  for (std::size_t i = 0; i < count; ++i) list += (i == 0 ? "" : ",") + std::to_string(i);
  return count == 0 ? "-1" : list;
}

class Adder {
 public:
  Adder(std::vector<std::string>& variables, const std::vector<std::string>& shared)
      : variables_(variables), shared_(shared) {}

  void set(std::string_view name, std::string_view value) {
    if (!is_set_in(variables_, name)) variables_.push_back(fmt::format("{}={}", name, value));
  }
  void set_default(std::string_view name, std::string_view value) {
    if (!is_set_in(shared_, name)) set(name, value);
  }

 private:
  static bool is_set_in(const std::vector<std::string>& environment, std::string_view name) {
    return std::any_of(environment.begin(), environment.end(), [name](std::string_view entry) {
      return entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=';
    });
  }

  std::vector<std::string>& variables_;
  const std::vector<std::string>& shared_;
};

}  // namespace

void add_gpu_variables(std::vector<std::string>& variables, const std::vector<Device>& gpus,
                       const scheduler::Launch& launch, const std::vector<std::string>& shared_environment) {
  const std::vector<Device> leased = leased_of(gpus, launch.place);
  if (leased.empty() && (gpus.empty() || launch.granted.gpus > 0)) return;
  const std::vector<Device>& here = gpus.empty() ? leased : gpus;
  Adder add(variables, shared_environment);
  const bool has_nvidia = has_any_of(here, "nvidia"), has_amd = has_any_of(here, "amd"),
             has_intel = has_any_of(here, "intel");

  const auto num_of_amd = static_cast<std::size_t>(
      std::count_if(leased.begin(), leased.end(), [](const Device& gpu) { return may_be_of(gpu, "amd"); }));
  const bool hip_reads_it = has_amd && !has_nvidia;
  add.set("CUDA_VISIBLE_DEVICES", hip_reads_it ? count_up(num_of_amd) : visible(leased, "nvidia", !has_nvidia));
  add.set("ROCR_VISIBLE_DEVICES", visible(leased, "amd", !has_amd));
  if (has_amd) add.set("HIP_VISIBLE_DEVICES", count_up(num_of_amd));
  const std::string mask = visible(leased, "intel", !has_intel);
  // Intel's library takes an empty mask for none at all; a card that does not exist hides those that do.
  const bool is_intels = std::any_of(here.begin(), here.end(), [](const Device& gpu) { return gpu.vendor == "intel"; });
  add.set("ZE_AFFINITY_MASK", mask.empty() && is_intels ? "9999" : mask);
  if (leased.empty()) return;
  if (has_nvidia) add.set_default("CUDA_DEVICE_ORDER", "PCI_BUS_ID");
  if (is_intels) add.set_default("ZE_FLAT_DEVICE_HIERARCHY", "COMPOSITE");
}

}  // namespace fugle::executor
