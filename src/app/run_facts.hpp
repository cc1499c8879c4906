// run.json as the reading verbs need it: who runs what, since when. Missing keys read as empty, so that runs of other
// versions stay readable.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/time.hpp"

namespace fugle::app {

struct RunFacts {
  std::string dir;       ///< absolute
  std::string run;       ///< run id
  std::string workflow;  ///< its name
  std::string file;      ///< as given on the command line
  std::string user;
  std::string host;
  std::vector<std::pair<std::string, std::string>> params;
  Time created{};
};

/// Throws EnvironmentError when run.json is not there or no JSON.
[[nodiscard]] RunFacts read_run_facts(const std::string& run_dir);

}  // namespace fugle::app
