#include "app/rank_executor.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "app/program.hpp"
#include "base/error.hpp"
#include "function/plugin.hpp"

namespace fugle::app {

namespace {

function::Callable& find_own_function(const std::string& name) {
  const std::string_view own = function::own_name(name);
  function::Callable* const found = this_program().functions.find(own);
  if (found != nullptr) return *found;
  throw EnvironmentError(fmt::format(
      "there is no function '{}' in this program ({}); it is of the C++ program that made the workflow: run that one",
      own, this_program().name.empty() ? std::string("fugle itself has none") : this_program().name));
}

}  // namespace

function::FunctionOptions function_options(WorkerId self, const std::string& run_id, const std::string& run_dir,
                                           const std::string& plugin_path) {
  // Those of an installation are found from bin of it; a program of its own lies elsewhere.
  std::string search_path = plugin_path;
  if (const std::filesystem::path helpers = this_program().helpers; !helpers.empty())
    search_path += ":" + (helpers.parent_path().parent_path() / "lib/fugle/plugins").string();
  const auto plugins =
      std::make_shared<function::Plugins>(function::PluginHost{run_id, run_dir, self.value(), false, search_path});
  return {self, run_id, run_dir, [plugins](const std::string& name) -> function::Callable& {
            return function::own_name(name).empty() ? plugins->find_when_called(name) : find_own_function(name);
          }};
}

}  // namespace fugle::app
