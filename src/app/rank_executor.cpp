#include "app/rank_executor.hpp"

#include <fmt/format.h>

#include "app/program.hpp"
#include "base/error.hpp"

namespace fugle::app {

function::Callable& find_function(const std::string& name) {
  const std::string_view own = function::own_name(name);
  function::Callable* const found = this_program().functions.find(own);
  if (found != nullptr) return *found;
  throw EnvironmentError(fmt::format(
      "there is no function '{}' in this program ({}); it is of the C++ program that made the workflow: run that one",
      own.empty() ? std::string_view(name) : own,
      this_program().name.empty() ? std::string("fugle itself has none") : this_program().name));
}

}  // namespace fugle::app
