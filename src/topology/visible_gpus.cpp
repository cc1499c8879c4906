#include "topology/visible_gpus.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace fugle::topology {
namespace {

struct VendorVariables {
  std::string_view vendor;
  std::array<const char*, 2> names;  ///< the first that is set counts
};
constexpr std::array<VendorVariables, 3> kVendors{{{"nvidia", {"CUDA_VISIBLE_DEVICES", nullptr}},
                                                   {"amd", {"ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"}},
                                                   {"intel", {"ZE_AFFINITY_MASK", nullptr}}}};

std::optional<std::string_view> first_set(const Variables& variables, const std::array<const char*, 2>& names) {
  for (const char* name : names) {
    if (name == nullptr) continue;
    if (const char* value = variables(name)) return value;
  }
  return std::nullopt;
}

std::vector<std::string_view> split(std::string_view list) {
  std::vector<std::string_view> items;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    items.push_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return items;
}

/// "3", or "3.1" for a part of it.
std::optional<std::uint32_t> number_of(std::string_view item) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), number);
  if (error != std::errc{} || (end != item.data() + item.size() && *end != '.')) return std::nullopt;
  return number;
}

/// The numbers of Slurm; "2-3" and what is not a number make them unusable.
std::vector<std::uint32_t> slurm_numbers(const Variables& variables) {
  std::vector<std::uint32_t> numbers;
  for (const std::string_view item :
       split(first_set(variables, {"SLURM_STEP_GPUS", "SLURM_JOB_GPUS"}).value_or(std::string_view{}))) {
    const auto number = number_of(item);
    if (!number || item.find_first_not_of("0123456789") != std::string_view::npos) return {};
    numbers.push_back(*number);
  }
  return numbers;
}

bool is_uuid(std::string_view item) { return item.starts_with("GPU-") || item.starts_with("MIG-"); }

/// Devices of one vendor, in PCI order, that are in its list; like its library we read it up to what makes no sense.
std::vector<Device> listed(std::vector<Device> devices, const std::vector<std::string_view>& items,
                           const std::vector<std::uint32_t>& slurm) {
  std::vector<bool> is_listed(devices.size());
  const bool are_slurms = !slurm.empty() && slurm.size() == items.size();
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto number = number_of(items[i]);
    if (!number && !is_uuid(items[i])) break;
    // Which one a UUID means is not known: the next.
    std::size_t at = static_cast<std::size_t>(std::find(is_listed.begin(), is_listed.end(), false) - is_listed.begin());
    if (are_slurms && slurm[i] < devices.size())
      at = slurm[i];
    else if (number)
      at = *number;
    if (at >= devices.size()) break;
    std::string& visible_as = devices[at].visible_as;
    visible_as = is_listed[at] ? visible_as + "," + std::string(items[i]) : std::string(items[i]);
    is_listed[at] = true;
  }
  std::vector<Device> kept;
  for (std::size_t i = 0; i < devices.size(); ++i)
    if (is_listed[i]) kept.push_back(devices[i]);
  return kept;
}

/// GPUs that only Slurm knows of.
std::vector<Device> slurms_own(const Variables& variables, const std::vector<std::uint32_t>& slurm) {
  std::vector<Device> gpus;
  for (const VendorVariables& vendor : kVendors) {
    const auto items = split(first_set(variables, vendor.names).value_or(std::string_view{}));
    if (items.size() != slurm.size()) continue;
    for (std::size_t i = 0; i < items.size(); ++i)
      gpus.push_back({"gpu" + std::to_string(slurm[i]), std::string(vendor.vendor), slurm[i], kNoGroup, kNoGroup,
                      std::string(items[i])});
    break;
  }
  return gpus;
}

}  // namespace

std::vector<Device> visible_gpus(const std::vector<Device>& gpus, const Variables& variables) {
  const std::vector<std::uint32_t> slurm = slurm_numbers(variables);
  if (gpus.empty()) return slurm.empty() ? gpus : slurms_own(variables, slurm);
  std::vector<Device> visible;
  for (const Device& gpu : gpus) {
    const auto is_its = [&](const VendorVariables& v) { return v.vendor == gpu.vendor; };
    if (std::none_of(kVendors.begin(), kVendors.end(), is_its)) visible.push_back(gpu);
  }
  for (const VendorVariables& vendor : kVendors) {
    std::vector<Device> its;
    std::copy_if(gpus.begin(), gpus.end(), std::back_inserter(its),
                 [&](const Device& gpu) { return gpu.vendor == vendor.vendor; });
    if (const auto list = first_set(variables, vendor.names)) its = listed(std::move(its), split(*list), slurm);
    visible.insert(visible.end(), its.begin(), its.end());
  }
  std::sort(visible.begin(), visible.end(), [](const Device& a, const Device& b) { return a.index < b.index; });
  return visible;
}

}  // namespace fugle::topology
