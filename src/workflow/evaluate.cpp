// evaluate() of expression.hpp: the operators and their types. Functions are in functions.cpp.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "workflow/expression.hpp"
#include "workflow/functions.hpp"
#include "workflow/type_check.hpp"

namespace fugle::workflow {
namespace {

const std::int64_t* as_int(const Value& value) { return std::get_if<std::int64_t>(&value.data); }
bool is_number(const Value& value) { return as_int(value) != nullptr || std::holds_alternative<double>(value.data); }

double to_double(const Value& value) {
  if (const auto* integer = as_int(value)) return static_cast<double>(*integer);
  return std::get<double>(value.data);
}

[[noreturn]] void cannot(Operator op, const Value& a, const Value& b) {
  type_error(fmt::format("cannot {} {} and {}", verb_of(op), type_name(a), type_name(b)));
}

bool truth_of(const char* sign, const Value& value) {
  if (const bool* truth = std::get_if<bool>(&value.data)) return *truth;
  type_error(fmt::format("'{}' needs true or false, got {}", sign, type_name(value)));
}

std::int64_t int_arithmetic(Operator op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  bool overflow = false;
  switch (op) {
    case Operator::add: overflow = __builtin_add_overflow(a, b, &result); break;
    case Operator::subtract: overflow = __builtin_sub_overflow(a, b, &result); break;
    case Operator::multiply: overflow = __builtin_mul_overflow(a, b, &result); break;
    default: result = b == -1 ? 0 : a % b; break;
  }
  if (overflow) type_error("the result is too large for an int");
  return result;
}

double float_arithmetic(Operator op, double a, double b) {
  double result = 0;
  switch (op) {
    case Operator::add: result = a + b; break;
    case Operator::subtract: result = a - b; break;
    case Operator::multiply: result = a * b; break;
    case Operator::divide: result = a / b; break;
    default: result = std::fmod(a, b); break;
  }
  if (!std::isfinite(result)) type_error("the result is too large for a float");
  return result;
}

Value arithmetic(Operator op, const Value& a, const Value& b) {
  if (!is_number(a) || !is_number(b)) cannot(op, a, b);
  if ((op == Operator::divide || op == Operator::modulo) && to_double(b) == 0) type_error("division by 0");
  if (op != Operator::divide && as_int(a) != nullptr && as_int(b) != nullptr)
    return int_arithmetic(op, *as_int(a), *as_int(b));
  return float_arithmetic(op, to_double(a), to_double(b));
}

bool is_comparable(const Value& a, const Value& b) {
  return a.data.index() == b.data.index() || a.is_null() || b.is_null() || (is_number(a) && is_number(b));
}

bool are_equal(const Value& a, const Value& b) {
  return a.data.index() != b.data.index() && is_number(a) && is_number(b) ? to_double(a) == to_double(b) : a == b;
}

template <class T>
bool in_order(Operator op, const T& a, const T& b) {
  switch (op) {
    case Operator::less: return a < b;
    case Operator::less_equal: return a <= b;
    case Operator::greater: return a > b;
    default: return a >= b;
  }
}

bool ordered(Operator op, const Value& a, const Value& b) {
  if (as_int(a) != nullptr && as_int(b) != nullptr) return in_order(op, *as_int(a), *as_int(b));
  if (is_number(a) && is_number(b)) return in_order(op, to_double(a), to_double(b));
  const auto* left = std::get_if<std::string>(&a.data);
  const auto* right = std::get_if<std::string>(&b.data);
  if (left == nullptr || right == nullptr) cannot(op, a, b);
  return in_order(op, *left, *right);
}

bool is_in(const Value& value, const Value& container) {
  const List* list = std::get_if<List>(&container.data);
  if (list == nullptr) type_error(fmt::format("'in' looks in a list, got {}", type_name(container)));
  return std::any_of(list->begin(), list->end(), [&](const Value& item) { return are_equal(item, value); });
}

Value negated(const Value& value) {
  if (!is_number(value)) type_error(fmt::format("cannot negate {}", type_name(value)));
  if (const auto* integer = as_int(value)) return int_arithmetic(Operator::subtract, 0, *integer);
  return -to_double(value);
}

Value item_of(const Value& container, const Value& position) {
  const List* list = std::get_if<List>(&container.data);
  if (list == nullptr) type_error(fmt::format("only a list has items, got {}", type_name(container)));
  const auto* at = as_int(position);
  if (at == nullptr) type_error(fmt::format("an item is chosen by an int, got {}", type_name(position)));
  if (*at < 0 || *at >= static_cast<std::int64_t>(list->size()))
    type_error(fmt::format("item {} of a list of {} (counted from 0)", *at, list->size()));
  return (*list)[static_cast<std::size_t>(*at)];
}

Value binary(Operator op, const Value& a, const Value& b) {
  switch (op) {
    case Operator::item: return item_of(a, b);
    case Operator::equal:
    case Operator::unequal:
      if (!is_comparable(a, b)) cannot(op, a, b);
      return are_equal(a, b) == (op == Operator::equal);
    case Operator::less:
    case Operator::less_equal:
    case Operator::greater:
    case Operator::greater_equal: return ordered(op, a, b);
    case Operator::in: return is_in(a, b);
    default: return arithmetic(op, a, b);
  }
}

/// One evaluation. It counts the items of all lists that come up, since a few characters can ask for millions.
class Evaluation {
 public:
  explicit Evaluation(const Names& names) : names_(names) {}

  Value of(const ExpressionNode& node) {
    Value value = raw(node);
    if (const List* list = std::get_if<List>(&value.data)) num_items_ += list->size();
    if (num_items_ > kMaxItems) type_error(fmt::format("lists of more than {} items in one expression", kMaxItems));
    return value;
  }

 private:
  static constexpr std::size_t kMaxItems = 8'000'000;

  Value raw(const ExpressionNode& node) {
    const auto child = [&](std::size_t i) { return of(node.children[i]); };
    switch (node.op) {
      case Operator::literal: return node.literal;
      case Operator::name: return names_.value_of(node.name);
      case Operator::list: return all_of(node);
      case Operator::call: return called(node);
      case Operator::negate: return negated(child(0));
      case Operator::invert: return !truth_of("!", child(0));
      case Operator::both: return truth_of("&&", child(0)) && truth_of("&&", child(1));
      case Operator::either: return truth_of("||", child(0)) || truth_of("||", child(1));
      case Operator::choose: return truth_of("?", child(0)) ? child(1) : child(2);
      default: return binary(node.op, child(0), child(1));
    }
  }

  Value called(const ExpressionNode& node) {
    const ExpressionNode& first = node.children.empty() ? node : node.children.front();
    if (is_default(*node.function) && first.op == Operator::name && names_.is_unset(first.name))
      return of(node.children.back());
    Value value = node.function->code(all_of(node));
    if (!node.function->question) return value;
    return names_.ask_files(*node.function->question, std::get<std::string>(value.data));
  }

  List all_of(const ExpressionNode& node) {
    List values;
    values.reserve(node.children.size());
    for (const ExpressionNode& child : node.children) values.push_back(of(child));
    return values;
  }

  const Names& names_;
  std::size_t num_items_ = 0;
};

}  // namespace

bool asks_files(const ExpressionNode& node) {
  return (node.op == Operator::call && node.function->question) || std::ranges::any_of(node.children, asks_files);
}

Value evaluate(const ExpressionNode& node, const Names& names) { return Evaluation(names).of(node); }

}  // namespace fugle::workflow
