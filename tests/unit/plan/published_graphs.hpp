// The two ten-task graphs of the HEFT and PEFT papers, on three processors of different speed. One byte takes a second.
#pragma once

#include <array>
#include <vector>

#include "plan/problem.hpp"
#include "small_graph.hpp"

namespace fugle::plan {

struct PublishedEdge {
  std::uint32_t from, to;  ///< tasks, counted from 1
  double cost;
};

class PublishedProblem {
 public:
  PublishedProblem(const std::vector<std::array<double, 3>>& costs, const std::vector<PublishedEdge>& edges) {
    graph::GraphBuilder builder;
    graph::Task task;
    task.name = "t";
    const TaskId id = builder.add_task(std::move(task));
    for (const auto& row : costs) {
      builder.add_element(id, fmt::format("t[{}]", durations_.size() + 1), {}, from_seconds(row[0]));
      durations_.push_back((row[0] + row[1] + row[2]) / 3);
      durations_on_.insert(durations_on_.end(), row.begin(), row.end());
    }
    for (const auto& [from, to, cost] : edges) builder.add_edge(ElementId(from - 1), ElementId(to - 1), cost);
    graph_ = graph::Graph(std::move(builder).build());
    machine_.workers.resize(3);
    machine_.seconds_per_byte = 1;
  }
  [[nodiscard]] Problem problem() const { return {graph_, machine_, durations_, durations_on_}; }

 private:
  graph::Graph graph_;
  Machine machine_;
  std::vector<double> durations_, durations_on_;
};

/// Topcuoglu, Hariri, Wu, IEEE TPDS 13(3), 2002.
inline PublishedProblem heft_paper() {
  return {{{14, 16, 9},
           {13, 19, 18},
           {11, 13, 19},
           {13, 8, 17},
           {12, 13, 10},
           {13, 16, 9},
           {7, 15, 11},
           {5, 11, 14},
           {18, 12, 20},
           {21, 7, 16}},
          {{1, 2, 18},
           {1, 3, 12},
           {1, 4, 9},
           {1, 5, 11},
           {1, 6, 14},
           {2, 8, 19},
           {2, 9, 16},
           {3, 7, 23},
           {4, 8, 27},
           {4, 9, 23},
           {5, 9, 13},
           {6, 8, 15},
           {7, 10, 17},
           {8, 10, 11},
           {9, 10, 13}}};
}

/// Arabnejad, Barbosa, IEEE TPDS 25(3), 2014.
inline PublishedProblem peft_paper() {
  return {{{22, 21, 36},
           {22, 18, 18},
           {32, 27, 43},
           {7, 10, 4},
           {29, 27, 35},
           {26, 17, 24},
           {14, 25, 30},
           {29, 23, 36},
           {15, 21, 8},
           {13, 16, 33}},
          {{1, 2, 17},
           {1, 3, 31},
           {1, 4, 29},
           {1, 5, 13},
           {1, 6, 7},
           {2, 8, 3},
           {2, 9, 30},
           {3, 7, 16},
           {4, 8, 11},
           {4, 9, 7},
           {5, 9, 57},
           {6, 8, 5},
           {7, 10, 9},
           {8, 10, 42},
           {9, 10, 7}}};
}

}  // namespace fugle::plan
