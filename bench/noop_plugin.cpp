// A plugin whose function does nothing, for bench/functions.
#include <fugle/plugin.hpp>

namespace {
void noop(fugle::plugin::Call&) {}
}  // namespace

FUGLE_PLUGIN(FUGLE_FUNCTION(noop))
