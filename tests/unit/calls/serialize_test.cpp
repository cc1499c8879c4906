#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <complex>
#include <deque>
#include <fugle/serialize.hpp>
#include <list>
#include <map>
#include <random>
#include <set>
#include <unordered_map>

namespace fugle {
namespace {

struct Point {
  double x = 0;
  std::int32_t label = 0;
  bool operator==(const Point&) const = default;
};

struct Profile {
  std::string name;
  std::vector<double> samples;
  std::optional<Point> centre;
  friend auto fields(Profile& p) { return std::tie(p.name, p.samples, p.centre); }
  bool operator==(const Profile&) const = default;
};

/// Names itself.
struct Tree {
  int value = 0;
  std::vector<Tree> children;
  friend auto fields(Tree& t) { return std::tie(t.value, t.children); }
  bool operator==(const Tree&) const = default;
};

struct Link {
  std::unique_ptr<Link> next;
  friend auto fields(Link& l) { return std::tie(l.next); }
};

struct Nothing {
  friend auto fields(Nothing&) { return std::tuple<>(); }
  bool operator==(const Nothing&) const = default;
};

template <class T>
void expect_same_again(const T& value) {
  const auto bytes = to_bytes(value);
  EXPECT_EQ(bytes.size(), serialized_size(value));
  EXPECT_EQ(from_bytes<T>(bytes), value);
}

TEST(Serialize, gives_numbers_texts_and_structures_again) {
  expect_same_again(42);
  expect_same_again(-1.5);
  expect_same_again(true);
  expect_same_again(std::string("a\0b", 3));
  expect_same_again(std::string());
  expect_same_again(Point{1.5, 7});
  expect_same_again(std::complex<double>(1, -2));
}

TEST(Serialize, gives_containers_again) {
  expect_same_again(std::vector<double>{1, 2, 3});
  expect_same_again(std::vector<bool>{true, false, true});
  expect_same_again(std::vector<std::string>{"", "two"});
  expect_same_again(std::deque<int>{1, 2});
  expect_same_again(std::list<std::string>{"a", "b"});
  expect_same_again(std::set<int>{3, 1});
  expect_same_again(std::map<std::string, std::vector<int>>{{"a", {1}}, {"b", {}}});
  expect_same_again(std::unordered_map<int, std::string>{{1, "x"}, {2, "y"}});
  expect_same_again(std::array<std::string, 2>{"p", "q"});
  expect_same_again(std::array<double, 3>{1, 2, 3});
}

TEST(Serialize, gives_pairs_tuples_optionals_and_variants_again) {
  expect_same_again(std::pair<int, std::string>(1, "x"));
  expect_same_again(std::tuple<int, double, std::string>(1, 2.5, "x"));
  expect_same_again(std::optional<int>());
  expect_same_again(std::optional<std::string>("there"));
  using Either = std::variant<int, std::string, std::vector<Point>>;
  expect_same_again(Either(3));
  expect_same_again(Either(std::vector<Point>{{1, 2}}));
}

TEST(Serialize, gives_types_that_name_their_fields_again) {
  expect_same_again(Profile{"a", {1, 2}, Point{3, 4}});
  expect_same_again(std::vector<Profile>{{"a", {}, {}}, {"b", {5}, Point{}}});
  expect_same_again(Tree{1, {Tree{2, {}}, Tree{3, {Tree{4, {}}}}}});
  expect_same_again(std::vector<Nothing>(3));
}

TEST(Serialize, gives_owned_pointers_again) {
  const auto copy = from_bytes<std::unique_ptr<std::string>>(to_bytes(std::make_unique<std::string>("owned")));
  ASSERT_TRUE(copy);
  EXPECT_EQ(*copy, "owned");
  EXPECT_FALSE(from_bytes<std::unique_ptr<std::string>>(to_bytes(std::unique_ptr<std::string>())));
}

TEST(Serialize, refuses_views_and_pointers) {
  EXPECT_FALSE(Serializable<int*>);
  EXPECT_FALSE(Serializable<std::string_view>);
  EXPECT_FALSE(Serializable<std::span<int>>);
  EXPECT_FALSE(Serializable<std::vector<const char*>>);
  EXPECT_FALSE((Serializable<std::map<int, std::string_view>>));
  EXPECT_FALSE((Serializable<std::tuple<int, int*>>));
  EXPECT_TRUE((Serializable<std::map<std::string, std::vector<Profile>>>));
}

TEST(Serialize, says_that_bytes_are_cut_off_wherever_that_is) {
  const auto bytes = to_bytes(std::vector<Profile>{{"abc", {1, 2}, Point{3, 4}}, {"d", {}, {}}});
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_THROW(from_bytes<std::vector<Profile>>(std::span(bytes).first(size)), SerializeError) << size;
}

TEST(Serialize, says_that_bytes_are_left_over) {
  auto bytes = to_bytes(std::string("abc"));
  bytes.push_back(std::byte{0});
  EXPECT_THROW(from_bytes<std::string>(bytes), SerializeError);
}

TEST(Serialize, survives_damaged_bytes) {
  using Value = std::map<std::string, std::variant<std::vector<double>, std::optional<Profile>, Tree>>;
  const auto bytes = to_bytes(Value{{"a", std::vector<double>{1, 2}},
                                    {"b", std::optional<Profile>(Profile{"x", {1}, {}})},
                                    {"c", Tree{1, {Tree{2, {}}}}}});
  std::mt19937 random(7);
  for (int i = 0; i < 20000; ++i) {
    auto damaged = bytes;
    for (int flips = 0; flips < 3; ++flips) damaged[random() % damaged.size()] = static_cast<std::byte>(random());
    try {
      (void)from_bytes<Value>(damaged);
    } catch (const SerializeError&) {
    }
  }
}

TEST(Serialize, takes_no_memory_for_lengths_that_cannot_be) {
  auto bytes = to_bytes(std::uint64_t(1) << 60);
  EXPECT_THROW(from_bytes<std::vector<char>>(bytes), SerializeError);
  EXPECT_THROW(from_bytes<std::vector<Nothing>>(bytes), SerializeError);
  EXPECT_THROW(from_bytes<std::string>(bytes), SerializeError);
}

TEST(Serialize, refuses_what_the_stack_cannot_hold) {
  std::vector<std::byte> bytes(100000, std::byte{1});
  EXPECT_THROW(from_bytes<Link>(bytes), SerializeError);
}

TEST(Serialize, reads_blocks_from_any_address) {
  std::vector<std::byte> bytes;
  ValueWriter writer(bytes);
  serialize(writer, 'x');
  serialize(writer, std::vector<double>{1, 2, 3});
  ValueReader reader(bytes);
  EXPECT_EQ(deserialize<char>(reader), 'x');
  EXPECT_THAT(deserialize<std::vector<double>>(reader), testing::ElementsAre(1, 2, 3));
}

}  // namespace
}  // namespace fugle
