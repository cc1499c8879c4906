#include "workflow/expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "workflow/functions.hpp"
#include "workflow/tokens.hpp"

namespace fugle::workflow {
namespace {

/// The tree is walked by recursion, so its depth is bounded.
constexpr std::uint32_t kMaxDepth = 200;

using OperatorOf = std::pair<std::string_view, Operator>;
constexpr OperatorOf kComparisons[] = {
    {"==", Operator::equal},  {"!=", Operator::unequal},       {"<", Operator::less}, {"<=", Operator::less_equal},
    {">", Operator::greater}, {">=", Operator::greater_equal}, {"in", Operator::in}};
constexpr OperatorOf kSums[] = {{"+", Operator::add}, {"-", Operator::subtract}};
constexpr OperatorOf kTerms[] = {{"*", Operator::multiply}, {"/", Operator::divide}, {"%", Operator::modulo}};

/// Recursive descent; one function per rule of the grammar.
class Parser {
 public:
  Parser(std::string_view source, const NameScope& scope) : tokens_(source), scope_(scope) { advance(); }

  ExpressionNode whole() {
    ExpressionNode node = expr();
    if (token_.kind != TokenKind::end) unexpected();
    return node;
  }

 private:
  void advance() { token_ = tokens_.next(); }
  [[nodiscard]] bool is(std::string_view spelling) const {
    return (token_.kind == TokenKind::sign || token_.kind == TokenKind::name) && token_.spelling == spelling;
  }
  bool accept(std::string_view spelling) {
    if (!is(spelling)) return false;
    advance();
    return true;
  }
  void require(std::string_view spelling) {
    if (!accept(spelling)) unexpected(spelling);
  }
  [[noreturn]] void unexpected(std::string_view wanted = {}) const {
    if (token_.kind == TokenKind::end) syntax_error(token_.offset, "expression ends too early");
    if (wanted.empty()) syntax_error(token_.offset, fmt::format("unexpected '{}'", token_.spelling));
    syntax_error(token_.offset, fmt::format("unexpected '{}'; '{}' is missing here", token_.spelling, wanted));
  }

  ExpressionNode make(Operator op, std::vector<ExpressionNode> children) const {
    ExpressionNode node;
    node.op = op;
    for (const ExpressionNode& child : children) node.depth = std::max(node.depth, child.depth + 1);
    if (node.depth > kMaxDepth) too_deep();
    node.children = std::move(children);
    return node;
  }
  template <class... Children>
  ExpressionNode make(Operator op, ExpressionNode first, Children... more) const {
    std::vector<ExpressionNode> children;
    children.push_back(std::move(first));
    (children.push_back(std::move(more)), ...);
    return make(op, std::move(children));
  }
  [[noreturn]] void too_deep() const {
    syntax_error(token_.offset, fmt::format("expression is nested deeper than {}", kMaxDepth));
  }
  template <class Rule>
  ExpressionNode nested(Rule rule) {
    if (++nesting_ > kMaxDepth) too_deep();
    ExpressionNode node = rule();
    --nesting_;
    return node;
  }

  ExpressionNode expr() {
    return nested([&] {
      ExpressionNode condition = or_rule();
      if (!accept("?")) return condition;
      ExpressionNode yes = expr();
      require(":");
      return make(Operator::choose, std::move(condition), std::move(yes), expr());
    });
  }

  ExpressionNode or_rule() {
    ExpressionNode node = and_rule();
    while (accept("||")) node = make(Operator::either, std::move(node), and_rule());
    return node;
  }

  ExpressionNode and_rule() {
    ExpressionNode node = not_rule();
    while (accept("&&")) node = make(Operator::both, std::move(node), not_rule());
    return node;
  }

  ExpressionNode not_rule() {
    return nested([&] { return accept("!") ? make(Operator::invert, not_rule()) : comparison(); });
  }

  template <std::size_t N>
  std::optional<Operator> accept_any(const OperatorOf (&operators)[N]) {
    for (const auto& [spelling, op] : operators)
      if (accept(spelling)) return op;
    return std::nullopt;
  }

  ExpressionNode comparison() {
    ExpressionNode left = sum();
    if (const auto op = accept_any(kComparisons)) return make(*op, std::move(left), sum());
    return left;
  }

  ExpressionNode sum() {
    ExpressionNode node = term();
    while (const auto op = accept_any(kSums)) node = make(*op, std::move(node), term());
    return node;
  }

  ExpressionNode term() {
    ExpressionNode node = unary();
    while (const auto op = accept_any(kTerms)) node = make(*op, std::move(node), unary());
    return node;
  }

  ExpressionNode unary() {
    return nested([&] { return accept("-") ? make(Operator::negate, unary()) : post(); });
  }

  ExpressionNode post() {
    ExpressionNode node = atom();
    for (;;) {
      if (accept("[")) {
        node = make(Operator::item, std::move(node), expr());
        require("]");
      } else if (is(".")) {
        syntax_error(token_.offset, "only a name may have a '.' after it");
      } else {
        return node;
      }
    }
  }

  ExpressionNode atom() {
    if (token_.kind == TokenKind::number || token_.kind == TokenKind::text) return literal(token_.value);
    if (token_.kind == TokenKind::name) return named();
    if (accept("(")) {
      ExpressionNode node = expr();
      require(")");
      return node;
    }
    if (accept("[")) return make(Operator::list, until("]"));
    unexpected();
  }

  ExpressionNode literal(Value value) {
    advance();
    ExpressionNode node;
    node.literal = std::move(value);
    return node;
  }

  ExpressionNode named() {
    if (is("true") || is("false")) return literal(is("true"));
    if (is("null")) return literal({});
    if (is("in")) unexpected();
    std::vector<std::string_view> path{token_.spelling};
    advance();
    if (accept("(")) return call(path.front());
    while (accept(".")) {
      if (token_.kind != TokenKind::name) unexpected();
      path.push_back(token_.spelling);
      advance();
    }
    if (auto other = scope_.written_out(path)) {
      if (other->depth > kMaxDepth) too_deep();
      return *std::move(other);
    }
    ExpressionNode node;
    node.op = Operator::name;
    node.name = scope_.resolve(path);
    return node;
  }

  ExpressionNode call(std::string_view name) {
    const Function& function = find_function(name);
    ExpressionNode node = make(Operator::call, until(")"));
    check_arity(function, node.children.size());
    node.function = &function;
    return node;
  }

  std::vector<ExpressionNode> until(std::string_view close) {
    std::vector<ExpressionNode> items;
    if (accept(close)) return items;
    do items.push_back(expr());
    while (accept(","));
    require(close);
    return items;
  }

  Tokenizer tokens_;
  const NameScope& scope_;
  Token token_;
  std::uint32_t nesting_ = 0;
};

}  // namespace

Value Names::ask_files(FileQuestion question, const std::string& path) const {
  throw ExpressionError{"E404", fmt::format("{}('{}') can not look at files here", name_of(question), path)};
}

std::optional<ExpressionNode> NameScope::written_out(std::span<const std::string_view> /*path*/) const {
  return std::nullopt;
}

ExpressionNode make_node(Operator op, std::vector<ExpressionNode> children) {
  ExpressionNode node;
  node.op = op;
  for (const ExpressionNode& child : children) node.depth = std::max(node.depth, child.depth + 1);
  if (node.depth > kMaxDepth) syntax_error(0, fmt::format("expression is nested deeper than {}", kMaxDepth));
  node.children = std::move(children);
  return node;
}

std::string_view without_outer_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

void syntax_error(std::size_t offset, std::string text) { throw ExpressionError{"E401", std::move(text), {}, offset}; }
void type_error(std::string text) { throw ExpressionError{"E403", std::move(text), {}, 0}; }

Expression parse_expression(std::string_view source, const NameScope& scope) {
  source = without_outer_blanks(source);
  return {std::string(source), Parser(source, scope).whole()};
}

}  // namespace fugle::workflow
