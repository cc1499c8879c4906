#include "slurm/mpi_plugins.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fugle::slurm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(MpiPlugins, are_read_as_22_05_lists_them) {
  const auto plugins = parse_mpi_plugins(
      "MPI plugin types are...\n\tpmix\n\tnone\n\tcray_shasta\n\tpmi2\nspecific pmix plugin versions available: "
      "pmix_v4\n");
  EXPECT_THAT(plugins, ElementsAre("pmix", "none", "cray_shasta", "pmi2", "pmix_v4"));
  EXPECT_TRUE(has_pmix(plugins));
}

TEST(MpiPlugins, are_read_as_older_versions_list_them) {
  const auto plugins =
      parse_mpi_plugins("srun: MPI types are...\nsrun: pmi2\nsrun: none\nsrun: pmix_v3\nsrun: openmpi\n");
  EXPECT_THAT(plugins, ElementsAre("pmi2", "none", "pmix_v3", "openmpi"));
  EXPECT_TRUE(has_pmix(plugins));
}

TEST(MpiPlugins, may_lack_pmix) {
  EXPECT_FALSE(has_pmix(parse_mpi_plugins("MPI plugin types are...\n\tnone\n\tpmi2\n")));
  EXPECT_THAT(parse_mpi_plugins("srun: error: unrecognized option\n"), IsEmpty());
}

}  // namespace
}  // namespace fugle::slurm
