#include "function/value_exchange.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.hpp"
#include "graph/element_text.hpp"

namespace fugle::function {

using scheduler::ValueWord;

std::vector<ElementId> takes_of(const scheduler::Launch& launch) {
  std::vector<ElementId> takes;
  for (const std::string& number : graph::unpack(*launch.task, launch.packed_text).results_of)
    takes.emplace_back(parse_number<std::uint32_t>(number).value_or(ElementId::kInvalid));
  return takes;
}

bool ValueExchange::fetch(const scheduler::Launch& launch) {
  std::vector<ElementId> missing = takes_of(launch);
  std::sort(missing.begin(), missing.end());
  missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
  std::erase_if(missing, [&](ElementId value) { return values_.find(value) != nullptr; });
  if (missing.empty()) return true;
  for (const ElementId value : missing) {
    auto& waiting = wanted_[value];
    if (waiting.empty()) words_.push_back({ValueWord::Kind::wanted, value, self_, {}});
    waiting.push_back(launch.element);
  }
  missing_[launch.element] = std::move(missing);
  return false;
}

void ValueExchange::give_up(ElementId element) {
  const auto missing = missing_.extract(element);
  if (missing.empty()) return;
  for (const ElementId value : missing.mapped()) {
    const auto waiting = wanted_.find(value);
    if (waiting != wanted_.end()) std::erase(waiting->second, element);
  }
}

ValueExchange::Told ValueExchange::hear(const ValueWord& word) {
  switch (word.kind) {
    case ValueWord::Kind::wanted: return answer(word), Told{};
    case ValueWord::Kind::here: return take(word);
    case ValueWord::Kind::gone: break;
    case ValueWord::Kind::forget: return values_.forget(word.element), Told{};
  }
  const auto waiting = wanted_.extract(word.element);
  if (waiting.empty()) return {};
  Told told{{}, waiting.mapped()};
  for (const ElementId element : told.bereft) give_up(element);
  return told;
}

void ValueExchange::answer(const ValueWord& wanted) {
  const Value value = values_.find(wanted.element);
  if (value == nullptr)
    words_.push_back({ValueWord::Kind::gone, wanted.element, wanted.who, {}});
  else
    words_.push_back({ValueWord::Kind::here, wanted.element, wanted.who, *value});
}

ValueExchange::Told ValueExchange::take(const ValueWord& word) {
  values_.keep_fetched(word.element, word.bytes);
  Told told;
  const auto waiting = wanted_.extract(word.element);
  if (waiting.empty()) return told;
  for (const ElementId element : waiting.mapped()) {
    auto& missing = missing_.at(element);
    std::erase(missing, word.element);
    if (!missing.empty()) continue;
    missing_.erase(element);
    told.complete.push_back(element);
  }
  return told;
}

void ValueExchange::poll_words(std::vector<ValueWord>& words) {
  std::move(words_.begin(), words_.end(), std::back_inserter(words));
  words_.clear();
}

}  // namespace fugle::function
