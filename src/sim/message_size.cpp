#include "sim/message_size.hpp"

namespace fugle::sim {
namespace {

using namespace scheduler;

constexpr std::size_t kId = 4;
constexpr std::size_t kLength = 4;  ///< before a text or a list

std::size_t size_of(const std::string& text) { return kLength + text.size(); }
std::size_t size_of(const std::vector<ElementId>& elements) { return kLength + kId * elements.size(); }

std::size_t size_of(const LeasedElement& e) {
  return 2 * kId + 2 * 2 + 3 * 4 + size_of(e.releases) + 1 + 4 + 4 + size_of(e.id) + size_of(e.packed_text);
}

std::size_t size_of(const AttemptReport& a) {
  return 1 + kId + 2 + 2 * 8 + 1 + 4 + 8 + 4 + 2 * 8 + size_of(a.reason) + size_of(a.measures) + size_of(a.values);
}

std::size_t size_of(const Place& place) {
  return 3 * kLength + 4 * (place.cpus.size() + place.numa_nodes.size() + place.gpus.size()) + 1;
}

std::size_t size_of(const PartyWord& word) { return kId + 2 + 4 + 4 + size_of(word.bytes); }

std::size_t size_of(const ValueWord& word) { return 1 + 2 * kId + size_of(word.bytes); }

}  // namespace

std::size_t MessageSizes::of_task(TaskId id, const graph::Task& task) {
  if (id.value() >= task_bytes_.size()) task_bytes_.resize(id.value() + std::size_t{1});  // the graph has grown
  std::uint32_t& bytes = task_bytes_[id.value()];
  if (bytes == 0) bytes = static_cast<std::uint32_t>(graph::encode_task(task).size());
  return bytes;
}

std::size_t MessageSizes::of(const Message& message) {
  std::size_t bytes = 1;  // its kind
  if (const auto* hello = std::get_if<Hello>(&message)) {
    bytes += size_of(hello->node) + 4 + 4 + 8 + 4;
  } else if (const auto* grant = std::get_if<Grant>(&message)) {
    bytes += 2 * 8 + size_of(grant->run_state) + 2 * kLength;
    for (const auto& [id, task] : grant->tasks) bytes += kId + kLength + of_task(id, *task);
    for (const LeasedElement& e : grant->elements) bytes += size_of(e);
  } else if (const auto* revoke = std::get_if<Revoke>(&message)) {
    bytes += size_of(revoke->elements);
  } else if (const auto* stop = std::get_if<StopAttempts>(&message)) {
    bytes += size_of(stop->elements);
  } else if (const auto* release = std::get_if<Release>(&message)) {
    bytes += size_of(release->elements);
  } else if (const auto* signal = std::get_if<SignalAttempts>(&message)) {
    bytes += size_of(signal->elements) + 4;
  } else if (std::holds_alternative<Tenure>(message)) {
    bytes += 8;
  } else if (const auto* placed = std::get_if<Placed>(&message)) {
    bytes += kId + 4 + size_of(placed->place);
  } else if (const auto* start_party = std::get_if<StartParty>(&message)) {
    bytes += kId + 4 + 4 + kLength;
    for (const Member& member : start_party->members) bytes += kId + size_of(member.node) + size_of(member.place);
  } else if (std::holds_alternative<EndParty>(message)) {
    bytes += kId + 4;
  } else if (const auto* carry = std::get_if<CarryWord>(&message)) {
    bytes += size_of(carry->word);
  } else if (const auto* word = std::get_if<PartyWord>(&message)) {
    bytes += size_of(*word);
  } else if (const auto* carry_value = std::get_if<CarryValue>(&message)) {
    bytes += size_of(carry_value->word);
  } else if (const auto* value = std::get_if<ValueWord>(&message)) {
    bytes += size_of(*value);
  } else if (const auto* report = std::get_if<Report>(&message)) {
    bytes += kLength + size_of(report->returned) + 1;
    for (const AttemptReport& a : report->attempts) bytes += size_of(a);
  }
  return bytes;
}

}  // namespace fugle::sim
