#include "workflow/type_check.hpp"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "workflow/functions.hpp"

namespace fugle::workflow {
namespace {

/// "int", "int or float"; "anything" is never wrong.
std::string words_of(Types types) {
  static constexpr std::array<const char*, 6> kNames = {"null", "bool", "int", "float", "text", "list"};
  std::vector<const char*> words;
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if ((types >> i & 1u) != 0) words.push_back(kNames[i]);
  return fmt::format("{}", fmt::join(words, " or "));
}

void require_bool(const char* sign, Types types) {
  if ((types & kBoolType) == 0) type_error(fmt::format("'{}' needs true or false, got {}", sign, words_of(types)));
}

[[noreturn]] void cannot(Operator op, Types a, Types b) {
  type_error(fmt::format("cannot {} {} and {}", verb_of(op), words_of(a), words_of(b)));
}

bool have_equality(Types a, Types b) {
  return (a & b) != 0 || ((a | b) & kNullType) != 0 || ((a & kNumberTypes) != 0 && (b & kNumberTypes) != 0);
}

bool have_order(Types a, Types b) {
  return ((a & kNumberTypes) != 0 && (b & kNumberTypes) != 0) || (a & b & kTextType) != 0;
}

Types type_of_arithmetic(Operator op, Types a, Types b) {
  a &= kNumberTypes;
  b &= kNumberTypes;
  if (op == Operator::divide) return kFloatType;
  const bool may_be_int = (a & b & kIntType) != 0;
  const bool may_be_float = ((a | b) & kFloatType) != 0;
  return static_cast<Types>((may_be_int ? kIntType : 0u) | (may_be_float ? kFloatType : 0u));
}

Types type_of_binary(Operator op, Types a, Types b) {
  switch (op) {
    case Operator::item:
      if ((a & kListType) == 0) type_error(fmt::format("only a list has items, got {}", words_of(a)));
      if ((b & kIntType) == 0) type_error(fmt::format("an item is chosen by an int, got {}", words_of(b)));
      return kAnyType;
    case Operator::in:
      if ((b & kListType) == 0) type_error(fmt::format("'in' looks in a list, got {}", words_of(b)));
      return kBoolType;
    case Operator::equal:
    case Operator::unequal:
      if (!have_equality(a, b)) cannot(op, a, b);
      return kBoolType;
    case Operator::less:
    case Operator::less_equal:
    case Operator::greater:
    case Operator::greater_equal:
      if (!have_order(a, b)) cannot(op, a, b);
      return kBoolType;
    default: break;
  }
  if ((a & kNumberTypes) == 0 || (b & kNumberTypes) == 0) cannot(op, a, b);
  return type_of_arithmetic(op, a, b);
}

}  // namespace

const char* verb_of(Operator op) {
  switch (op) {
    case Operator::add: return "add";
    case Operator::subtract: return "subtract";
    case Operator::multiply: return "multiply";
    case Operator::divide: return "divide";
    case Operator::modulo: return "take the remainder of";
    default: return "compare";
  }
}

Types check_types(const ExpressionNode& node, const NameScope& scope) {
  std::array<Types, 3> types{};
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    const Types type = check_types(node.children[i], scope);
    if (i < types.size()) types[i] = type;
  }
  switch (node.op) {
    case Operator::literal: return static_cast<Types>(1u << node.literal.data.index());
    case Operator::name: return scope.types_of(node.name);
    case Operator::list: return kListType;
    case Operator::call: return node.function->result;
    case Operator::negate:
      if ((types[0] & kNumberTypes) == 0) type_error(fmt::format("cannot negate {}", words_of(types[0])));
      return types[0] & kNumberTypes;
    case Operator::invert: require_bool("!", types[0]); return kBoolType;
    case Operator::both:
    case Operator::either:
      require_bool(node.op == Operator::both ? "&&" : "||", types[0]);
      require_bool(node.op == Operator::both ? "&&" : "||", types[1]);
      return kBoolType;
    case Operator::choose: require_bool("?", types[0]); return types[1] | types[2];
    default: return type_of_binary(node.op, types[0], types[1]);
  }
}

}  // namespace fugle::workflow
