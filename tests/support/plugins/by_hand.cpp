// A table made by hand, whose function lets an exception out.
#include <fugle/plugin.h>

#include <stdexcept>

namespace {

int let_out(void*, const FugleCall*) { throw std::runtime_error("let out"); }

const FuglePluginFunction kFunctions[] = {{"let_out", &let_out, nullptr}};
const FuglePlugin kTable = {
    FUGLE_PLUGIN_ABI, sizeof(FuglePlugin), sizeof(FuglePluginFunction), 1, kFunctions, nullptr, nullptr, nullptr};

}  // namespace

extern "C" const FuglePlugin* fugle_plugin(uint32_t) { return &kTable; }
