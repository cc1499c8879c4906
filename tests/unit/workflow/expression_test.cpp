#include "workflow/expression.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "base/random.hpp"
#include "workflow/type_check.hpp"

namespace fugle::workflow {
namespace {

/// Params by name; env.UNSET has no value.
class TestNames final : public NameScope, public Names {
 public:
  std::map<std::string, Value> params{{"n", std::int64_t{4}}, {"x", 0.5},
                                      {"name", "alpha"},      {"x-1", "a name with a minus"},
                                      {"nothing", Value()},   {"list", List{std::int64_t{1}, std::int64_t{2}, "c"}}};

  Name resolve(std::span<const std::string_view> path) const override {
    const std::string last(path.back());
    if (path.front() == "params" && params.count(last) != 0) return {NameKind::param, 0, 0, last};
    if (path.front() == "env") return {NameKind::env, 0, 0, last};
    throw ExpressionError{"E402", fmt::format("unknown name '{}'", fmt::join(path, "."))};
  }
  Value value_of(const Name& name) const override {
    if (is_unset(name)) throw ExpressionError{"E402", fmt::format("env.{} is not set", name.variable)};
    return name.kind == NameKind::env ? Value("set") : params.at(name.variable);
  }
  bool is_unset(const Name& name) const override { return name.kind == NameKind::env && name.variable == "UNSET"; }
  bool is_doubtful(const Name&) const override { return false; }
  Types types_of(const Name& name) const override {
    return name.kind == NameKind::env ? kTextType : static_cast<Types>(1u << params.at(name.variable).data.index());
  }
};

class ExpressionTest : public ::testing::Test {
 protected:
  Value value(std::string_view source) { return evaluate(parse_expression(source, names_).root, names_); }
  std::string shown(std::string_view source) {
    const Value result = value(source);
    return fmt::format("{} {}", type_name(result), to_text(result));
  }
  std::string error(std::string_view source) {
    try {
      return "no error: " + shown(source);
    } catch (const ExpressionError& error) {
      return fmt::format("{}: {}", error.code, error.text);
    }
  }

  TestNames names_;
};

TEST_F(ExpressionTest, literals_have_their_types) {
  EXPECT_EQ(shown("42"), "int 42");
  EXPECT_EQ(shown("4.5"), "float 4.5");
  EXPECT_EQ(shown("1e3"), "float 1000");
  EXPECT_EQ(shown("'it''s'"), "text it's");
  EXPECT_EQ(shown(R"("a\"\\\n\t")"), "text a\"\\\n\t");
  EXPECT_EQ(shown("true"), "bool true");
  EXPECT_EQ(shown("null"), "null null");
  EXPECT_EQ(shown("[1, 'b', [2]]"), "list 1 b 2");
  EXPECT_EQ(shown("[]"), "list ");
}

TEST_F(ExpressionTest, operators_bind_as_the_grammar_says) {
  EXPECT_EQ(shown("1 + 2 * 3"), "int 7");
  EXPECT_EQ(shown("(1 + 2) * 3"), "int 9");
  EXPECT_EQ(shown("10 - 3 - 2"), "int 5");
  EXPECT_EQ(shown("-2 * -3"), "int 6");
  EXPECT_EQ(shown("7 % 4 + 7 / 2"), "float 6.5");
  EXPECT_EQ(shown("1 < 2 && !(2 < 1) || false"), "bool true");
  EXPECT_EQ(shown("true || false && false"), "bool true");
  EXPECT_EQ(shown("1 > 2 ? 'a' : 2 > 1 ? 'b' : 'c'"), "text b");
  EXPECT_EQ(shown("! true == false"), "bool true") << "'!' takes the whole comparison";
}

TEST_F(ExpressionTest, a_minus_inside_a_name_belongs_to_the_name) {
  EXPECT_EQ(shown("params.x-1"), "text a name with a minus");
  EXPECT_EQ(shown("params.x - 1"), "float -0.5");
  EXPECT_EQ(shown("params.n -1"), "int 3");
}

TEST_F(ExpressionTest, equality_compares_ints_with_floats_and_anything_with_null) {
  EXPECT_EQ(shown("1 == 1.0"), "bool true");
  EXPECT_EQ(shown("params.nothing == null"), "bool true");
  EXPECT_EQ(shown("'a' != null"), "bool true");
  EXPECT_EQ(shown("[1, 2] == [1, 2]"), "bool true");
  EXPECT_EQ(shown("9007199254740993 == 9007199254740992"), "bool false");
  EXPECT_EQ(error("1 == '1'"), "E403: cannot compare int and text");
  EXPECT_EQ(error("[1] < [2]"), "E403: cannot compare list and list");
}

TEST_F(ExpressionTest, logic_stops_early_and_takes_only_bools) {
  EXPECT_EQ(shown("false && 1 / 0 > 1"), "bool false");
  EXPECT_EQ(shown("true || env.UNSET == 'a'"), "bool true");
  EXPECT_EQ(error("1 && true"), "E403: '&&' needs true or false, got int");
  EXPECT_EQ(error("!'x'"), "E403: '!' needs true or false, got text");
  EXPECT_EQ(error("1 ? 2 : 3"), "E403: '?' needs true or false, got int");
}

TEST_F(ExpressionTest, lists_are_searched_and_indexed) {
  EXPECT_EQ(shown("2 in params.list"), "bool true");
  EXPECT_EQ(shown("2.0 in params.list"), "bool true");
  EXPECT_EQ(shown("'x' in params.list"), "bool false");
  EXPECT_EQ(shown("params.list[2]"), "text c");
  EXPECT_EQ(shown("[[1, 2], [3]][0][1]"), "int 2");
  EXPECT_EQ(error("params.list[3]"), "E403: item 3 of a list of 3 (counted from 0)");
  EXPECT_EQ(error("params.list[-1]"), "E403: item -1 of a list of 3 (counted from 0)");
  EXPECT_EQ(error("'a' in 'abc'"), "E403: 'in' looks in a list, got text");
  EXPECT_EQ(error("params.n[0]"), "E403: only a list has items, got int");
}

TEST_F(ExpressionTest, functions_on_texts_and_lists) {
  EXPECT_EQ(shown("len('abc') + len(params.list)"), "int 6");
  EXPECT_EQ(shown("contains('abc', 'bc') && contains(params.list, 'c')"), "bool true");
  EXPECT_EQ(shown("startswith('abc', 'ab') && endswith('abc', 'bc')"), "bool true");
  EXPECT_EQ(shown("join(split('a,b,,c', ','), '-')"), "text a-b--c");
  EXPECT_EQ(error("split('a', '')"), "E403: 'split' needs a separator that is not empty");
  EXPECT_EQ(error("len(3)"), "E403: 'len' needs a text, got int");
}

TEST_F(ExpressionTest, functions_on_paths) {
  EXPECT_EQ(shown("basename('/a/b.tar.gz')"), "text b.tar.gz");
  EXPECT_EQ(shown("dirname('/a/b.tar.gz')"), "text /a");
  EXPECT_EQ(shown("stem('/a/b.tar.gz')"), "text b.tar");
  EXPECT_EQ(shown("ext('/a/b.tar.gz')"), "text .gz");
  EXPECT_EQ(shown("dirname('b')"), "text .");
  EXPECT_EQ(shown("dirname('/b')"), "text /");
  EXPECT_EQ(shown("basename('/a/b/')"), "text b");
  EXPECT_EQ(shown("basename('/')"), "text /");
  EXPECT_EQ(shown("ext('.bashrc')"), "text ");
  EXPECT_EQ(shown("stem('.bashrc')"), "text .bashrc");
}

TEST_F(ExpressionTest, format_pads_and_rounds) {
  EXPECT_EQ(shown("format('{}-{:03}-{:.2}', 'a', 7, 1.005 * 2)"), "text a-007-2.01");
  EXPECT_EQ(shown("format('{:04}', -5)"), "text -005");
  EXPECT_EQ(shown("format('{:08.3}', 3.14159)"), "text 0003.142");
  EXPECT_EQ(error("format('{} {}', 1)"), "E403: 'format' has fewer values than {}");
  EXPECT_EQ(error("format('{}', 1, 2)"), "E403: 'format' has more values than {}");
  EXPECT_EQ(error("format('{:x}', 1)"), "E403: 'format' does not know '{:x}'; write {}, {:03} or {:.2}");
  EXPECT_EQ(error("format('{:0999999999999}', 1)").substr(0, 22), "E403: 'format' does no");
  EXPECT_EQ(error("format('{', 1)"), "E403: 'format': '{' without '}'");
}

TEST_F(ExpressionTest, functions_on_numbers) {
  EXPECT_EQ(shown("range(1, 4)"), "list 1 2 3 4");
  EXPECT_EQ(shown("range(10, 0, -5)"), "list 10 5 0");
  EXPECT_EQ(shown("range(0, 0.3, 0.1)"), "list 0 0.1 0.2 0.30000000000000004");
  EXPECT_EQ(shown("range(3, 1)"), "list ");
  EXPECT_EQ(shown("range(9223372036854775806, 9223372036854775807)"), "list 9223372036854775806 9223372036854775807");
  EXPECT_EQ(error("range(1, 2, 0)"), "E403: 'range' needs a step that is not 0");
  EXPECT_EQ(error("range(1, 99999999999)"), "E403: 'range' has more than 4000000 numbers");
  EXPECT_EQ(shown("min(3, 1.5, 2)"), "float 1.5");
  EXPECT_EQ(shown("max([3, 7, 5])"), "int 7");
  EXPECT_EQ(shown("ceil(1.2) + floor(-1.2)"), "int 0");
  EXPECT_EQ(shown("int('007') + int(2.9) + int('-3')"), "int 6");
  EXPECT_EQ(error("int('12a')"), "E403: 'int': '12a' is not a number");
  EXPECT_EQ(error("floor(1e300)"), "E403: 'floor': 1e+300 is too large for an int");
  EXPECT_EQ(shown("str(1.50)"), "text 1.5");
}

TEST_F(ExpressionTest, default_replaces_null_and_unset_names) {
  EXPECT_EQ(shown("default(params.nothing, 7)"), "int 7");
  EXPECT_EQ(shown("default(env.UNSET, 'b')"), "text b");
  EXPECT_EQ(shown("default(env.HOME, 'b')"), "text set");
  EXPECT_EQ(error("env.UNSET"), "E402: env.UNSET is not set");
}

TEST_F(ExpressionTest, q_quotes_for_the_shell) {
  EXPECT_EQ(shown("q('plain.txt')"), "text plain.txt");
  EXPECT_EQ(shown("q('it''s two')"), R"(text 'it'\''s two')");
  EXPECT_EQ(shown("q(['a b', 'c'])"), "text 'a b' c");
  EXPECT_EQ(shown("q('')"), "text ''");
}

TEST_F(ExpressionTest, arithmetic_refuses_other_types_and_too_large_results) {
  EXPECT_EQ(error("'a' + 1"), "E403: cannot add text and int");
  EXPECT_EQ(error("-'a'"), "E403: cannot negate text");
  EXPECT_EQ(error("1 / 0"), "E403: division by 0");
  EXPECT_EQ(error("5 % 0.0"), "E403: division by 0");
  EXPECT_EQ(error("9223372036854775807 + 1"), "E403: the result is too large for an int");
  EXPECT_EQ(error("1e308 * 10"), "E403: the result is too large for a float");
  EXPECT_EQ(shown("(-9223372036854775807 - 1) % -1"), "int 0");
}

TEST_F(ExpressionTest, syntax_errors_name_the_problem) {
  EXPECT_EQ(error("params.n &&"), "E401: expression ends too early");
  EXPECT_EQ(error(""), "E401: expression ends too early");
  EXPECT_EQ(error("1 +* 2"), "E401: unexpected '*'");
  EXPECT_EQ(error("(1 2)"), "E401: unexpected '2'; ')' is missing here");
  EXPECT_EQ(error("1 = 2"), "E401: write '==' to compare");
  EXPECT_EQ(error("true & false"), "E401: write '&&'");
  EXPECT_EQ(error("'abc"), "E401: quote opened here is never closed");
  EXPECT_EQ(error("010"), "E401: a number may not begin with 0");
  EXPECT_EQ(error("12abc"), "E401: this is neither a number nor a name");
  EXPECT_EQ(error("99999999999999999999"), "E401: this number is too large");
  EXPECT_EQ(error("1 # 2"), "E401: unexpected '#'");
  EXPECT_EQ(error("[1].x"), "E401: only a name may have a '.' after it");
  EXPECT_EQ(error("1 < 2 < 3"), "E401: unexpected '<'");
}

TEST_F(ExpressionTest, unknown_functions_and_wrong_numbers_of_arguments_are_refused) {
  EXPECT_EQ(error("lenn('a')"), "E402: unknown function 'lenn'; did you mean 'len'?");
  EXPECT_EQ(error("glob('*.nc')"), "E404: glob('*.nc') can not look at files here");
  EXPECT_EQ(error("exists('')"), "E403: 'exists' of an empty path");
  EXPECT_EQ(error("lines(3)"), "E403: 'lines' needs a text, got int");
  EXPECT_EQ(error("true || exists('x')"), "no error: bool true");
  EXPECT_EQ(error("len()"), "E403: 'len' takes 1 argument, got 0");
  EXPECT_EQ(error("range(1)"), "E403: 'range' takes 2 or 3 arguments, got 1");
}

TEST_F(ExpressionTest, a_few_characters_do_not_make_gigabytes) {
  EXPECT_EQ(error("range(1, 5000000)"), "E403: 'range' has more than 4000000 numbers");
  EXPECT_EQ(error("range(-9223372036854775807, 9223372036854775807)"), "E403: 'range' has more than 4000000 numbers");
  EXPECT_EQ(error("[range(1, 3000000), range(1, 3000000), range(1, 3000000)]"),
            "E403: lists of more than 8000000 items in one expression");
  EXPECT_EQ(error("join(range(1, 1000000), '" + std::string(100, 'x') + "')"),
            "E403: 'join' gives more than 16 MiB of text");
}

TEST_F(ExpressionTest, remainders_have_the_sign_of_the_left_side_and_far_ends_do_not_overflow) {
  EXPECT_EQ(shown("-7 % 3"), "int -1");
  EXPECT_EQ(shown("7 % -3"), "int 1");
  EXPECT_EQ(shown("-7.5 % 2"), "float -1.5");
  EXPECT_EQ(shown("(-9223372036854775807 - 1) % -1"), "int 0");
  EXPECT_EQ(error("-9223372036854775807 - 2"), "E403: the result is too large for an int");
  EXPECT_EQ(error("-(-9223372036854775807 - 1)"), "E403: the result is too large for an int");
  EXPECT_EQ(error("1 % 0"), "E403: division by 0");
  EXPECT_EQ(error("1.0 / 0"), "E403: division by 0");
}

TEST_F(ExpressionTest, depth_is_bounded_whatever_makes_it) {
  const auto deep = [](std::string_view piece, std::string_view end) {
    std::string source;
    for (int i = 0; i < 100000; ++i) source += piece;
    return source.append(end);
  };
  for (const std::string& source : {deep("(", ""), deep("-", "1"), deep("!", "true"), deep("[", ""), deep("1+", "1"),
                                    deep("len(", ""), deep("true?1:", "1"), deep("'' == '' ? ", "1")}) {
    EXPECT_EQ(error(source), "E401: expression is nested deeper than 200") << source.substr(0, 12);
  }
}

/// Integer arithmetic written by chance, with the value it must have.
struct Written {
  std::string source;
  std::int64_t value;
};

Written random_sum(Random& random, int depth) {
  if (depth == 0 || random.chance(0.3)) {
    const auto literal = static_cast<std::int64_t>(random.below(100));
    return {std::to_string(literal), literal};
  }
  const Written a = random_sum(random, depth - 1);
  const Written b = random_sum(random, depth - 1);
  switch (random.below(5)) {
    case 0: return {fmt::format("({} + {})", a.source, b.source), a.value + b.value};
    case 1: return {fmt::format("({} - {})", a.source, b.source), a.value - b.value};
    case 2: return {fmt::format("({}*{})", a.source, b.source), a.value * b.value};
    case 3: return {fmt::format("max( {},{} )", a.source, b.source), std::max(a.value, b.value)};
    default:
      return {fmt::format("({} < {} ? {} : {})", a.source, b.source, b.source, a.source), std::max(a.value, b.value)};
  }
}

TEST_F(ExpressionTest, random_arithmetic_has_the_value_of_the_same_sum_in_cpp) {
  Random random(20261120);
  for (int i = 0; i < 500; ++i) {
    const Written written = random_sum(random, 4);
    ASSERT_EQ(value(written.source), Value(written.value)) << written.source;
  }
}

/// Any tree of the grammar, most of them wrong somewhere.
std::string random_tree(Random& random, int depth) {
  static constexpr std::string_view kAtoms[] = {"1",        "2.5",         "'a'",         "true",          "null",
                                                "params.n", "params.list", "params.name", "params.nothing"};
  static constexpr std::string_view kBinary[] = {"==", "!=", "<", ">=", "in", "+", "-", "*", "/", "%", "&&", "||"};
  static constexpr std::string_view kCalls[] = {"len", "str", "int", "q", "floor", "min", "max", "basename"};
  if (depth == 0 || random.chance(0.2)) return std::string(kAtoms[random.below(std::size(kAtoms))]);
  const auto inner = [&] { return random_tree(random, depth - 1); };
  switch (random.below(7)) {
    case 0: return fmt::format("({} ? {} : {})", inner(), inner(), inner());
    case 1: return fmt::format("{}({})", kCalls[random.below(std::size(kCalls))], inner());
    case 2: return fmt::format("[{}, {}]", inner(), inner());
    case 3: return fmt::format("{}[{}]", inner(), inner());
    case 4: return fmt::format("({}{})", random.chance(0.5) ? "-" : "!", inner());
    default: return fmt::format("({} {} {})", inner(), kBinary[random.below(std::size(kBinary))], inner());
  }
}

TEST_F(ExpressionTest, what_has_a_value_has_one_of_the_types_that_were_foreseen) {
  Random random(20261121);
  int num_values = 0, num_foreseen = 0;
  for (int i = 0; i < 50000; ++i) {
    const std::string source = random_tree(random, 3);
    const Expression expression = parse_expression(source, names_);
    Types types = 0;
    try {
      types = check_types(expression.root, names_);
    } catch (const ExpressionError& error) {
      EXPECT_EQ(error.code, "E403") << source;
      ++num_foreseen;
      continue;
    }
    try {
      const Value result = evaluate(expression.root, names_);
      EXPECT_NE(types >> result.data.index() & 1, 0) << source << " is " << type_name(result);
      ++num_values;
    } catch (const ExpressionError&) {
    }
  }
  EXPECT_GT(num_values, 1000);
  EXPECT_GT(num_foreseen, 1000);
}

/// Where every part is reached, what is foreseen is what happens.
TEST_F(ExpressionTest, what_is_refused_beforehand_has_no_value) {
  static constexpr std::string_view kOperators[] = {"==", "!=", "<", ">=", "in", "+", "-", "*", "/", "%"};
  static constexpr std::string_view kAtoms[] = {"1", "2.5", "'a'", "true", "null", "[1]", "params.list", "params.x"};
  for (const std::string_view a : kAtoms) {
    for (const std::string_view op : kOperators) {
      for (const std::string_view b : kAtoms) {
        const std::string source = fmt::format("{} {} {}", a, op, b);
        const Expression expression = parse_expression(source, names_);
        std::string foreseen;
        try {
          check_types(expression.root, names_);
        } catch (const ExpressionError& error) {
          foreseen = fmt::format("{}: {}", error.code, error.text);
        }
        if (!foreseen.empty()) EXPECT_EQ(error(source), foreseen) << source;
        if (foreseen.empty()) EXPECT_TRUE(error(source).starts_with("no error")) << source << ": " << error(source);
      }
    }
  }
}

TEST_F(ExpressionTest, random_bytes_give_a_value_or_an_error_and_nothing_else) {
  constexpr std::string_view kPieces[] = {"1",     "2.5", "'a'", "(",  ")",  "[", "]",  ",",   "+",    "-",
                                          "*",     "==",  "&&",  "!",  "?",  ":", "in", "len", "q",    "params.n",
                                          "range", ".",   " ",   "\"", "\\", "%", "/",  "<",   "null", "true"};
  Random random(7);
  for (int i = 0; i < 20000; ++i) {
    std::string source;
    for (std::uint64_t n = random.below(12); n > 0; --n) source += kPieces[random.below(std::size(kPieces))];
    EXPECT_FALSE(error(source).empty());
  }
}

}  // namespace
}  // namespace fugle::workflow
