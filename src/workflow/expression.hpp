// The expression language (FORMAT.md section 3): a text is parsed once into a tree, the tree is evaluated for every
// element. Names are resolved while parsing, by a NameScope that knows what there is and what is known when; functions
// are those of functions.hpp. No side effects, no clock; what three functions ask of the file system is answered by
// who evaluates (files.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/diagnostic.hpp"
#include "workflow/files.hpp"
#include "workflow/value.hpp"

namespace fugle::workflow {

struct Function;

/// What is wrong with an expression. Thrown while parsing, resolving and evaluating; becomes a Diagnostic where the
/// place in the file is known.
struct ExpressionError {
  std::string code;  ///< "E403"
  std::string text;
  std::string suggestion{};
  std::size_t offset = 0;    ///< in the source of the expression; meant for E401
  Position at{};             ///< of the marker, once known
  bool is_doubtful = false;  ///< may come from a value that is not known, so it is not to be reported
};

[[noreturn]] void syntax_error(std::size_t offset, std::string text);  ///< throws E401
[[noreturn]] void type_error(std::string text);                        ///< throws E403

enum class NameKind : std::uint8_t {
  param,
  matrix,
  input,
  output,
  env,
  workflow_name,
  workflow_dir,
  index,
  attempt,
  launcher,
  nodes,  ///< of `resources`, as are those up to scratch_bytes
  ranks,
  ranks_per_node,
  cores,
  mem,
  gpus,
  gpus_per_rank,
  exclusive,
  scratch_bytes,
  scratch,  ///< directory of the attempt
  run_state,
  task_output,
  task_value,  ///< of an output that is no file
  task_status,
  task_exit_code,
  item,        ///< of `foreach`
  item_field,  ///< of an item that is a map: its number, or `variable` where the items are not known yet
  run_id,
  run_dir,
  list_file,  ///< of an input, made for the attempt
  match,      ///< number of the element of a task that `needs` with `each` means
};

/// A resolved name: which thing of its kind.
struct Name {
  NameKind kind = NameKind::param;
  std::uint32_t item = 0;    ///< number of the param, matrix variable, input, output, task or field of an item
  std::uint32_t output =
      0;  ///< of a task_output or task_value; of param, env, workflow_name and workflow_dir: the file
  std::string variable;      ///< of env; name of the field of an item, or of a part of a JSON document
  bool operator==(const Name&) const = default;
};

/// Known only when an attempt starts: such a name is a slot in the text, never an operand.
[[nodiscard]] constexpr bool is_per_attempt(NameKind kind) {
  return kind == NameKind::output || kind == NameKind::attempt || kind == NameKind::scratch ||
         kind == NameKind::run_state || kind == NameKind::launcher || kind == NameKind::list_file;
}
/// Something of another task.
[[nodiscard]] constexpr bool is_of_task(NameKind kind) {
  return kind == NameKind::task_output || kind == NameKind::task_value || kind == NameKind::task_status ||
         kind == NameKind::task_exit_code;
}
/// A key of `resources`.
[[nodiscard]] constexpr bool is_resource(NameKind kind) {
  return kind >= NameKind::nodes && kind <= NameKind::scratch_bytes;
}

struct ExpressionNode;

/// Decides what a dotted name means at one place of the file. Throws ExpressionError (E402, E404).
class NameScope {
 public:
  virtual ~NameScope() = default;
  [[nodiscard]] virtual Name resolve(std::span<const std::string_view> path) const = 0;
  /// The expression of which the name is a short form; nothing: resolve() says what it is.
  [[nodiscard]] virtual std::optional<ExpressionNode> written_out(std::span<const std::string_view> path) const;
  /// What is known of its value beforehand.
  [[nodiscard]] virtual Types types_of(const Name& /*name*/) const { return kAnyType; }
};

/// The values of names for one element. value_of() throws ExpressionError.
class Names {
 public:
  virtual ~Names() = default;
  [[nodiscard]] virtual Value value_of(const Name& name) const = 0;
  /// True for a name without a value, as default() sees it.
  [[nodiscard]] virtual bool is_unset(const Name& name) const = 0;
  /// True when value_of() is only a stand-in, for validation without parameter values.
  [[nodiscard]] virtual bool is_doubtful(const Name& name) const = 0;
  /// What the file system says. By default it can not be asked (E404).
  [[nodiscard]] virtual Value ask_files(FileQuestion question, const std::string& path) const;
};

enum class Operator : std::uint8_t {
  literal,
  name,
  list,
  call,
  item,
  negate,
  invert,
  both,
  either,
  choose,
  equal,
  unequal,
  less,
  less_equal,
  greater,
  greater_equal,
  in,
  add,
  subtract,
  multiply,
  divide,
  modulo,
};

struct ExpressionNode {
  Operator op = Operator::literal;
  Value literal;
  Name name;
  const Function* function = nullptr;
  std::vector<ExpressionNode> children;
  std::uint32_t depth = 1;
};

/// Throws ExpressionError E401 where it is too deep.
[[nodiscard]] ExpressionNode make_node(Operator op, std::vector<ExpressionNode> children);

struct Expression {
  std::string source;  ///< without blanks around it
  ExpressionNode root;
};

[[nodiscard]] std::string_view without_outer_blanks(std::string_view text);

/// Throws ExpressionError, whose offset counts from the first byte that is not blank.
[[nodiscard]] Expression parse_expression(std::string_view source, const NameScope& scope);

/// Throws ExpressionError.
[[nodiscard]] Value evaluate(const ExpressionNode& node, const Names& names);

/// Whether it calls exists(), glob() or lines() somewhere.
[[nodiscard]] bool asks_files(const ExpressionNode& node);

/// It is `default`, whose first argument may be unset.
[[nodiscard]] bool is_default(const Function& function);

/// Calls `visit(name, is_soft)` with every name of the tree; soft: default() has something else where it is unset.
template <class Visit>
void for_each_use(const ExpressionNode& node, Visit&& visit, bool is_soft = false) {
  if (node.op == Operator::name) visit(node.name, is_soft);
  const bool has_else = node.op == Operator::call && is_default(*node.function);
  for (std::size_t i = 0; i < node.children.size(); ++i) for_each_use(node.children[i], visit, has_else && i == 0);
}

/// Calls `visit` with every name of the tree.
template <class Visit>
void for_each_name(const ExpressionNode& node, Visit&& visit) {
  if (node.op == Operator::name) visit(node.name);
  for (const ExpressionNode& child : node.children) for_each_name(child, visit);
}

}  // namespace fugle::workflow
