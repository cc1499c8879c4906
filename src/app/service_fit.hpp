// Whether what needs services fits beside them. They all run at once, so what does not find room then waits for ever,
// whatever the order. Only what is certain is told: a search that takes too long finds nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "graph/service_book.hpp"
#include "plan/problem.hpp"

namespace fugle::app {

class ServiceFit {
 public:
  ServiceFit(const graph::Graph& graph, const plan::Machine& machine);

  /// For each task whose elements find no room beside the services they need: what is wrong. `num_elements` [task]: a
  /// task without any is not looked at.
  struct Misfit {
    TaskId task;
    std::string problem;  ///< "task big does not fit beside the service it needs, db: together 5 cores, there are 4"
  };
  [[nodiscard]] std::vector<Misfit> find_misfits(const std::vector<std::uint32_t>& num_elements) const;

 private:
  /// With those that they need themselves.
  [[nodiscard]] std::vector<ElementId> services_of(ElementId user) const;
  [[nodiscard]] std::optional<std::string> misfit_of(ElementId user) const;

  const graph::Graph& graph_;
  const plan::Machine& machine_;
  graph::ServiceBook book_;
};

}  // namespace fugle::app
