#include "store/crc32c.hpp"

#include <gtest/gtest.h>

#include <string>

#include "store/file.hpp"

namespace fugle::store {
namespace {

TEST(Crc32c, gives_the_check_value_of_the_standard) {
  EXPECT_EQ(crc32c(bytes_of("123456789")), 0xE3069283u);
  EXPECT_EQ(crc32c_by_table(bytes_of("123456789")), 0xE3069283u);
}

TEST(Crc32c, is_the_same_by_instruction_and_by_table_for_every_length) {
  std::string text;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(crc32c(bytes_of(text)), crc32c_by_table(bytes_of(text))) << "length " << i;
    text += static_cast<char>(i * 37);
  }
}

TEST(Crc32c, of_two_pieces_is_that_of_the_whole) {
  EXPECT_EQ(crc32c(bytes_of("6789"), crc32c(bytes_of("12345"))), crc32c(bytes_of("123456789")));
  EXPECT_EQ(crc32c_by_table(bytes_of("6789"), crc32c_by_table(bytes_of("12345"))), crc32c(bytes_of("123456789")));
}

}  // namespace
}  // namespace fugle::store
