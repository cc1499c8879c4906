/* A plugin compiled against headers of the next ABI. */
#include <fugle/plugin.h>

static const FuglePlugin table = {FUGLE_PLUGIN_ABI + 1, sizeof(FuglePlugin), 0, 0, NULL, NULL, NULL, NULL};

const FuglePlugin* fugle_plugin(uint32_t host_abi) {
  (void)host_abi;
  return &table;
}
