#include "app/program.hpp"

#include <utility>

namespace fugle::app {
namespace {

Program& the_program() {
  static Program program;
  return program;
}

}  // namespace

void become(Program program) { the_program() = std::move(program); }
const Program& this_program() { return the_program(); }

}  // namespace fugle::app
