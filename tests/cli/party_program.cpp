// Functions that several workers call together, for party_test.py; PARTY_CASE in the environment says which.
#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fugle/fugle.hpp>
#include <fugle/mpi.hpp>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using fugle::Context;

/// Throws when the members, their order or their number are not those of one call.
void check_party(const Context& context, int number) {
  const auto ranks = static_cast<int>(context.num_ranks());
  if (ranks == 1) return;
  const MPI_Comm comm = fugle::comm(context);
  int rank = -1, size = 0;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  if (size != ranks || rank != static_cast<int>(context.rank())) throw std::runtime_error("not my communicator");
  const std::int64_t mine = 1000L * number + rank;
  std::int64_t sum = 0;
  MPI_Allreduce(&mine, &sum, 1, MPI_INT64_T, MPI_SUM, comm);
  if (sum != 1000L * number * size + size * (size - 1) / 2) throw std::runtime_error("others took part");
}

/// A thousand attempts of one to four ranks, mixed.
void add_thousand(fugle::Workflow& wf) {
  std::vector<int> numbers(250);
  std::iota(numbers.begin(), numbers.end(), 1);
  const auto checked = [](const Context& context, int number) {
    check_party(context, number);
    return static_cast<int>(context.num_ranks()) * number;
  };
  const auto one = wf.map("one", checked, fugle::over(numbers));
  const auto two = wf.map("two", checked, fugle::over(numbers)).ranks(2);
  const auto three = wf.map("three", checked, fugle::over(numbers)).ranks(3);
  const auto four = wf.map("four", checked, fugle::over(numbers)).ranks(4);
  wf.function(
      "sum",
      [](const Context& context, const std::vector<int>& a, const std::vector<int>& b, const std::vector<int>& c,
         const std::vector<int>& d) {
        long sum = 0;
        for (const auto* results : {&a, &b, &c, &d}) sum += std::accumulate(results->begin(), results->end(), 0L);
        context.log("the sum is " + std::to_string(sum));
      },
      one, two, three, four);
}

/// So many calls of two ranks that do nothing: `time` tells what one costs.
void add_empty(fugle::Workflow& wf) {
  std::vector<int> numbers(1000);
  std::iota(numbers.begin(), numbers.end(), 1);
  wf.map(
        "empty", [](const Context&, int) {}, fugle::over(numbers))
      .ranks(2);
}

/// Rank 1 throws while the others wait for it.
void add_broken(fugle::Workflow& wf) {
  wf.function("broken",
              [](const Context& context) {
                context.log("rank " + std::to_string(context.rank()) + " is here");
                if (context.rank() == 1) throw std::runtime_error("rank 1 does not want to");
                MPI_Barrier(fugle::comm(context));
              })
      .ranks(3)
      .grace("1s");
  wf.function("after", [](const Context& context) { check_party(context, 1); }).ranks(2).key("priority", "-1");
}

/// The first attempt loses a rank while the others wait for it; what is left calls it again.
void add_lost(fugle::Workflow& wf) {
  wf.function("lossy",
              [](const Context& context) {
                if (context.attempt() == 1 && context.rank() == 1) ::kill(::getpid(), SIGKILL);
                check_party(context, 5);
              })
      .ranks(2)
      .grace("1s");
}

}  // namespace

int main(int argc, char** argv) {
  const char* given = std::getenv("PARTY_CASE");
  const std::string which = given == nullptr ? "thousand" : given;
  fugle::Workflow wf("party_" + which);
  if (which == "thousand") add_thousand(wf);
  if (which == "empty") add_empty(wf);
  if (which == "broken") add_broken(wf);
  if (which == "lost") add_lost(wf);
  return fugle::run(wf, argc, argv);
}
