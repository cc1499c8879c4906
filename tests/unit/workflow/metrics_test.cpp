// Metrics of a task as far as elements and outputs matter to them: references that are expressions, and datasets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expanded.hpp"

namespace fugle::workflow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(MetricReference, of_an_expression_is_of_each_element) {
  const Expanded e = expand_text(R"(params: {slack: 2.0}
tasks:
  a:
    matrix: {n: [1, 4]}
    run: [t]
    metrics:
      took: {regex: '(x)', reference: "${{ params.slack * 12 / matrix.n }}", tolerance: [-0.1, 0.1]}
      other: {regex: '(y)', reference: 7}
      rate: {regex: '(z)', reference: "${{ matrix.n }}"}
)");
  ASSERT_EQ(e.messages, "");
  const graph::Task& task = e.task("a[4]");
  EXPECT_TRUE(task.metrics[0].has_reference);
  EXPECT_TRUE(task.metrics[0].reference_varies);
  EXPECT_FALSE(task.metrics[1].reference_varies);
  EXPECT_THAT(e.text("a[1]").references, ElementsAre("24", "1"));
  EXPECT_THAT(e.text("a[4]").references, ElementsAre("6", "4"));
}

TEST(MetricReference, that_is_no_number_is_told_of_with_its_place) {
  const Expanded e = expand_text(R"(tasks:
  a: {matrix: {n: [1, x]}, run: [t], metrics: {m: {regex: '(x)', reference: "${{ matrix.n }}"}}}
)");
  EXPECT_THAT(e.messages, HasSubstr("E104"));
  EXPECT_THAT(e.messages, HasSubstr("'reference'"));
}

TEST(MetricDataset, is_in_the_output_that_is_named_or_the_only_one) {
  const Expanded e = expand_text(R"(tasks:
  a: {outputs: {x: x.h5, y: y.h5}, run: [t], metrics: {m: {hdf5: {dataset: /e, output: y}}}}
  b: {outputs: {x: b.h5}, run: [t], metrics: {m: {hdf5: /run/e, unit: Ha}}}
)");
  ASSERT_EQ(e.messages, "");
  EXPECT_EQ(e.task("a").metrics[0].dataset, "/e");
  EXPECT_EQ(e.task("a").metrics[0].output, 1U);
  EXPECT_EQ(e.task("b").metrics[0].dataset, "/run/e");
  EXPECT_EQ(e.task("b").metrics[0].output, 0U);
}

}  // namespace
}  // namespace fugle::workflow
