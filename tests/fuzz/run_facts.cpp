// Any bytes as run.json: facts, or an EnvironmentError. The first byte chooses between that and a file in control/.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "app/control.hpp"
#include "app/run_directory.hpp"
#include "base/error.hpp"
#include "base/printable.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fugle;
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 1) {
    const auto command = app::decode_command(text);
    if (command && app::decode_command(app::encode_command(*command)) != command) std::abort();
    return 0;
  }
  try {
    (void)app::parse_run_facts(text);
  } catch (const EnvironmentError& error) {
    const std::string shown = printable(error.what());
    if (printable(shown) != shown) std::abort();
  }
  return 0;
}
