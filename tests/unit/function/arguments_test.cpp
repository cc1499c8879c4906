#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fugle/arguments.hpp>
#include <string>
#include <vector>

namespace fugle {
namespace {

TEST(Arguments, values_are_taken_by_name_and_type) {
  const Arguments arguments(R"( {"n": -3, "x": 2.5e3, "on": true, "name": "a \"b\"\n\u00e9\ud83d\ude00",
                                 "list": [1, 2, 3], "words": ["p", "q"], "none": null, "deep": {"n": [{}, 7]}} )");
  EXPECT_EQ(arguments.get<int>("n"), -3);
  EXPECT_EQ(arguments.get<double>("x"), 2500);
  EXPECT_EQ(arguments.get<double>("n"), -3.0);
  EXPECT_TRUE(arguments.get<bool>("on"));
  EXPECT_EQ(arguments.get<std::string>("name"), "a \"b\"\n\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_THAT(arguments.get<std::vector<int>>("list"), testing::ElementsAre(1, 2, 3));
  EXPECT_THAT(arguments.get<std::vector<std::string>>("words"), testing::ElementsAre("p", "q"));
  EXPECT_EQ(arguments.text("deep"), R"({"n": [{}, 7]})");
  EXPECT_EQ(arguments.text("none"), "null");
}

TEST(Arguments, what_is_missing_or_of_another_type_is_named) {
  const Arguments arguments(R"({"n": 2.5, "list": [1, "b"], "neg": -1, "null": null})");
  const auto problem = [&](auto ask) -> std::string {
    try {
      ask();
    } catch (const ArgumentError& error) {
      return error.what();
    }
    return {};
  };
  EXPECT_EQ(problem([&] { (void)arguments.get<int>("m"); }), "argument 'm' is missing; give it under 'with'");
  EXPECT_EQ(problem([&] { (void)arguments.get<int>("n"); }),
            "argument 'n' is 2.5, which is not of the type it has to be");
  EXPECT_THAT(problem([&] { (void)arguments.get<std::vector<int>>("list"); }), testing::HasSubstr("[1, \"b\"]"));
  EXPECT_THAT(problem([&] { (void)arguments.get<unsigned>("neg"); }), testing::HasSubstr("-1"));
  EXPECT_THAT(problem([&] { (void)arguments.get<bool>("null"); }), testing::HasSubstr("null"));
  EXPECT_EQ(arguments.get<int>("m", 4), 4);
  EXPECT_EQ(Arguments("").get<int>("m", 4), 4);
}

TEST(Arguments, text_that_is_no_object_is_refused) {
  for (const char* text :
       {"{", "[1]", "{\"a\"}", "{\"a\": }", "{\"a\": 1", "{\"a\": \"b", "{\"a\": \"\\u12\"}", "nonsense"})
    EXPECT_THROW((void)Arguments(text).text("a"), ArgumentError) << text;
  std::string deep = "{\"a\": ";
  for (int i = 0; i < 100000; ++i) deep += '[';
  EXPECT_THROW((void)Arguments(deep).text("a"), ArgumentError);
}

}  // namespace
}  // namespace fugle
