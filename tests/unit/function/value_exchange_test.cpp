// Results between workers, and those that the next life finds.
#include "function/value_exchange.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "graph/element_text.hpp"

namespace fugle::function {
namespace {

using scheduler::ValueWord;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Values : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = (std::filesystem::temp_directory_path() / "fugle-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static scheduler::Launch launch_taking(std::uint32_t element, const std::vector<std::string>& results_of) {
    graph::Task task;
    task.kind = graph::TaskKind::function;
    task.workdir = "/";
    graph::ElementText text;
    text.results_of = results_of;
    scheduler::Launch launch;
    launch.element = ElementId(element);
    graph::pack(task, text, launch.packed_text);
    launch.task = std::make_shared<const graph::Task>(task);
    return launch;
  }
  static std::vector<ValueWord> words_of(ValueExchange& exchange) {
    std::vector<ValueWord> words;
    exchange.poll_words(words);
    return words;
  }
  KeptValues kept() const {
    return {folder_, [](ElementId, std::uint16_t) { return true; }};
  }

  std::string folder_;
};

const WorkerId kHere(1);

TEST_F(Values, that_are_here_need_not_be_fetched) {
  ValueStore store(folder_, kHere);
  ValueExchange exchange(store, kHere);
  store.keep_made(ElementId(3), 1, "three");
  EXPECT_TRUE(exchange.fetch(launch_taking(9, {"3"})));
  EXPECT_THAT(words_of(exchange), IsEmpty());
}

TEST_F(Values, that_are_missing_are_asked_for_once_and_complete_all_that_wait) {
  ValueStore store(folder_, kHere);
  ValueExchange exchange(store, kHere);
  EXPECT_FALSE(exchange.fetch(launch_taking(9, {"3", "4", "3"})));
  EXPECT_FALSE(exchange.fetch(launch_taking(10, {"3"})));
  EXPECT_THAT(words_of(exchange), ElementsAre(ValueWord{ValueWord::Kind::wanted, ElementId(3), kHere, ""},
                                              ValueWord{ValueWord::Kind::wanted, ElementId(4), kHere, ""}));
  EXPECT_THAT(exchange.hear({ValueWord::Kind::here, ElementId(3), kHere, "three"}).complete,
              ElementsAre(ElementId(10)));
  EXPECT_THAT(exchange.hear({ValueWord::Kind::here, ElementId(4), kHere, "four"}).complete, ElementsAre(ElementId(9)));
  EXPECT_EQ(*store.find(ElementId(4)), "four");
}

TEST_F(Values, that_are_gone_leave_who_waits_bereft_once) {
  ValueStore store(folder_, kHere);
  ValueExchange exchange(store, kHere);
  EXPECT_FALSE(exchange.fetch(launch_taking(9, {"3", "4"})));
  EXPECT_THAT(exchange.hear({ValueWord::Kind::gone, ElementId(3), kHere, ""}).bereft, ElementsAre(ElementId(9)));
  const auto told = exchange.hear({ValueWord::Kind::here, ElementId(4), kHere, "four"});
  EXPECT_THAT(told.complete, IsEmpty());
  EXPECT_THAT(exchange.hear({ValueWord::Kind::gone, ElementId(4), kHere, ""}).bereft, IsEmpty());
}

TEST_F(Values, are_given_to_who_asks_until_they_are_forgotten) {
  ValueStore store(folder_, kHere);
  ValueExchange exchange(store, kHere);
  store.keep_made(ElementId(3), 1, "three");
  const ValueWord question{ValueWord::Kind::wanted, ElementId(3), WorkerId(5), ""};
  (void)exchange.hear(question);
  EXPECT_THAT(words_of(exchange), ElementsAre(ValueWord{ValueWord::Kind::here, ElementId(3), WorkerId(5), "three"}));
  (void)exchange.hear({ValueWord::Kind::forget, ElementId(3), kHere, ""});
  (void)exchange.hear(question);
  EXPECT_THAT(words_of(exchange), ElementsAre(ValueWord{ValueWord::Kind::gone, ElementId(3), WorkerId(5), ""}));
}

TEST_F(Values, that_are_small_are_found_by_the_next_life) {
  const std::string large(kMostKept + 1, 'x');
  {
    ValueStore store(folder_, kHere);
    store.keep_made(ElementId(3), 1, "three");
    store.keep_made(ElementId(4), 2, "");
    store.keep_made(ElementId(5), 1, large);
    store.flush();
    ValueStore again(folder_, kHere);
    again.keep_made(ElementId(3), 2, "three again");
    again.flush();
  }
  ValueStore next(folder_, WorkerId(0));
  next.add_kept(kept());
  ASSERT_NE(next.find(ElementId(3)), nullptr);
  EXPECT_EQ(*next.find(ElementId(3)), "three again");
  EXPECT_EQ(*next.find(ElementId(4)), "");
  EXPECT_EQ(next.find(ElementId(5)), nullptr) << "too large";
  EXPECT_EQ(next.find(ElementId(6)), nullptr);
}

TEST_F(Values, of_a_file_that_is_cut_anywhere_are_those_before_the_cut) {
  {
    ValueStore store(folder_, kHere);
    for (std::uint32_t i = 0; i < 3; ++i) store.keep_made(ElementId(i), 1, "value " + std::to_string(i));
    store.flush();
  }
  const std::string path = folder_ + "/values/worker-1.0";
  const auto size = std::filesystem::file_size(path);
  ASSERT_EQ(size % 3, 0u);
  for (auto left = size; left-- > 0;) {
    std::filesystem::resize_file(path, left);
    const KeptValues values = kept();
    for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(values.has(ElementId(i)), left >= (i + 1) * size / 3) << left;
  }
}

TEST_F(Values, with_a_flipped_bit_are_not_taken) {
  {
    ValueStore store(folder_, kHere);
    store.keep_made(ElementId(1), 1, "one");
    store.flush();
  }
  const std::string path = folder_ + "/values/worker-1.0";
  std::ifstream in(path, std::ios::binary);
  const std::string good{std::istreambuf_iterator<char>(in), {}};
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 4);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bad;
    EXPECT_FALSE(kept().has(ElementId(1))) << at;
  }
}

}  // namespace
}  // namespace fugle::function
