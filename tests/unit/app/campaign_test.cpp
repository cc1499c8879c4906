#include "app/campaign.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "app/run_directory.hpp"
#include "base/error.hpp"
#include "store/run_lock.hpp"
#include "transport/local_transport.hpp"

namespace fugle::app {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class Invitations : public ::testing::Test {
 protected:
  Invitations() { fs::create_directories(run_dir_); }
  ~Invitations() override { fs::remove_all(run_dir_); }

  const std::string run_dir_ =
      (fs::path(::testing::TempDir()) /
       ("invitations_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name())))
          .string();
  transport::LocalTransport ranks_;
};

TEST(Invitation, comes_back_from_its_bytes) {
  const Invitation invitation{"/runs/r1", "5e55", "n1", 77, from_ns(9)};
  const Invitation back = Invitation::decode(invitation.encode());
  EXPECT_EQ(back.run_dir, "/runs/r1");
  EXPECT_EQ(back.session, "5e55");
  EXPECT_EQ(back.host, "n1");
  EXPECT_EQ(back.pid, 77);
  EXPECT_EQ(back.latest_end, from_ns(9));
  EXPECT_THROW((void)Invitation::decode("nonsense"), EnvironmentError);
}

TEST_F(Invitations, come_from_a_head_that_lets_guests_in_and_holds_the_run) {
  EXPECT_FALSE(find_invitation(run_dir_).has_value()) << "nobody is here";
  const store::RunLock lock(run_dir_);
  EXPECT_FALSE(find_invitation(run_dir_).has_value()) << "it takes no guests";
  EXPECT_FALSE(was_campaign(run_dir_));
  const auto host = host_guests(ranks_, run_dir_);
  const auto invitation = find_invitation(run_dir_);
  ASSERT_TRUE(invitation.has_value());
  EXPECT_EQ(invitation->host, host_name());
  EXPECT_TRUE(was_campaign(run_dir_));
  host->finish(0);
  EXPECT_FALSE(find_invitation(run_dir_).has_value()) << "it has left";
}

TEST_F(Invitations, do_not_come_from_a_head_that_died) {
  (void)host_guests(ranks_, run_dir_);
  EXPECT_FALSE(find_invitation(run_dir_).has_value()) << "nobody holds the run";
  EXPECT_TRUE(was_campaign(run_dir_));
}

}  // namespace
}  // namespace fugle::app
