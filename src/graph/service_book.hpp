// Which elements are services, who uses them, and of which nobody is left who does. The users of a service are the
// elements that need it, directly or through gates; not those that wait for its end, and not those of `finally` when it
// is none of them itself. A service without users is for the run as a whole: it is needed until all have ended
// that are neither services nor wait for the end of one like it.
//
// Costs a few bytes per element where there are services, and nothing where there are none. Knows nothing of events,
// attempts or of whether a service is ready.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "graph/graph.hpp"

namespace fugle::graph {

class ServiceBook {
 public:
  /// Nothing has ended yet. The graph must outlive the book.
  explicit ServiceBook(const Graph& graph);
  /// The graph has grown. Looks at all of it, where there are services.
  void grow(const std::function<bool(ElementId)>& is_final);

  [[nodiscard]] bool has_services() const { return !is_above_users_.empty(); }
  [[nodiscard]] bool is_service(ElementId e) const { return has_services() && graph_.task_of(e).service.is_given; }
  /// The element is one of the users of some service.
  [[nodiscard]] bool is_user(ElementId e) const;
  /// A service that no element which has not ended uses.
  [[nodiscard]] bool is_unneeded(ElementId service) const;

  /// The element, no gate, has ended (`is_final`), or has not any more. Services that nobody uses from now on are
  /// appended to `unneeded`. O(needs), and what gates that nobody stands behind any more have.
  void count(ElementId element, bool is_final, std::vector<ElementId>& unneeded);

  /// The services that the element uses.
  [[nodiscard]] std::vector<ElementId> services_of(ElementId user) const;
  /// The users of a service that come directly or through gates, ended ones too.
  [[nodiscard]] std::vector<ElementId> users_of(ElementId service) const;

 private:
  /// Who stands behind the gate uses what stands before it.
  [[nodiscard]] bool stands_for(ElementId gate) const;
  [[nodiscard]] std::uint8_t part_of(ElementId e) const { return is_finally_[e.value()] ? 1 : 0; }
  /// A service, or a gate that stands for some: what needs it may be a user.
  [[nodiscard]] bool leads_to_users(ElementId above, ElementId below) const;
  void look_at_all();
  void find_sources();
  void count_users();
  void find_others();
  void count_above(ElementId e, bool is_gone, std::vector<ElementId>& unneeded);

  const Graph& graph_;
  std::vector<bool> is_above_users_;            ///< [element] a service or a gate that stands for some
  std::vector<bool> is_finally_;                ///< [element] of `finally`, or a gate that stands for some of it
  std::vector<bool> has_users_;                 ///< [element]
  std::vector<bool> is_other_;                  ///< [element] that services without users are there for
  std::vector<std::uint32_t> users_left_;       ///< [element] of services and gates: directly below them, not ended
  std::array<std::uint64_t, 2> others_left_{};  ///< `is_other_` and not ended; main part, `finally`
  std::array<std::vector<ElementId>, 2> without_users_;  ///< services
};

}  // namespace fugle::graph
