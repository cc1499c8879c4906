#include "topology/read_devices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>

namespace fugle::topology {
namespace {

using PciAttributes = hwloc_obj_attr_u::hwloc_pcidev_attr_s;

constexpr unsigned kNvidia = 0x10de, kAmd = 0x1002, kIntel = 0x8086, kMellanox = 0x15b3;

std::string vendor_of(hwloc_obj_t pci) {
  switch (pci->attr->pcidev.vendor_id) {
    case kNvidia: return "nvidia";
    case kAmd: return "amd";
    case kIntel: return "intel";
    case kMellanox: return "mellanox";
    default: break;
  }
  const char* name = hwloc_obj_get_info_by_name(pci, "PCIVendor");
  return name != nullptr ? name : "";
}

/// How libraries for GPUs name their devices in hwloc; by falling preference, for one card may have several names.
struct GpuLibrary {
  std::string_view prefix;
  std::string_view vendor;
};
constexpr std::array<GpuLibrary, 5> kGpuLibraries{
    {{"cuda", "nvidia"}, {"rsmi", "amd"}, {"ze", "intel"}, {"nvml", "nvidia"}, {"opencl", ""}}};
/// Of what hangs on no bus: nvml would count NVIDIA's cards twice, and opencl counts processors too.
constexpr std::size_t kNumLibrariesOffBus = 3;

/// Position in kGpuLibraries; their number for what is no GPU: what the kernel's graphics drivers list ("card0") may be
/// the console of a server's management chip. "ze0.1" is a part of "ze0".
std::size_t gpu_library_of(hwloc_obj_t device) {
  const std::string_view name = device->name != nullptr ? device->name : "";
  const auto type = device->attr->osdev.type;
  if ((type != HWLOC_OBJ_OSDEV_COPROC && type != HWLOC_OBJ_OSDEV_GPU) || name.find('.') != std::string_view::npos)
    return kGpuLibraries.size();
  const auto found = std::find_if(kGpuLibraries.begin(), kGpuLibraries.end(),
                                  [name](const GpuLibrary& library) { return name.starts_with(library.prefix); });
  return static_cast<std::size_t>(found - kGpuLibraries.begin());
}

/// Known by its class alone. A console (class 0300) counts only from who makes GPUs, others are management chips and
/// virtual screens; AMD lists its accelerators as 0380 and 1200.
bool is_gpu_by_class(const PciAttributes& pci) {
  const bool is_known_vendor = pci.vendor_id == kNvidia || pci.vendor_id == kAmd || pci.vendor_id == kIntel;
  switch (pci.class_id) {
    case 0x0302: return true;
    case 0x0300:
    case 0x0380: return is_known_vendor;
    case 0x1200: return pci.vendor_id == kAmd;
    default: return false;
  }
}

/// A device and where it hangs, before it has a number.
struct Found {
  hwloc_obj_t object;  ///< its PCI device, or the operating system's where it has none
  Device device;

  /// PCI order; what is on no bus comes last, as hwloc lists it.
  [[nodiscard]] auto key() const {
    if (object->type != HWLOC_OBJ_PCI_DEVICE) return std::tuple(1u, object->logical_index, 0u, 0u, 0u);
    const PciAttributes& pci = object->attr->pcidev;
    return std::tuple(0u, static_cast<unsigned>(pci.domain), static_cast<unsigned>(pci.bus),
                      static_cast<unsigned>(pci.dev), static_cast<unsigned>(pci.func));
  }
};

hwloc_obj_t pci_device_above(hwloc_obj_t device) {
  while (device != nullptr && device->type != HWLOC_OBJ_PCI_DEVICE) device = device->parent;
  return device;
}

std::string pci_address(const PciAttributes& pci) {
  return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", pci.domain, pci.bus, pci.dev, pci.func);
}

std::vector<Device> numbered(std::vector<Found> found, const Node& node) {
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return a.key() < b.key(); });
  std::vector<Device> devices;
  for (const Found& one : found) {
    Device& device = devices.emplace_back(one.device);
    device.index = static_cast<std::uint32_t>(devices.size() - 1);
    // The one group that its surroundings touch.
    const hwloc_const_cpuset_t near = hwloc_get_non_io_ancestor_obj(nullptr, one.object)->cpuset;
    const auto only_group = [&](Level level) {
      std::uint32_t group = kNoGroup;
      for (const Pu& pu : node.pus) {
        if (hwloc_bitmap_isset(near, pu.os_index) == 0) continue;
        if (group != kNoGroup && group != group_of(pu, level)) return kNoGroup;
        group = group_of(pu, level);
      }
      return group;
    };
    device.numa = only_group(Level::numa);
    device.package = only_group(Level::package);
  }
  return devices;
}

}  // namespace

std::vector<Device> read_gpus(hwloc_topology_t topology, const Node& node) {
  std::vector<Found> found;
  for (hwloc_obj_t pci = nullptr; (pci = hwloc_get_next_pcidev(topology, pci)) != nullptr;) {
    std::size_t best = kGpuLibraries.size();
    Device gpu{pci_address(pci->attr->pcidev), vendor_of(pci), 0, 0, 0, {}};
    for (hwloc_obj_t child = pci->io_first_child; child != nullptr; child = child->next_sibling) {
      if (child->type != HWLOC_OBJ_OS_DEVICE || gpu_library_of(child) >= best) continue;
      best = gpu_library_of(child);
      gpu.name = child->name;
    }
    if (best < kGpuLibraries.size() || is_gpu_by_class(pci->attr->pcidev)) found.push_back({pci, gpu});
  }
  for (hwloc_obj_t os = nullptr; (os = hwloc_get_next_osdev(topology, os)) != nullptr;) {
    const std::size_t library = gpu_library_of(os);
    if (library >= kNumLibrariesOffBus || pci_device_above(os) != nullptr) continue;
    found.push_back({os, {os->name, std::string(kGpuLibraries[library].vendor), 0, 0, 0, {}}});
  }
  std::vector<Device> gpus = numbered(std::move(found), node);
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    const auto is_same = [&](const Device& other) { return other.vendor == gpus[i].vendor; };
    gpus[i].visible_as =
        std::to_string(std::count_if(gpus.begin(), gpus.begin() + static_cast<std::ptrdiff_t>(i), is_same));
  }
  return gpus;
}

std::vector<Device> read_nics(hwloc_topology_t topology, const Node& node) {
  std::vector<Found> found;
  for (hwloc_obj_t os = nullptr; (os = hwloc_get_next_osdev(topology, os)) != nullptr;) {
    const auto type = os->attr->osdev.type;
    if (type != HWLOC_OBJ_OSDEV_NETWORK && type != HWLOC_OBJ_OSDEV_OPENFABRICS) continue;
    const hwloc_obj_t pci = pci_device_above(os);
    const hwloc_obj_t object = pci != nullptr ? pci : os;
    const std::string name = os->name != nullptr ? os->name : "";
    const auto same = std::find_if(found.begin(), found.end(), [&](const Found& f) { return f.object == object; });
    if (same == found.end())
      found.push_back({object, {name, pci != nullptr ? vendor_of(pci) : "", 0, 0, 0, {}}});
    else if (type == HWLOC_OBJ_OSDEV_OPENFABRICS)
      same->device.name = name;  // what MPI libraries call the card
  }
  return numbered(std::move(found), node);
}

}  // namespace fugle::topology
