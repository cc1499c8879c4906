#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace fugle {

void fail_assertion(std::string_view kind, std::string_view expression, std::string_view detail, const char* file,
                    int line) {
  std::fprintf(stderr, "fugle: bug: %.*s failed: %.*s%s%.*s (%s:%d); please report this\n",
               static_cast<int>(kind.size()), kind.data(), static_cast<int>(expression.size()), expression.data(),
               detail.empty() ? "" : ": ", static_cast<int>(detail.size()), detail.data(), file, line);
  std::abort();
}

}  // namespace fugle
