// Calls over the ranks of mpirun: the same cases as over ranks that are threads, and a value of 100 MB. Every rank runs
// all tests together with the others.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <mpi.h>
#include <unistd.h>

#include "unit/calls/rank_cases.hpp"

namespace fugle {
namespace {

template <class F>
void on_all(unsigned num_threads, F function) {
  CallsOptions options;
  options.threads = num_threads;
  options.communicator = MPI_Comm_c2f(MPI_COMM_WORLD);
  Calls calls(options);
  function(calls);
}

TEST(CallsOverMpi, give_the_values_of_random_graphs) {
  for (const unsigned num_threads : {1u, 2u}) {
    on_all(num_threads, [](Calls& calls) {
      for (std::uint64_t seed = 1; seed <= 5; ++seed) cases::random_placed_graph(calls, seed);
    });
  }
}
TEST(CallsOverMpi, grow_trees_and_send_their_values) {
  for (const unsigned num_threads : {1u, 2u}) {
    on_all(num_threads, [](Calls& calls) {
      for (std::uint64_t seed = 1; seed <= 10; ++seed) cases::growing_trees(calls, seed);
    });
  }
}
TEST(CallsOverMpi, bring_a_value_of_100_megabytes) {
  on_all(1, [](Calls& calls) { cases::large_values(calls, 13'000'000); });
}
TEST(CallsOverMpi, run_placed_calls_where_they_must) { on_all(1, cases::placed_calls_run_where_they_must); }
TEST(CallsOverMpi, tell_the_owner_of_failures) { on_all(1, cases::failures_come_to_the_owner); }
TEST(CallsOverMpi, wait_for_nothing_for_ever) { on_all(1, cases::nothing_is_waited_for_for_ever); }
TEST(CallsOverMpi, bring_values_back_through_many_ranks) {
  on_all(1, cases::values_come_back_through_many_ranks);
  on_all(2, cases::large_values_come_back_through_many_ranks);
}
TEST(CallsOverMpi, are_cancelled_together) { on_all(1, cases::cancelling_ends_the_calls_of_all); }
TEST(CallsOverMpi, give_work_to_idle_ranks) {
  int num_ranks = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &num_ranks);
  if (num_ranks > 1) on_all(1, cases::idle_ranks_take_work);
}
TEST(CallsOverMpi, may_be_of_some_ranks_only) {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm half = MPI_COMM_NULL;
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half);
  {
    CallsOptions options;
    options.threads = 1;
    options.communicator = MPI_Comm_c2f(half);
    Calls calls(options);
    cases::growing_trees(calls, 3);
  }
  MPI_Comm_free(&half);
}

}  // namespace
}  // namespace fugle

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  int level = 0, rank = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &level);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank != 0) {
    auto& listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
  }
  const int result = RUN_ALL_TESTS();
  MPI_Barrier(MPI_COMM_WORLD);
  const std::string line = fmt::format("rank {} {}\n", rank, result == 0 ? "passed" : "failed");
  (void)!::write(STDOUT_FILENO, line.data(), line.size());
  MPI_Finalize();
  return result;
}
