// Functions that the program itself has, by name: of a C++ program that made its workflow. Filled before the run.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "function/callable.hpp"

namespace fugle::function {

class Registry {
 public:
  void add(const std::string& name, std::shared_ptr<Callable> callable) { functions_[name] = std::move(callable); }
  /// Null: there is none of that name.
  [[nodiscard]] Callable* find(std::string_view name) const {
    const auto found = functions_.find(name);
    return found == functions_.end() ? nullptr : found->second.get();
  }
  [[nodiscard]] bool is_empty() const { return functions_.empty(); }

 private:
  std::map<std::string, std::shared_ptr<Callable>, std::less<>> functions_;  ///< shared with the workflow that has them
};

/// "name" of ":name", which is how a task says that it calls a function of the program; empty: of a plugin.
[[nodiscard]] inline std::string_view own_name(std::string_view function) {
  return function.starts_with(':') ? function.substr(1) : std::string_view{};
}

}  // namespace fugle::function
