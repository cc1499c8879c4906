// The functions of the expression language: one table of names, argument counts and code. All are pure but
// for three that ask something of the file system, which is answered elsewhere (Names::ask_files).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "workflow/files.hpp"
#include "workflow/value.hpp"

namespace fugle::workflow {

struct Function {
  std::string_view name;
  std::size_t min_arguments;
  std::size_t max_arguments;
  Types result;
  Value (*code)(std::span<const Value> arguments);  ///< throws ExpressionError (E403)
  std::optional<FileQuestion> question{};           ///< then this is asked, with the text that `code` gives
};

/// Throws ExpressionError (E402), with a suggestion, for a name that is none.
[[nodiscard]] const Function& find_function(std::string_view name);
/// Throws ExpressionError (E403).
void check_arity(const Function& function, std::size_t arguments);

/// `default` looks at whether its first argument is set, `q` may hold a slot: the two that callers must recognise.
[[nodiscard]] bool is_default(const Function& function);
[[nodiscard]] bool is_quote(const Function& function);

}  // namespace fugle::workflow
