#include "workflow/params_file.hpp"

#include <gtest/gtest.h>

#include "workflow/reader.hpp"

namespace fugle::workflow {
namespace {

class ParamsFile : public testing::Test {
 protected:
  ParamsFile() {
    workflow_ = *read_workflow(
        "version: 1\nname: w\nparams:\n  n: {type: int, default: 1, max: 9}\n  s: {type: string}\n  l: [1]\n  b: true\n"
        "tasks: {a: {run: x}}\n",
        diagnostics_);
  }
  std::string take(const std::string& text) {
    Document document;
    (void)take_params_file(text, "p.yaml", document, workflow_, diagnostics_);
    diagnostics_.sort();
    return diagnostics_.to_text();
  }
  std::optional<Value> value(std::size_t param) const { return workflow_.params.at(param).fallback; }

  Diagnostics diagnostics_{"w.yaml"};
  Workflow workflow_;
};

TEST_F(ParamsFile, values_stand_in_the_place_of_defaults) {
  EXPECT_EQ(take("n: 5\ns: 010\nl: [x, 2]\nb: ~\n"), "");
  EXPECT_EQ(value(0), Value(std::int64_t{5}));
  EXPECT_EQ(value(1), Value("010"));
  EXPECT_EQ(value(2), Value(List{Value("x"), Value(std::int64_t{2})}));
  EXPECT_EQ(value(3), Value(true));
}

TEST_F(ParamsFile, is_json_as_well) {
  EXPECT_EQ(take("{\"n\": 6, \"b\": false}"), "");
  EXPECT_EQ(value(0), Value(std::int64_t{6}));
  EXPECT_EQ(value(3), Value(false));
}

TEST_F(ParamsFile, mistakes_are_told_at_their_places_in_it) {
  EXPECT_EQ(take("n: 50\nb: yes\nm: 1\ns: {a: 1}\nl: [[1]]\nn2: ${{ env.X }}\n"),
            "p.yaml:1:4: error E110: n: 50 > max 9\n"
            "p.yaml:2:4: error E110: b: 'yes' is not a bool\n"
            "p.yaml:3:1: error E103: unknown param 'm'\n"
            "p.yaml:4:4: error E104: 's' expects a value, got a map\n"
            "p.yaml:5:5: error E104: 'l' expects single values in its list, got a list\n"
            "p.yaml:6:1: error E103: unknown param 'n2'\n"
            "w.yaml: 6 errors, 0 warnings\n");
}

TEST_F(ParamsFile, is_a_map) {
  EXPECT_EQ(take(""), "");
  EXPECT_EQ(take("- n"),
            "p.yaml:1:1: error E104: a params file is a map of params and their values\n"
            "w.yaml: 1 error, 0 warnings\n");
}

}  // namespace
}  // namespace fugle::workflow
