// `foreach` over what is known before the run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expanded.hpp"

namespace fugle::workflow {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

Expanded of_foreach(const std::string& foreach, const std::string& run = R"([t, "${{ item }}", "${{ index }}"])") {
  return expand_text("params: {l: [p, q], n: 3}\ntasks:\n  a:\n    foreach: " + foreach + "\n    run: " + run + "\n");
}

TEST(Foreach, gives_item_and_index) {
  const Expanded e = of_foreach("[b, a, 7, 'x y']");
  EXPECT_EQ(e.messages, "");
  EXPECT_EQ(e.ids(), "a[b] a[a] a[7] a[~" + e.ids().substr(e.ids().find('~') + 1));
  EXPECT_THAT(e.command("a[a]"), ElementsAre("t", "a", "1"));
  EXPECT_THAT(e.task("a[b]").env_names, ElementsAre("FUGLE_ITEM"));
  EXPECT_THAT(e.text("a[7]").env, ElementsAre("7"));
}

TEST(Foreach, takes_ranges_with_step_and_padding) {
  EXPECT_EQ(of_foreach("\"0..12..6\"").ids(), "a[0] a[6] a[12]");
  EXPECT_EQ(of_foreach("\"008..010\"").ids(), "a[008] a[009] a[010]");
  EXPECT_EQ(of_foreach("\"1..${{ params.n }}\"").ids(), "a[1] a[2] a[3]");
  EXPECT_EQ(of_foreach("${{ range(2, params.n) }}").ids(), "a[2] a[3]");
}

TEST(Foreach, takes_lists_from_params) {
  EXPECT_EQ(of_foreach("${{ params.l }}").ids(), "a[p] a[q]");
  EXPECT_EQ(of_foreach("[one, \"${{ params.n }}\"]").ids(), "a[one] a[3]");
}

TEST(Foreach, of_maps_gives_fields_and_is_named_by_id) {
  const Expanded e =
      of_foreach("[{id: m1, n: 2, files: [x, y]}, {id: m2, seed: 5}]",
                 R"([t, "${{ item.id }}", "${{ default(item.n, 1) * 2 }}", "${{ default(item.files, 'none') }}"])");
  EXPECT_EQ(e.messages, "");
  EXPECT_EQ(e.ids(), "a[m1] a[m2]");
  EXPECT_THAT(e.command("a[m1]"), ElementsAre("t", "m1", "4", "x y"));
  EXPECT_THAT(e.command("a[m2]"), ElementsAre("t", "m2", "2", "none"));
  EXPECT_THAT(e.text("a[m1]").env, ElementsAre(R"({"id":"m1","n":2,"files":["x","y"]})"));
}

TEST(Foreach, maps_without_id_are_named_by_their_hash) {
  const Expanded one = of_foreach("[{n: 2}, {n: 3}]");
  const Expanded other = of_foreach("[{n: 3}, {n: 2}]");
  EXPECT_EQ(one.messages, "");
  EXPECT_THAT(one.ids(), HasSubstr("a[~"));
  EXPECT_TRUE(other.graph->find(one.graph->id(ElementId(0))).is_valid());
}

TEST(Foreach, ids_and_settings_follow_the_item) {
  const Expanded e = expand_text(R"(tasks:
  a:
    foreach: [{id: s, cores: 1}, {id: l, cores: 4}]
    resources: {cores: "${{ item.cores }}"}
    workdir: per_element
    outputs: {o: "/data/${{ item.id }}.nc"}
    run: "make ${{ item.id }} ${{ outputs.o }}"
)");
  EXPECT_EQ(e.messages, "");
  EXPECT_EQ(e.task("a[s]").request.cores, 1u);
  EXPECT_EQ(e.task("a[l]").request.cores, 4u);
  EXPECT_EQ(e.text("a[l]").workdir, "/work/a.l");
  EXPECT_EQ(e.text("a[l]").outputs.at(0), "/data/l.nc");
}

TEST(Foreach, each_joins_equal_items_whatever_their_order_and_a_matrix_of_the_same_values) {
  const Expanded e = expand_text(R"(tasks:
  a: {foreach: [x, y], outputs: {o: "${{ item }}.nc"}, run: [t]}
  b: {foreach: [y, x], needs: {a: each}, run: [t, "${{ tasks.a.outputs.o }}"]}
  c: {matrix: {v: [x, y]}, needs: {a: each}, run: [t]}
)");
  EXPECT_EQ(e.messages, "");
  EXPECT_EQ(e.needs("b[y]"), "a[y]");
  EXPECT_THAT(e.command("b[y]"), ElementsAre("t", "y.nc"));
  EXPECT_EQ(e.needs("c[x]"), "a[x]");
}

/// A file system of a few names, which counts how often it was asked.
class FewFiles final : public Files {
 public:
  Value answer(FileQuestion question, const std::string& path, const std::string& directory) override {
    ++num_asked;
    EXPECT_EQ(directory, "/work");
    if (question == FileQuestion::exists) return path == "there";
    if (question == FileQuestion::lines) return List{Value("l1"), Value("l2")};
    if (path == "data/*.nc") return List{Value("data/a.nc"), Value("data/b.nc")};
    return List{};
  }
  int num_asked = 0;
};

Expanded with_files(const std::string& foreach, FewFiles& files, const Setup& setup = {}) {
  return expand_text("tasks:\n  a:\n    foreach: " + foreach + "\n    run: [t, \"${{ item }}\"]\n", setup, &files);
}

TEST(Foreach, takes_paths_and_lines_from_the_file_system) {
  FewFiles files;
  EXPECT_EQ(with_files("data/*.nc", files).ids().substr(0, 3), "a[~");
  EXPECT_THAT(with_files("data/*.nc", files).text(with_files("data/*.nc", files).graph->id(ElementId(1))).command,
              ElementsAre("t", "data/b.nc"));
  EXPECT_EQ(with_files("\"${{ lines('list') }}\"", files).ids(), "a[l1] a[l2]");
  EXPECT_EQ(with_files("\"${{ exists('there') ? [1] : [2] }}\"", files).ids(), "a[1]");
  EXPECT_EQ(first_message(with_files("none/*.nc", files)),
            "5:14: error E205: foreach of 'a' has no elements ('none/*.nc' matches nothing)");
}

TEST(Foreach, validation_asks_no_file_and_takes_one_item_for_all) {
  FewFiles files;
  workflow::Setup setup;
  setup.check_only = true;
  for (const std::string foreach : {"none/*.nc", "\"${{ lines('gone') }}\"", "\"${{ glob('x/*') }}\""}) {
    const Expanded e = with_files(foreach, files, setup);
    EXPECT_EQ(e.messages, "") << foreach;
    EXPECT_EQ(e.graph->num_elements(), 1u) << foreach;
  }
  EXPECT_EQ(files.num_asked, 0);
  const Expanded wrong = expand_text("tasks: {a: {foreach: 'x/*', run: [t, '${{ itm }}']}}", setup);
  EXPECT_THAT(first_message(wrong), HasSubstr("error E402: unknown name 'itm'; did you mean 'item'?"));
}

TEST(Foreach, answers_are_kept) {
  FewFiles files;
  KeptFiles kept(files);
  EXPECT_EQ(kept.answers(), "");
  const Value paths = kept.answer(FileQuestion::glob, "data/*.nc", "/work");
  EXPECT_EQ(kept.answer(FileQuestion::glob, "data/*.nc", "/work"), paths);
  EXPECT_EQ(kept.answer(FileQuestion::exists, "gone", "/work"), Value(false));
  EXPECT_EQ(files.num_asked, 2);

  FewFiles unasked;
  KeptFiles again(unasked);
  ASSERT_TRUE(again.take_answers(kept.answers()));
  EXPECT_EQ(again.answer(FileQuestion::glob, "data/*.nc", "/work"), paths);
  EXPECT_EQ(again.answer(FileQuestion::exists, "gone", "/work"), Value(false));
  EXPECT_EQ(unasked.num_asked, 0);
  for (const char* bad : {"", "{}", "[1]", R"([{"ask":"rm","path":"a","directory":"/","answer":true}])",
                          R"([{"ask":"glob","path":"a","directory":"/","answer":true}])",
                          R"([{"ask":"glob","path":"a","directory":"/","answer":[1]}])"})
    EXPECT_FALSE(again.take_answers(bad)) << bad;
}

struct Wrong {
  std::string foreach;
  std::string message;
};

TEST(Foreach, mistakes_are_told_at_their_place) {
  const std::vector<Wrong> all{
      {"[]", "6:5: error E205: foreach of 'a' has no elements"},
      {"\"${{ range(2, 1) }}\"", "6:5: error E205: foreach of 'a' has no elements"},
      {"[x, x]", "6:18: error E207: element 'a[x]' appears twice"},
      {"[{id: x, n: 1}, {id: x, n: 2}]", "6:30: error E207: element 'a[x]' appears twice"},
      {"word",
       "6:14: error E403: 'foreach' must be a list, a range like 1..8 or a pattern like data/*.nc, got text word"},
      {"${{ params.n }}",
       "6:14: error E403: 'foreach' must be a list, a range like 1..8 or a pattern like data/*.nc, "
       "got int 3"},
      {"\"5..1\"", "6:14: error E112: range '5..1' ends before it starts"},
      {"\"1..250000\"", "6:14: error E206: 'a' expands to 250000 elements, limits.max_expand is 100000"},
      {"{a: 1}", "6:14: error E104: 'foreach' expects a list, a range like 1..8"},
      {"[[1]]", "6:15: error E104: 'foreach' expects single values or maps of them in its list, got a list"},
      {"[{a: 1}, 2]", "6:23: error E104: 'foreach' expects maps only, got '2'"},
      {"[{a: {b: 1}}]", "6:19: error E104: 'a' expects a single value, or a list of them, got a map"},
      {"[{a b: 1}]", "6:16: error E107: name 'a b' may use letters"},
      {"[x]\n    matrix: {y: [1]}", "6:5: error E113: 'matrix' and 'foreach' exclude each other in task 'a'"},
      {"[x, \"${{ index }}\"]", "error E404: index is known only when the element is made"},
  };
  for (const Wrong& wrong : all)
    EXPECT_THAT(first_message(of_foreach(wrong.foreach)), HasSubstr(wrong.message)) << wrong.foreach;
  EXPECT_THAT(first_message(of_foreach("[{n: 1}]", R"([t, "${{ item.m }}"])")),
              HasSubstr("error E402: items of task a have no field 'm'; has: n"));
  EXPECT_THAT(first_message(expand_text("tasks: {a: {run: [t, '${{ item }}']}}")),
              HasSubstr("error E402: task a has no foreach that gives items"));
  EXPECT_THAT(first_message(expand_text("tasks: {a: {foreach: [1, 2], outputs: {o: x}, run: [t]}}")),
              HasSubstr("error E209: all elements of a write the same path; add ${{ item }}"));
}

TEST(Foreach, max_expand_is_as_written_and_then_counts_for_a_matrix_too) {
  const std::string tasks = "tasks: {a: {foreach: [1, 2, 3], run: [t]}, b: {matrix: {x: \"1..4\"}, run: [t]}}";
  EXPECT_EQ(expand_text(tasks).messages, "");
  const Expanded e = expand_text("params: {n: 2}\nlimits: {max_expand: \"${{ params.n }}\"}\n" + tasks);
  EXPECT_THAT(e.messages, HasSubstr("error E206: 'a' expands to 3 elements, limits.max_expand is 2"));
  EXPECT_THAT(e.messages, HasSubstr("error E206: 'b' expands to 4 elements, limits.max_expand is 2"));
  EXPECT_EQ(
      expand_text("limits: {max_expand: 300000}\ntasks: {a: {foreach: \"1..250000\", run: [t]}}").graph->num_elements(),
      250000u);
}

TEST(Expressions, know_the_run) {
  const Expanded e = expand_text("workdir: \"/scratch/${{ run.id }}\"\ntasks: {a: {run: [t, '${{ run.dir }}']}}");
  EXPECT_EQ(e.messages, "");
  EXPECT_EQ(e.task("a").workdir, "/scratch/w");
  EXPECT_THAT(e.command("a"), ElementsAre("t", "/work/.fugle/w"));
}

TEST(Expressions, with_types_that_never_fit_are_refused_where_no_value_is_known) {
  const std::vector<Wrong> all{
      {"'a' + 1", "cannot add text and int"},
      {"params.s + 1", "cannot add text and int"},
      {"true || params.n", "'||' needs true or false, got int"},
      {"params.n > 'a'", "cannot compare int and text"},
      {"params.n == params.s", "cannot compare int and text"},
      {"-params.s", "cannot negate text"},
      {"1 in params.n", "'in' looks in a list, got int"},
      {"params.s[0]", "only a list has items, got text"},
      {"[1]['a']", "an item is chosen by an int, got text"},
      {"params.n ? 1 : 2", "'?' needs true or false, got int"},
      {"len('abc') && true", "'&&' needs true or false, got int"},
      {"min(1, 2.5) + 'x'", "cannot add int or float and text"},
      {"true ? 1 : 'a' * 2", "cannot multiply text and int"},
  };
  for (const Wrong& wrong : all) {
    workflow::Setup setup;
    setup.check_only = true;
    const Expanded e = expand_text(
        "params: {n: {type: int}, s: {type: string}}\ntasks: {a: {run: [t, \"${{ " + wrong.foreach + " }}\"]}}", setup);
    EXPECT_THAT(e.messages, HasSubstr("error E403: " + wrong.message)) << wrong.foreach;
  }
  EXPECT_EQ(expand_text(
                "params: {n: 3}\ntasks: {a: {run: [t, \"${{ default(params.n, 'x') == 3 ? [1, 'a'][0] + 1 : 2 }}\"]}}")
                .messages,
            "");
}

}  // namespace
}  // namespace fugle::workflow
