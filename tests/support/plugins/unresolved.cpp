// A plugin that was not linked with the library it uses.
#include <fugle/plugin.hpp>

double of_another_library(double x);

namespace {
void use(fugle::plugin::Call& call) { call.set_value(of_another_library(1)); }
}  // namespace

FUGLE_PLUGIN(FUGLE_FUNCTION(use))
