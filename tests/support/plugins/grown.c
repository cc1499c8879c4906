/* A plugin compiled against later headers of the same ABI: its structures are longer. */
#include <fugle/plugin.h>

typedef struct Function {
  FuglePluginFunction known;
  const char* later[3];
} Function;

static int first(void* state, const FugleCall* call) {
  (void)state;
  call->set_error(call, "the first");
  return 1;
}
static int second(void* state, const FugleCall* call) {
  (void)state;
  call->set_result(call, FUGLE_HAS(call, host) ? "second" : "short", 6);
  return 0;
}

static const Function functions[] = {{{"first", first, NULL}, {0}}, {{"second", second, NULL}, {0}}};
static const struct {
  FuglePlugin known;
  uint64_t later[4];
} table = {{FUGLE_PLUGIN_ABI, sizeof table, sizeof(Function), 2, &functions[0].known, NULL, NULL, NULL}, {0}};

const FuglePlugin* fugle_plugin(uint32_t host_abi) {
  (void)host_abi;
  return &table.known;
}
