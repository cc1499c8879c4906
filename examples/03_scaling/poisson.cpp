// Solves the Poisson equation -(u_xx + u_yy) = f on the unit square, u = 0 on its edge, by sweeps of Jacobi's method.
// The rows are shared out among the ranks of MPI; before each sweep neighbours exchange the rows at their seams (the
// halo).
//
// With f = lambda v, where v = sin(pi x) sin(pi y) is an eigenvector of the discrete operator and lambda its
// eigenvalue, the solution is v itself, and after k sweeps from 0 the iterate is (1 - c^k) v with c = cos(pi h): so the
// program knows what it has to find, and checks it.
//
// usage: poisson CELLS SWEEPS
#include <mpi.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numbers>
#include <vector>

namespace {

/// The rows of one rank, those of its neighbours above and below, and the edges left and right, which stay 0.
class Rows {
 public:
  Rows(int num_rows, int num_columns)
      : width_(static_cast<std::size_t>(num_columns) + 2), values_((static_cast<std::size_t>(num_rows) + 2) * width_) {}

  /// From 0, the neighbour's above, to num_rows + 1, the neighbour's below.
  [[nodiscard]] double* operator[](int row) { return values_.data() + static_cast<std::size_t>(row) * width_; }
  [[nodiscard]] const double* operator[](int row) const {
    return values_.data() + static_cast<std::size_t>(row) * width_;
  }
  [[nodiscard]] int width() const { return static_cast<int>(width_); }
  void swap(Rows& other) { values_.swap(other.values_); }

 private:
  std::size_t width_;
  std::vector<double> values_;
};

/// Which of the rows 1, 2, ..., num_rows a rank has.
struct Share {
  int first;
  int count;
};
Share share_of(int rank, int num_ranks, int num_rows) {
  const int count = num_rows / num_ranks;
  const int more = num_rows % num_ranks;
  return {1 + rank * count + std::min(rank, more), count + (rank < more ? 1 : 0)};
}

struct Solver {
  int num_cells;  ///< inner points along each edge
  Share share;
  int above, below;  ///< ranks
  Rows now, next;

  [[nodiscard]] double h() const { return 1.0 / (num_cells + 1); }
  [[nodiscard]] double solution(int row, int column) const {
    constexpr double kPi = std::numbers::pi;
    return std::sin(kPi * h() * (share.first + row - 1)) * std::sin(kPi * h() * column);
  }
  /// How much of the error a sweep leaves.
  [[nodiscard]] double factor() const { return std::cos(std::numbers::pi * h()); }

  void exchange_halo() {
    const int n = now.width();
    MPI_Sendrecv(now[1], n, MPI_DOUBLE, above, 0, now[share.count + 1], n, MPI_DOUBLE, below, 0, MPI_COMM_WORLD,
                 MPI_STATUS_IGNORE);
    MPI_Sendrecv(now[share.count], n, MPI_DOUBLE, below, 1, now[0], n, MPI_DOUBLE, above, 1, MPI_COMM_WORLD,
                 MPI_STATUS_IGNORE);
  }

  /// Returns the largest change of a value.
  double sweep(const Rows& source) {
    double change = 0;
    for (int i = 1; i <= share.count; ++i) {
      const double* const up = now[i - 1];
      const double* const here = now[i];
      const double* const down = now[i + 1];
      double* const to = next[i];
      for (int j = 1; j <= num_cells; ++j) {
        to[j] = 0.25 * (up[j] + down[j] + here[j - 1] + here[j + 1] + source[i][j]);
        change = std::max(change, std::abs(to[j] - here[j]));
      }
    }
    now.swap(next);
    return change;
  }

  /// Largest distance from what the iterate must be after so many sweeps.
  [[nodiscard]] double error_after(int num_sweeps) const {
    const double grown = 1 - std::pow(factor(), num_sweeps);
    double error = 0;
    for (int i = 1; i <= share.count; ++i)
      for (int j = 1; j <= num_cells; ++j) error = std::max(error, std::abs(now[i][j] - grown * solution(i, j)));
    return error;
  }
};

double largest_of_all(double value) {
  double largest = 0;
  MPI_Allreduce(&value, &largest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  return largest;
}

int solve(int num_cells, int num_sweeps) {
  int rank = 0;
  int num_ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &num_ranks);
  const Share share = share_of(rank, num_ranks, num_cells);
  Solver solver{num_cells,
                share,
                rank == 0 ? MPI_PROC_NULL : rank - 1,
                rank + 1 == num_ranks ? MPI_PROC_NULL : rank + 1,
                Rows(share.count, num_cells),
                Rows(share.count, num_cells)};
  Rows source(share.count, num_cells);  // h^2 f
  for (int i = 1; i <= share.count; ++i)
    for (int j = 1; j <= num_cells; ++j) source[i][j] = 4 * (1 - solver.factor()) * solver.solution(i, j);
  if (rank == 0) std::printf("%d x %d cells, %d sweeps, %d ranks\n", num_cells, num_cells, num_sweeps, num_ranks);

  const int interval = std::max(1, num_sweeps / 10);
  MPI_Barrier(MPI_COMM_WORLD);
  const double begin = MPI_Wtime();
  for (int k = 1; k <= num_sweeps; ++k) {
    solver.exchange_halo();
    const double change = solver.sweep(source);
    if (k % interval != 0) continue;
    const double largest = largest_of_all(change);
    if (rank == 0) std::printf("sweep %d change %.10e\n", k, largest);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  const double seconds = largest_of_all(MPI_Wtime() - begin);

  const double error = largest_of_all(solver.error_after(num_sweeps));
  const double updates = static_cast<double>(num_cells) * num_cells * num_sweeps;
  if (rank == 0) {
    std::printf("time per sweep %.6g ms\n", 1e3 * seconds / num_sweeps);
    std::printf("rate %.6g million updates per second\n", 1e-6 * updates / seconds);
    std::printf("error %.3e\n", error);
  }
  const bool is_right = error < 1e-9;
  if (!is_right && rank == 0) std::fprintf(stderr, "poisson: the result is wrong\n");
  return is_right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  const int num_cells = argc == 3 ? std::atoi(argv[1]) : 0;
  const int num_sweeps = argc == 3 ? std::atoi(argv[2]) : 0;
  int num_ranks = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &num_ranks);
  int status = 2;
  if (num_cells < num_ranks || num_sweeps < 1)
    std::fprintf(stderr, "usage: poisson CELLS SWEEPS   (at least as many cells as ranks, and one sweep)\n");
  else
    status = solve(num_cells, num_sweeps);
  MPI_Finalize();
  return status;
}
