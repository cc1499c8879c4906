#include "slurm/host_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"

namespace fugle::slurm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(HostList, expands_ranges_and_single_numbers_in_the_order_written) {
  EXPECT_THAT(expand_host_list("n[1-3,7],login,n5"), ElementsAre("n1", "n2", "n3", "n7", "login", "n5"));
  EXPECT_THAT(expand_host_list(""), IsEmpty());
}

TEST(HostList, expands_ranges_with_leading_zeros) {
  EXPECT_THAT(expand_host_list("gpu[08-10]"), ElementsAre("gpu08", "gpu09", "gpu10"));
  EXPECT_THAT(expand_host_list("n[9-10,099-100]"), ElementsAre("n9", "n10", "n099", "n100"));
}

TEST(HostList, expands_names_with_several_ranges_and_with_an_end) {
  EXPECT_THAT(expand_host_list("r[1-2]n[1-2]"), ElementsAre("r1n1", "r1n2", "r2n1", "r2n2"));
  EXPECT_THAT(expand_host_list("n[1-2]-ib.site.org"), ElementsAre("n1-ib.site.org", "n2-ib.site.org"));
}

TEST(HostList, refuses_what_slurm_does_not_write) {
  for (const char* text : {"n[1-3", "n1-3]", "n[3-1]", "n[a-b]", "n[]", "n[1-]", "n[-1]", ",n1", "n1,", "n1,,n2",
                           "(null)", "n 1", "n[1[2]]", "n[00000000000000000001-2]"})
    EXPECT_THROW((void)expand_host_list(text), UsageError) << text;
}

TEST(HostList, refuses_more_names_than_any_machine_has) {
  EXPECT_THROW((void)expand_host_list("n[1-1000001]"), UsageError);
  EXPECT_THROW((void)expand_host_list("a[1-2000]b[1-2000]"), UsageError);
  EXPECT_THROW((void)expand_host_list("n[1-600000],m[1-600000]"), UsageError);
  EXPECT_EQ(expand_host_list("n[1-1000000]").size(), 1'000'000);
}

TEST(HostList, is_compressed_to_ranges_of_neighbours) {
  EXPECT_EQ(compress_host_list({"n1", "n2", "n3", "n7", "login", "n5"}), "n[1-3,7],login,n5");
  EXPECT_EQ(compress_host_list({"gpu08", "gpu09", "gpu10"}), "gpu[08-10]");
  EXPECT_EQ(compress_host_list({"n1"}), "n1");
  EXPECT_EQ(compress_host_list({}), "");
}

TEST(HostList, is_the_same_again_after_both_ways) {
  const std::vector<std::vector<std::string>> lists{
      {"n9", "n10", "n11"}, {"n09", "n10", "n011", "n12"},   {"n099", "n100", "n0100", "n101"},
      {"n3", "n2", "n1"},   {"r1n1", "r1n2", "r2n1"},        {"n1-ib", "n2-ib"},
      {"1", "2", "03"},     {"n99999999999999999999", "n1"}, {"n1", "n1", "n2"},
  };
  for (const auto& hosts : lists) EXPECT_EQ(expand_host_list(compress_host_list(hosts)), hosts);
}

}  // namespace
}  // namespace fugle::slurm
