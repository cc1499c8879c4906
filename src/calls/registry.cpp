// The types of calls that this program knows, and addresses of functions that mean the same in all its processes.
#include <dlfcn.h>
#include <link.h>

#include <cstring>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "calls/engine.hpp"

namespace fugle::calls {
namespace {

struct Table {
  std::mutex mutex;
  std::unordered_map<std::uint64_t, const CallType*> calls;   ///< null: two types have this id
  std::unordered_map<std::uint64_t, const CallType*> values;  ///< by the id of the value
};

Table& table() {
  static Table it;
  return it;
}

const CallType* find(std::unordered_map<std::uint64_t, const CallType*>& types, std::uint64_t id) {
  const std::lock_guard lock(table().mutex);
  const auto found = types.find(id);
  return found == types.end() ? nullptr : found->second;
}

/// The last part of a path: libraries may lie in different folders on different nodes.
std::uint64_t hash_file(const char* path) {
  const char* name = std::strrchr(path, '/');
  return detail::hash_name(name == nullptr ? path : name + 1);
}

struct Module {
  std::uint64_t hash;
  std::uint64_t base = 0;
  std::uint64_t address = 0;  ///< to look for; 0: by hash
  bool is_found = false;
};

bool holds(const dl_phdr_info& info, std::uint64_t address) {
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const auto& part = info.dlpi_phdr[i];
    const std::uint64_t first = info.dlpi_addr + part.p_vaddr;
    if (part.p_type == PT_LOAD && address >= first && address < first + part.p_memsz) return true;
  }
  return false;
}

int look_at(dl_phdr_info* info, std::size_t, void* wanted) {
  Module& module = *static_cast<Module*>(wanted);
  const std::uint64_t hash = hash_file(info->dlpi_name);
  if (module.address != 0 ? !holds(*info, module.address) : hash != module.hash) return 0;
  module.hash = hash;
  module.base = info->dlpi_addr;
  module.is_found = true;
  return 1;
}

}  // namespace

const CallType* find_call_type(std::uint64_t id) { return find(table().calls, id); }
const CallType* find_plain_type(std::uint64_t value_id) { return find(table().values, value_id); }

}  // namespace fugle::calls

namespace fugle::detail {

void register_type(const CallType& type) {
  calls::Table& known = calls::table();
  const std::lock_guard lock(known.mutex);
  if (type.run == nullptr) {
    known.values.emplace(type.id, &type);
    return;
  }
  const auto [entry, is_new] = known.calls.emplace(type.id, &type);
  if (!is_new && entry->second != &type) entry->second = nullptr;
}

FunctionAddress portable_address(void* function) {
  calls::Module module{.hash = 0, .address = reinterpret_cast<std::uint64_t>(function)};
  dl_iterate_phdr(&calls::look_at, &module);
  if (!module.is_found) throw CallMisuse("a function that was made at run time cannot go to another rank");
  return {module.hash, module.address - module.base};
}

void* address_here(FunctionAddress address) {
  calls::Module module{.hash = address.module};
  dl_iterate_phdr(&calls::look_at, &module);
  if (!module.is_found) throw CallError("a call needs a library that is not loaded on this rank; load it on all ranks");
  return reinterpret_cast<void*>(module.base + address.offset);
}

}  // namespace fugle::detail
