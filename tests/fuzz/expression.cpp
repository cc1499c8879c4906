// Any text as an expression: a value or an ExpressionError, never anything else; a value is of a type that was
// foreseen. Names are those a small workflow has.
#include "workflow/expression.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "workflow/type_check.hpp"

namespace {

using namespace fugle::workflow;

struct AnyName final : NameScope {
  [[nodiscard]] Name resolve(std::span<const std::string_view> path) const override {
    if (path.empty() || path.size() > 2) throw ExpressionError{"E402", "no such name"};
    if (path[0] == "index") return {NameKind::index, 0, 0, {}};
    if (path[0] == "cores") return {NameKind::cores, 0, 0, {}};
    if (path[0] == "env" && path.size() == 2) return {NameKind::env, 0, 0, std::string(path[1])};
    return {NameKind::param, static_cast<std::uint32_t>(path[0].size() % 5), 0, {}};
  }
};

struct SomeValues final : Names {
  [[nodiscard]] Value value_of(const Name& name) const override {
    if (name.kind == NameKind::env) return Value("text of " + name.variable);
    switch (name.item) {
      case 0: return Value(std::int64_t{-7});
      case 1: return Value(2.5);
      case 2: return Value("some text");
      case 3: return Value(List{Value(std::int64_t{1}), Value("b"), Value(true)});
      default: return {};
    }
  }
  [[nodiscard]] bool is_unset(const Name& name) const override { return name.item == 4; }
  [[nodiscard]] bool is_doubtful(const Name&) const override { return false; }
  [[nodiscard]] Value ask_files(FileQuestion question, const std::string& path) const override {
    if (question == FileQuestion::exists) return path.size() % 2 == 0;
    return List{Value(path)};
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Expression expression = parse_expression(text, AnyName{});
    const Types types = check_types(expression.root, AnyName{});
    const Value value = evaluate(expression.root, SomeValues{});
    if ((types >> value.data.index() & 1) == 0) __builtin_trap();
    (void)to_text(value);
  } catch (const ExpressionError&) {
  }
  return 0;
}
