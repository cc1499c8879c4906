#include "app/value_link.hpp"

#include <utility>

#include "base/text.hpp"
#include "graph/element_text.hpp"

namespace fugle::app {

std::optional<std::vector<std::string>> ValueLink::results_before(const scheduler::Launch& launch) const {
  std::vector<std::string> results;
  for (const std::string& number : graph::unpack(*launch.task, launch.packed_text).results_of) {
    const auto element = parse_number<std::uint32_t>(number);
    const function::Value value = values_ != nullptr && element ? values_->find(ElementId(*element)) : nullptr;
    if (value == nullptr) return std::nullopt;
    results.push_back(*value);
  }
  return results;
}

void ValueLink::keep(ElementId element, std::uint16_t attempt, std::string result) const {
  if (values_ != nullptr) values_->keep_made(element, attempt, std::move(result));
}

void use(executor::ExecutorOptions& options, const std::shared_ptr<ValueLink>& link) {
  options.results_before = [link](const scheduler::Launch& launch) { return link->results_before(launch); };
  options.keep_result = [link](ElementId element, std::uint16_t attempt, std::string result) {
    link->keep(element, attempt, std::move(result));
  };
}

}  // namespace fugle::app
