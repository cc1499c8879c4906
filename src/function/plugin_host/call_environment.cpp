#include "function/plugin_host/call_environment.hpp"

#include <unistd.h>

#include <string_view>
#include <unordered_set>
#include <utility>

namespace fugle::function {
namespace {

std::string_view name_of(std::string_view entry) { return entry.substr(0, entry.find('=')); }

}  // namespace

void CallEnvironment::apply(std::vector<std::string> variables) {
  std::unordered_set<std::string_view> replaced;
  for (const std::string& entry : current_.texts) replaced.insert(name_of(entry));
  for (const std::string& entry : variables) replaced.insert(name_of(entry));
  std::vector<char*> pointers;
  for (char** entry = environ; *entry != nullptr; ++entry)
    if (!replaced.contains(name_of(*entry))) pointers.push_back(*entry);
  for (std::string& entry : variables) pointers.push_back(entry.data());
  pointers.push_back(nullptr);
  before_ = std::exchange(current_, {std::move(variables), std::move(pointers)});
  environ = current_.pointers.data();
}

}  // namespace fugle::function
