#include "base/mask.hpp"

#include <gtest/gtest.h>

namespace fugle {
namespace {

std::string in_pieces(const Mask& mask, std::string_view text, std::size_t size) {
  Mask::Stream stream;
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += size) out += stream.next(mask, text.substr(at, size));
  return out + stream.rest(mask);
}

TEST(Mask, replaces_every_word_wherever_it_stands) {
  const Mask mask({"s3cret", "other word"});
  EXPECT_EQ(mask.applied("s3cret"), "***");
  EXPECT_EQ(mask.applied("a s3crets3cret, other word."), "a ******, ***.");
  EXPECT_EQ(mask.applied("s3cre t other  word"), "s3cre t other  word");
}

TEST(Mask, leaves_texts_alone_without_words) {
  EXPECT_TRUE(Mask({""}).is_empty());
  EXPECT_EQ(Mask({""}).applied("text"), "text");
  EXPECT_EQ(Mask().applied(""), "");
}

TEST(Mask, takes_the_longest_word_that_begins_at_a_place) {
  const Mask mask({"abc", "abcdef", "b"});
  EXPECT_EQ(mask.applied("abcdef abcde ab"), "*** ***de a***");
}

TEST(Mask, takes_each_line_of_a_word_that_has_several) {
  const Mask mask({"-----BEGIN-----\nMIIEvQIBADAN\r\nab\n"});
  EXPECT_EQ(mask.applied("x -----BEGIN----- MIIEvQIBADAN ab"), "x *** *** ab");
}

TEST(Mask, gives_the_same_however_a_text_is_cut_into_pieces) {
  const Mask mask({"aab", "aabaab!", "ba", std::string("\0\xff", 2)});
  const std::string text = std::string("aaabaab aabaab! aabaa ba bab aa") + std::string("\0\xff\0", 3) + "aab";
  const std::string whole = mask.applied(text);
  for (std::size_t size = 1; size <= text.size(); ++size) EXPECT_EQ(in_pieces(mask, text, size), whole) << size;
}

TEST(Mask, holds_back_no_more_than_what_may_be_the_beginning_of_a_word) {
  const Mask mask({"token"});
  Mask::Stream stream;
  EXPECT_EQ(stream.next(mask, "a to"), "a ");
  EXPECT_EQ(stream.next(mask, "p to"), "top ");
  EXPECT_EQ(stream.next(mask, "ken"), "***");
  EXPECT_EQ(stream.next(mask, "tok"), "");
  EXPECT_EQ(stream.rest(mask), "tok");
  EXPECT_EQ(stream.rest(mask), "");
}

}  // namespace
}  // namespace fugle
