// The part of fugle/workflow.hpp that is no template: a workflow under construction, and how it looks as a file.
#include <fmt/format.h>

#include <algorithm>
#include <fugle/workflow.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/text.hpp"

namespace fugle {
namespace detail {

using Json = nlohmann::ordered_json;

class Draft {
 public:
  struct Entry {
    std::string name;
    Json keys = Json::object();
    Json needs = Json::array();  ///< pairs of name and "ok" or "each", in order
    std::size_t count = 1;       ///< elements, where it is a function
  };

  explicit Draft(std::string name) { top_["name"] = std::move(name); }

  std::size_t add(std::string name) {
    entries_.push_back({std::move(name)});
    return entries_.size() - 1;
  }
  std::size_t add_function(const std::string& name, const Taker& taker, Body body);
  void add_need(std::size_t task, std::size_t needed, bool is_each);
  [[nodiscard]] static std::size_t fan_size(const std::string& name, const Taker& taker);

  Json top_ = Json::object();
  std::vector<Entry> entries_;
  std::vector<NamedFunction> functions_;
};

namespace {

/// "resources.cores" is the key `cores` of the map `resources`; names of variables and files may hold dots themselves.
Json& at_key(Json& map, std::string_view key) {
  const std::size_t dot = key.find('.');
  if (dot == std::string_view::npos) return map[std::string(key)];
  Json& inner = map[std::string(key.substr(0, dot))];
  return inner[std::string(key.substr(dot + 1))];
}

Json parse(std::string_view key, const std::string& json) {
  Json value = Json::parse(json, nullptr, false);
  if (value.is_discarded())
    throw std::invalid_argument(
        fmt::format("the value of '{}' is not JSON: {}; texts stand in double quotes", key, json));
  return value;
}

std::vector<std::size_t> counted(std::size_t count) {
  std::vector<std::size_t> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = i;
  return numbers;
}

/// The values of the matrix of a fan-out; where labels are not good names, numbers.
Json matrix_of(const Fan& fan) {
  std::map<std::string, std::size_t> seen;
  Json values = Json::array();
  for (const std::string& label : fan.labels) {
    ++seen[label];
    values.push_back(Json::parse(label));
  }
  const auto is_long = [](const std::string& label) { return label.size() > 40; };
  if (seen.size() != fan.count || std::any_of(fan.labels.begin(), fan.labels.end(), is_long))
    values = counted(fan.count);
  return Json{{"i", std::move(values)}};
}

}  // namespace

std::string label_of(double number) { return Json(number).dump(); }
std::string label_of(std::string_view text) {
  return Json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::size_t Taker::take(const Task& task, std::size_t count, bool is_each) {
  if (task.draft_ != &draft_)
    throw std::invalid_argument(fmt::format("'{}' takes the result of a task of another workflow", name_));
  for (const Taken& known : taken_) {
    if (known.task != task.index_) continue;
    if (known.is_each == is_each) return known.at;
    throw std::invalid_argument(
        fmt::format("'{}' takes both one and all results of '{}'; put a function between them", name_, task.name()));
  }
  if (is_each && !like_) like_ = task.index_;
  taken_.push_back({task.index_, is_each, num_taken_});
  const std::size_t at = num_taken_;
  num_taken_ += is_each ? 1 : count;
  if (is_each && draft_.entries_[*like_].count != count)
    throw std::invalid_argument(
        fmt::format("'{}' takes results of '{}' ({} elements) and of '{}' ({}) one by one; they "
                    "must be as many",
                    name_, draft_.entries_[*like_].name, draft_.entries_[*like_].count, task.name(), count));
  return at;
}

void Taker::join(Fan fan) {
  if (fan_ && fan_->count != fan.count)
    throw std::invalid_argument(
        fmt::format("'{}' goes over {} and over {} values; they must be as many", name_, fan_->count, fan.count));
  given_ += fan.bytes;
  if (!fan_) fan_ = std::move(fan);
}

std::size_t Draft::add_function(const std::string& name, const Taker& taker, Body body) {
  const std::size_t index = add(name);
  functions_.push_back(
      {name, fmt::format("{:016x}", hash_text(taker.given_)), std::make_shared<const Body>(std::move(body))});
  Entry& entry = entries_[index];
  entry.keys["plugin"] = ":" + name;
  entry.keys["isolate"] = false;
  entry.keys["with"] = {{"given", functions_.back().given}};
  if (taker.like_) {
    entry.count = entries_[*taker.like_].count;
    entry.keys["matrix"] = entries_[*taker.like_].keys["matrix"];
  } else if (taker.fan_) {
    entry.count = taker.fan_->count;
    entry.keys["matrix"] = matrix_of(*taker.fan_);
  }
  for (const Taker::Taken& taken : taker.taken_) add_need(index, taken.task, taken.is_each);
  return index;
}

std::size_t Draft::fan_size(const std::string& name, const Taker& taker) {
  if (!taker.like_ && !taker.fan_)
    throw std::invalid_argument(
        fmt::format("map '{}' has nothing to go over; give it over(values), or the Results of another map", name));
  const std::size_t count = taker.like_ ? taker.draft_.entries_[*taker.like_].count : taker.fan_->count;
  if (taker.fan_ && taker.fan_->count != count)
    throw std::invalid_argument(
        fmt::format("'{}' goes over {} values and over the {} elements of '{}'; they must be as "
                    "many",
                    name, taker.fan_->count, count, taker.draft_.entries_[*taker.like_].name));
  return count;
}

void Draft::add_need(std::size_t task, std::size_t needed, bool is_each) {
  entries_[task].needs.push_back({entries_[needed].name, is_each ? "each" : "ok"});
}

}  // namespace detail

const std::string& Task::name() const { return draft_->entries_[index_].name; }

void Task::set_json(std::string_view key, std::string json) const {
  detail::at_key(draft_->entries_[index_].keys, key) = detail::parse(key, json);
}

void Task::set_text(std::string_view key, std::string_view text) const {
  detail::at_key(draft_->entries_[index_].keys, key) = std::string(text);
}

void Task::add_need(const Task& other) const {
  if (other.draft_ != draft_)
    throw std::invalid_argument(fmt::format("'{}' needs '{}', a task of another workflow", name(), other.name()));
  draft_->add_need(index_, other.index_, false);
}

Command& Command::matrix(std::string_view variable, const std::vector<std::string>& values) {
  detail::at_key(draft_->entries_[index_].keys, "matrix." + std::string(variable)) = values;
  return *this;
}

Workflow::Workflow(std::string name) : draft_(std::make_unique<detail::Draft>(std::move(name))) {}
Workflow::~Workflow() = default;
Workflow::Workflow(Workflow&&) noexcept = default;
Workflow& Workflow::operator=(Workflow&&) noexcept = default;

Workflow& Workflow::param(std::string_view name, std::string_view fallback) {
  return key("params." + std::string(name), detail::label_of(fallback));
}

Workflow& Workflow::key(std::string_view key, std::string json) {
  detail::at_key(draft_->top_, key) = detail::parse(key, json);
  return *this;
}

Command Workflow::command(std::string name, const std::vector<std::string>& argv) {
  const std::size_t index = draft_->add(std::move(name));
  draft_->entries_[index].keys["run"] = argv;
  return {*draft_, index};
}

Command Workflow::script(std::string name, std::string_view text) {
  const std::size_t index = draft_->add(std::move(name));
  draft_->entries_[index].keys["run"] = std::string(text);
  return {*draft_, index};
}

std::size_t Workflow::add_function(const std::string& name, const detail::Taker& taker, detail::Body body) {
  return draft_->add_function(name, taker, std::move(body));
}

std::size_t Workflow::check_fan(const std::string& name, const detail::Taker& taker) {
  return detail::Draft::fan_size(name, taker);
}

std::string Workflow::to_json() const {
  detail::Json file = {{"version", 1}};
  file.update(draft_->top_);
  detail::Json& tasks = file["tasks"] = detail::Json::object();
  for (const auto& entry : draft_->entries_) {
    if (tasks.contains(entry.name))
      throw std::invalid_argument(fmt::format("there are two tasks of the name '{}'", entry.name));
    detail::Json task = entry.keys;
    const bool is_plain =
        std::all_of(entry.needs.begin(), entry.needs.end(), [](const auto& need) { return need[1] == "ok"; });
    for (const auto& need : entry.needs) {
      if (is_plain)
        task["needs"].push_back(need[0]);
      else
        task["needs"][need[0].get<std::string>()] = need[1];
    }
    tasks[entry.name] = std::move(task);
  }
  return file.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

const std::vector<detail::NamedFunction>& Workflow::functions() const { return draft_->functions_; }

}  // namespace fugle
