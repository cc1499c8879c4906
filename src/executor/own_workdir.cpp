#include "executor/own_workdir.hpp"

#include <filesystem>
#include <system_error>

namespace fugle::executor {

void make_own_workdir(const graph::Task& task, const graph::ElementText& text) {
  std::error_code told_when_it_is_entered;
  if (task.workdir.empty() && !text.workdir.empty())
    std::filesystem::create_directories(text.workdir, told_when_it_is_entered);
}

}  // namespace fugle::executor
