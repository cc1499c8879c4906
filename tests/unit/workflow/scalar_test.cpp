#include "workflow/scalar.hpp"

#include <gtest/gtest.h>

#include "workflow/param.hpp"

namespace fugle::workflow {
namespace {

/// The one message that parsing made; "" when there was none.
template <class Parse>
std::string problem_of(const Parse& parse) {
  Diagnostics diagnostics("f");
  (void)parse(diagnostics);
  if (diagnostics.all().empty()) return "";
  EXPECT_EQ(diagnostics.all().size(), 1u);
  return diagnostics.all()[0].code + ": " + diagnostics.all()[0].text;
}

std::optional<std::int64_t> seconds(std::string_view text) {
  Diagnostics diagnostics("f");
  const auto duration = parse_duration(text, {}, diagnostics);
  if (!duration) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::seconds>(*duration).count();
}
std::string duration_problem(std::string_view text) {
  return problem_of([&](Diagnostics& d) { return parse_duration(text, {}, d); });
}
std::optional<std::uint64_t> bytes(std::string_view text) {
  Diagnostics diagnostics("f");
  const auto size = parse_size(text, {}, diagnostics);
  return size ? std::optional(size->bytes) : std::nullopt;
}
std::string size_problem(std::string_view text) {
  return problem_of([&](Diagnostics& d) { return parse_size(text, {}, d); });
}
std::string range_problem(std::string_view text) {
  return problem_of([&](Diagnostics& d) { return parse_range("x", text, {}, d); });
}
std::vector<std::string> range(std::string_view text) {
  Diagnostics diagnostics("f");
  std::vector<std::string> items;
  for (const Value& value : parse_range("x", text, {}, diagnostics).value().items())
    items.push_back(type_name(value) + (" " + to_text(value)));
  return items;
}
std::string name_problem(std::string_view text) {
  return problem_of([&](Diagnostics& d) { return check_name(text, {}, d); });
}

TEST(Scalar, whole_numbers_have_no_point_exponent_or_leading_zero) {
  EXPECT_EQ(to_int("0"), 0);
  EXPECT_EQ(to_int("-12"), -12);
  EXPECT_EQ(to_int("9223372036854775807"), 9223372036854775807);
  for (const char* text : {"", "-", "010", "+1", "1_000", "1e3", "2.5", "0x10", " 1", "9223372036854775808"})
    EXPECT_EQ(to_int(text), std::nullopt) << text;
}

TEST(Scalar, numbers_are_those_of_json) {
  EXPECT_EQ(to_number("-1.5e3"), -1500.0);
  EXPECT_EQ(to_number("0.25"), 0.25);
  for (const char* text : {"", ".5", "1.", "01", "1e", "nan", "inf", "1e999", "0x1p3"})
    EXPECT_EQ(to_number(text), std::nullopt) << text;
}

TEST(Scalar, whole_number_keys_say_what_they_expect_and_allow) {
  const auto problem = [](const IntKey& key, std::string_view text) {
    return problem_of([&](Diagnostics& d) { return parse_int(key, text, {}, d); });
  };
  EXPECT_EQ(problem(kCores, "8"), "");
  EXPECT_EQ(problem(kCores, "2.5"), "E104: 'cores' expects a whole number, got '2.5'");
  EXPECT_EQ(problem(kPriority, "5000"), "E112: 'priority' is 5000; allowed -1000..1000");
}

TEST(Scalar, booleans_are_two_words_only) {
  Diagnostics diagnostics("f");
  EXPECT_EQ(parse_bool("b", "true", {}, diagnostics), true);
  EXPECT_EQ(parse_bool("b", "false", {}, diagnostics), false);
  EXPECT_EQ(parse_bool("b", "yes", {}, diagnostics), std::nullopt);
  EXPECT_EQ(diagnostics.all().at(0).text, "'b' expects true or false, got 'yes'");
}

TEST(Scalar, durations_have_units_or_are_written_as_slurm_does) {
  EXPECT_EQ(seconds("90s"), 90);
  EXPECT_EQ(seconds("15m"), 900);
  EXPECT_EQ(seconds("1h30m"), 5400);
  EXPECT_EQ(seconds("1d2h3m4s"), 93784);
  EXPECT_EQ(seconds("0s"), 0);
  EXPECT_EQ(seconds("01:30:00"), 5400);
  EXPECT_EQ(seconds("36:00:00"), 129600);
  EXPECT_EQ(seconds("2-01:00:00"), 176400);
}

TEST(Scalar, durations_without_unit_are_refused_with_what_to_write) {
  EXPECT_EQ(duration_problem("180"), "E109: 180 has no unit; write 180s or 180m (Slurm would read minutes)");
  EXPECT_EQ(duration_problem("12:30"), "E109: '12:30' is ambiguous; write 12m30s or 12h30m or 12:30:00");
  EXPECT_EQ(duration_problem("1.5h"), "E109: '1.5h' is not a duration; write it like 90s, 15m, 1h30m or 01:30:00");
  EXPECT_EQ(duration_problem("40000d"), "E109: '40000d' is longer than 100 years");
  for (const char* text : {"", "s", "5m1h", "1h1h", "-5s", "12:99:00", "1-24:00:00", "1:2:3", "99999999999s", "5 m"})
    EXPECT_EQ(seconds(text), std::nullopt) << text;
}

TEST(Scalar, sizes_are_powers_of_1024) {
  EXPECT_EQ(bytes("0"), 0u);
  EXPECT_EQ(bytes("512M"), 512u << 20);
  EXPECT_EQ(bytes("4GiB"), std::uint64_t{4} << 30);
  EXPECT_EQ(bytes("1.5K"), 1536u);
  EXPECT_EQ(bytes("2P"), std::uint64_t{2} << 50);
}

TEST(Scalar, sizes_without_unit_or_with_a_decimal_one_are_refused) {
  EXPECT_EQ(size_problem("220000"), "E111: memory needs a unit, e.g. 220000M");
  EXPECT_EQ(size_problem("4GB"), "E111: write 4G or 4GiB (1024-based)");
  EXPECT_EQ(size_problem("4g"), "E111: write 4G or 4GiB (1024-based)");
  EXPECT_EQ(size_problem("lots"), "E111: 'lots' is not a size; write it like 512M, 4G or 1.5T");
  EXPECT_EQ(size_problem("-4G"), "E111: '-4G' is not a size; write it like 512M, 4G or 1.5T");
  EXPECT_EQ(size_problem("9000P"), "E111: '9000P' is more than 8191P");
  EXPECT_EQ(bytes(""), std::nullopt);
}

TEST(Scalar, percents_are_0_to_100) {
  Diagnostics diagnostics("f");
  EXPECT_EQ(parse_percent("tolerate", "5%", {}, diagnostics), 5.0);
  EXPECT_EQ(parse_percent("tolerate", "120%", {}, diagnostics), std::nullopt);
  EXPECT_EQ(diagnostics.all().at(0).text, "'tolerate' is '120%'; allowed 0%..100%");
}

TEST(Scalar, ranges_include_both_ends) {
  EXPECT_EQ(range("1..3"), (std::vector<std::string>{"int 1", "int 2", "int 3"}));
  EXPECT_EQ(range("-1..1"), (std::vector<std::string>{"int -1", "int 0", "int 1"}));
  EXPECT_EQ(range("0..7..3"), (std::vector<std::string>{"int 0", "int 3", "int 6"}));
  EXPECT_EQ(range("5..5"), (std::vector<std::string>{"int 5"}));
}

TEST(Scalar, ranges_with_leading_zeros_keep_them_as_text) {
  EXPECT_EQ(range("008..010"), (std::vector<std::string>{"text 008", "text 009", "text 010"}));
  EXPECT_EQ(range("000..072..36"), (std::vector<std::string>{"text 000", "text 036", "text 072"}));
}

TEST(Scalar, ranges_that_make_no_sense_are_refused) {
  EXPECT_EQ(range_problem("5..1"), "E112: range '5..1' ends before it starts");
  EXPECT_EQ(range_problem("1..5..0"), "E112: range '1..5..0' has a step below 1");
  EXPECT_EQ(range_problem("1..99999999999999999999"), "E112: range '1..99999999999999999999' has a number too large");
  EXPECT_EQ(range_problem("a..b"), "E104: 'x' expects a list or a range like 1..8, got 'a..b'");
}

TEST(Scalar, a_huge_range_is_counted_without_being_written_out) {
  Diagnostics diagnostics("f");
  EXPECT_EQ(parse_range("x", "0..4000000000000000000", {}, diagnostics)->count(), 4000000000000000001u);
}

TEST(Scalar, names_start_with_a_letter_and_are_short) {
  EXPECT_EQ(name_problem("a-b_9"), "");
  EXPECT_EQ(name_problem("my run"), "E107: name 'my run' may use letters, digits, _ and -");
  EXPECT_EQ(name_problem("9lives"), "E107: name '9lives' must begin with a letter or _");
  EXPECT_EQ(name_problem(""), "E107: a name can not be empty");
  EXPECT_EQ(name_problem(std::string(65, 'a')), "E107: name '" + std::string(65, 'a') + "' is longer than 64 bytes");
}

TEST(Scalar, failure_policies_are_four_words) {
  const auto problem = [](std::string_view text) {
    return problem_of([&](Diagnostics& d) { return parse_on_failure(text, {}, d); });
  };
  EXPECT_EQ(problem("ignore"), "");
  EXPECT_EQ(problem("drain"), "");
  EXPECT_EQ(problem("ignroe"), "E112: 'on_failure' is 'ignroe'; one of skip_dependents, drain, stop, ignore");
}

TEST(Scalar, what_is_tolerated_is_a_number_or_a_percent) {
  const auto tolerance = [](std::string_view text) {
    Diagnostics diagnostics("f");
    return parse_tolerance(text, {}, diagnostics);
  };
  EXPECT_EQ(tolerance("3")->count, 3u);
  EXPECT_EQ(tolerance("3")->fraction, 0);
  EXPECT_EQ(tolerance("10%")->count, 0u);
  EXPECT_DOUBLE_EQ(tolerance("10%")->fraction, 0.1);
  EXPECT_DOUBLE_EQ(tolerance("2.5%")->fraction, 0.025);
  EXPECT_FALSE(tolerance("0.1"));
  EXPECT_FALSE(tolerance("10 %"));
  EXPECT_FALSE(tolerance("100.5%"));
}

TEST(Scalar, markers_are_found_unless_escaped) {
  EXPECT_TRUE(has_marker("a ${{ x }}"));
  EXPECT_FALSE(has_marker("$${{ x }}"));
  EXPECT_TRUE(has_marker("$${{ x }} ${{ y }}"));
  EXPECT_FALSE(has_marker("$ {{ ${x}"));
}

TEST(Scalar, quoted_text_is_cut_between_characters) {
  EXPECT_EQ(in_quotes("a\nb"), "'a\\nb'");
  const std::string wide = std::string(79, 'x') + "\xC3\xA9" + "y";
  EXPECT_EQ(in_quotes(wide), "'" + std::string(79, 'x') + "...'");
}

TEST(Value, is_untyped_only_as_json_number_or_truth) {
  EXPECT_EQ(untyped_scalar("8", false), Value(std::int64_t{8}));
  EXPECT_EQ(untyped_scalar("0.5", false), Value(0.5));
  EXPECT_EQ(untyped_scalar("true", false), Value(true));
  for (const char* text : {"010", "yes", "True", "1..3", "1e999"}) EXPECT_EQ(untyped_scalar(text, false), Value(text));
  EXPECT_EQ(untyped_scalar("8", true), Value("8"));
}

TEST(Value, is_inserted_in_its_shortest_form) {
  EXPECT_EQ(to_text(Value(0.1)), "0.1");
  EXPECT_EQ(to_text(Value(4.0)), "4");
  EXPECT_EQ(to_text(Value(List{Value("a"), Value(std::int64_t{1}), Value(true)})), "a 1 true");
  EXPECT_STREQ(type_name(Value()), "null");
}

Param int_param(std::optional<double> min, std::optional<double> max) {
  Param param;
  param.name = "members";
  param.type = ParamType::integer;
  param.min = min;
  param.max = max;
  return param;
}

TEST(Param, is_judged_by_type_bounds_and_choices) {
  const auto problem = [](const Param& param, const std::string& text) {
    return problem_of([&](Diagnostics& d) { return parse_param(param, text, {}, d); });
  };
  EXPECT_EQ(problem(int_param(1, 64), "8"), "");
  EXPECT_EQ(problem(int_param(1, 64), "999"), "E110: members: 999 > max 64");
  EXPECT_EQ(problem(int_param(1, 64), "0"), "E110: members: 0 < min 1");
  EXPECT_EQ(problem(int_param({}, {}), "abc"), "E110: members: 'abc' is not an int");
  Param word;
  word.name = "physics";
  word.choices = {Value("conus"), Value("tropical")};
  EXPECT_EQ(problem(word, "conus"), "");
  EXPECT_EQ(problem(word, "arctic"), "E110: physics: 'arctic' is not one of conus, tropical");
}

TEST(Param, of_type_list_is_split_at_commas) {
  Param param;
  param.type = ParamType::list;
  Diagnostics diagnostics("f");
  EXPECT_EQ(parse_param(param, "a,2", {}, diagnostics), Value(List{Value("a"), Value(std::int64_t{2})}));
  EXPECT_EQ(parse_param(param, "", {}, diagnostics), Value(List{}));
}

}  // namespace
}  // namespace fugle::workflow
