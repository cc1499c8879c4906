#include "scheduler/node_health.hpp"

namespace fugle::scheduler {

std::uint32_t& NodeHealth::strikes(std::uint32_t node) {
  if (node >= strikes_.size()) strikes_.resize(node + 1, 0);
  return strikes_[node];
}

void NodeHealth::on_failure(std::uint32_t node, ElementId element, graph::FailureClass cls) {
  if (graph::is_infrastructure(cls))
    ++strikes(node);
  else
    failed_on_[element] = node;
}

std::optional<std::uint32_t> NodeHealth::on_ok(std::uint32_t node, ElementId element) {
  strikes(node) = 0;
  const auto failed = failed_on_.extract(element);
  if (!failed || failed.mapped() == node) return std::nullopt;
  ++strikes(failed.mapped());
  return failed.mapped();
}

}  // namespace fugle::scheduler
