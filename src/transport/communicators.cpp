#include "transport/communicators.hpp"

#include "base/error.hpp"
#include "transport/mpi_call.hpp"

namespace fugle::transport {
namespace {

constexpr std::uint32_t kTagBits = 0x7fff;  // the least that MPI_TAG_UB may be

/// A group that is freed.
class Group {
 public:
  explicit Group(MPI_Group group) : group_(group) {}
  ~Group() { MPI_Group_free(&group_); }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  [[nodiscard]] MPI_Group get() const { return group_; }

 private:
  MPI_Group group_;
};

void expect_threads() {
  int level = MPI_THREAD_SINGLE;
  check_mpi("MPI_Query_thread", MPI_Query_thread(&level));
  if (level < MPI_THREAD_MULTIPLE)
    throw EnvironmentError(
        "functions of several ranks need an MPI that several threads may use (MPI_THREAD_MULTIPLE; this one may not); "
        "use a command started by mpirun instead");
}

}  // namespace

std::shared_ptr<const void> make_communicator(const std::vector<std::uint32_t>& ranks, std::uint32_t tag) {
  expect_threads();
  const std::vector<int> members(ranks.begin(), ranks.end());
  MPI_Group of_all = MPI_GROUP_NULL;
  check_mpi("MPI_Comm_group", MPI_Comm_group(MPI_COMM_WORLD, &of_all));
  const Group all(of_all);
  MPI_Group of_some = MPI_GROUP_NULL;
  check_mpi("MPI_Group_incl", MPI_Group_incl(all.get(), static_cast<int>(members.size()), members.data(), &of_some));
  const Group some(of_some);
  auto made = std::make_unique<MPI_Comm>(MPI_COMM_NULL);
  check_mpi("MPI_Comm_create_group",
            MPI_Comm_create_group(MPI_COMM_WORLD, some.get(), static_cast<int>(tag & kTagBits), made.get()));
  check_mpi("MPI_Comm_set_errhandler", MPI_Comm_set_errhandler(*made, MPI_ERRORS_RETURN));
  return std::shared_ptr<MPI_Comm>(made.release(), [](MPI_Comm* comm) {
    MPI_Comm_free(comm);
    delete comm;
  });
}

}  // namespace fugle::transport
