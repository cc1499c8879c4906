// The part of fugle/workflow.hpp that is no template: a workflow under construction, and how it looks as a file.
#include <fmt/format.h>

#include <algorithm>
#include <fugle/workflow.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace fugle {
namespace detail {

using Json = nlohmann::ordered_json;
using Place = std::source_location;

namespace {

std::string dump(const Json& json, int indent) { return json.dump(indent, ' ', false, Json::error_handler_t::replace); }

std::string words_of(const Place& place) { return fmt::format("{}:{}", place.file_name(), place.line()); }

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

/// A map of a file, with the places where its members were said.
struct Settings {
  Json values = Json::object();
  std::map<std::string, Place, std::less<>> places;  ///< by key; of those that were said elsewhere than the map
};

/// Writes the text of a workflow line by line, and knows which line is whose.
class Writer {
 public:
  void begin_map(const std::string& key, const Place& place) {
    begin_member(key, place);
    open('{');
  }
  void begin_list(const std::string& key, const Place& place) {
    begin_member(key, place);
    open('[');
  }
  void open(char bracket) {
    text_ += bracket;
    ++depth_;
    is_first_ = true;
  }
  void close(char bracket) {
    --depth_;
    if (!is_first_) new_line();
    text_ += bracket;
    is_first_ = false;
  }
  void begin_member(const std::string& key, const Place& place) {
    begin_item(place);
    text_ += dump(key, -1) + ": ";
  }
  void begin_item(const Place& place) {
    if (!is_first_) text_ += ',';
    is_first_ = false;
    new_line();
    if (places_.empty() || !is_same(places_.back().place, place)) places_.push_back({line_, place});
  }
  void value(const Json& json) {
    for (const char c : dump(json, 2)) {
      if (c == '\n')
        new_line();
      else
        text_ += c;
    }
  }
  void settings(const Settings& said, const Place& place) {
    for (const auto& [key, json] : said.values.items()) {
      const auto other = said.places.find(key);
      begin_member(key, other == said.places.end() ? place : other->second);
      value(json);
    }
  }

  std::string text_;
  std::vector<PlacedLine> places_;

 private:
  static bool is_same(const Place& a, const Place& b) {
    return a.line() == b.line() && a.column() == b.column() && std::string_view(a.file_name()) == b.file_name();
  }
  void new_line() {
    text_ += '\n';
    text_.append(2 * depth_, ' ');
    ++line_;
  }

  std::uint32_t line_ = 1;
  std::size_t depth_ = 0;
  bool is_first_ = true;
};

}  // namespace

class Draft {
 public:
  struct Need {
    std::size_t task;
    bool is_each;
    Place place;
  };
  struct Entry {
    Name name;
    Settings settings{};
    std::vector<Need> needs{};
    std::size_t count = 1;  ///< elements, where it is a function
    bool is_last = false;   ///< stands under `finally`
    bool is_known = false;  ///< an earlier one has the name
  };

  explicit Draft(Name name) : name_(std::move(name)) { top_.values["name"] = name_.text(); }

  std::size_t add(const Name& name, const char* key, Json value);
  std::size_t add_function(const Name& name, const Taker& taker, Body body);
  void add_need(std::size_t task, Need need);
  void refuse(const char* code, const Place& place, std::string text) {
    mistakes_.push_back({code, std::move(text), place});
  }
  /// "resources.cores" is the key `cores` of the map `resources`; names of variables and files may hold dots.
  void set(Settings& settings, std::string_view key, Json value, const Place& place);
  void set_json(Settings& settings, std::string_view key, const std::string& json, const Place& place);
  [[nodiscard]] std::size_t fan_size(const Name& name, const Taker& taker);
  [[nodiscard]] Writer write() const;

  Name name_;
  Settings top_;
  std::vector<Entry> entries_;
  std::map<std::string, std::size_t, std::less<>> known_;
  std::vector<NamedFunction> functions_;
  std::vector<Mistake> mistakes_;

 private:
  void write_task(Writer& writer, const Entry& entry) const;
  void write_needs(Writer& writer, const Entry& entry) const;
};

std::string label_of(double number) { return Json(number).dump(); }
std::string label_of(std::string_view text) { return dump(text, -1); }

std::size_t Taker::take(const Task& task, std::size_t count, bool is_each) {
  if (task.draft_ != &draft_) {
    draft_.refuse("E202", name_.place(),
                  fmt::format("'{}' takes the result of '{}', a task of another workflow; make it in this one",
                              name_.text(), task.name()));
    return 0;
  }
  for (const Taken& known : taken_) {
    if (known.task != task.index_) continue;
    if (known.is_each != is_each)
      draft_.refuse("E113", name_.place(),
                    fmt::format("'{}' takes both one and all results of '{}'; put a function between them",
                                name_.text(), task.name()));
    return known.at;
  }
  if (is_each && !like_) like_ = task.index_;
  taken_.push_back({task.index_, is_each, num_taken_});
  const std::size_t at = num_taken_;
  num_taken_ += is_each ? 1 : count;
  if (is_each && draft_.entries_[*like_].count != count)
    draft_.refuse("E208", name_.place(),
                  fmt::format("'{}' takes results of '{}' ({} elements) and of '{}' ({}) one by one; they must be as "
                              "many",
                              name_.text(), draft_.entries_[*like_].name.text(), draft_.entries_[*like_].count,
                              task.name(), count));
  return at;
}

void Taker::join(Fan fan) {
  if (fan_ && fan_->count != fan.count)
    draft_.refuse("E208", name_.place(),
                  fmt::format("'{}' goes over {} and over {} values; they must be as many", name_.text(), fan_->count,
                              fan.count));
  given_ += fan.bytes;
  if (!fan_) fan_ = std::move(fan);
}

std::size_t Draft::add(const Name& name, const char* key, Json value) {
  Entry& entry = entries_.emplace_back(Entry{name});
  entry.settings.values[key] = std::move(value);
  const auto [known, is_new] = known_.emplace(name.text(), entries_.size() - 1);
  entry.is_known = !is_new;
  if (!is_new)
    refuse("E102", name.place(),
           fmt::format("a second task '{}' (first at {}); give it another name", name.text(),
                       words_of(entries_[known->second].name.place())));
  return entries_.size() - 1;
}

std::size_t Draft::add_function(const Name& name, const Taker& taker, Body body) {
  const std::size_t index = add(name, "plugin", ":" + name.text());
  functions_.push_back(
      {name.text(), fmt::format("{:016x}", hash_text(taker.given_)), std::make_shared<const Body>(std::move(body))});
  Entry& entry = entries_[index];
  Json& values = entry.settings.values;
  values["isolate"] = false;
  values["with"] = {{"given", functions_.back().given}};
  if (taker.like_) {
    entry.count = entries_[*taker.like_].count;
    const Json& like = entries_[*taker.like_].settings.values;
    if (like.contains("matrix")) values["matrix"] = like["matrix"];
  } else if (taker.fan_) {
    entry.count = taker.fan_->count;
    values["matrix"] = matrix_of(*taker.fan_);
  }
  for (const Taker::Taken& taken : taker.taken_) entry.needs.push_back({taken.task, taken.is_each, name.place()});
  return index;
}

std::size_t Draft::fan_size(const Name& name, const Taker& taker) {
  if (!taker.like_ && !taker.fan_) {
    refuse("E105", name.place(),
           fmt::format("map '{}' has nothing to go over; give it over(values), or the Results of another map",
                       name.text()));
    return 1;
  }
  const std::size_t count = taker.like_ ? entries_[*taker.like_].count : taker.fan_->count;
  if (taker.fan_ && taker.fan_->count != count)
    refuse("E208", name.place(),
           fmt::format("'{}' goes over {} values and over the {} elements of '{}'; they must be as many", name.text(),
                       taker.fan_->count, count, entries_[*taker.like_].name.text()));
  return count;
}

void Draft::add_need(std::size_t task, Need need) {
  Entry& entry = entries_[task];
  const auto known =
      std::find_if(entry.needs.begin(), entry.needs.end(), [&](const Need& other) { return other.task == need.task; });
  if (known == entry.needs.end()) {
    entry.needs.push_back(need);
  } else if (known->is_each != need.is_each) {
    refuse("E113", need.place,
           fmt::format("'{}' needs both one and all elements of '{}'; put a task between them", entry.name.text(),
                       entries_[need.task].name.text()));
  }
}

void Draft::set(Settings& settings, std::string_view key, Json value, const Place& place) {
  const std::size_t dot = key.find('.');
  const std::string outer(key.substr(0, dot));
  if (dot == std::string_view::npos) {
    settings.values[outer] = std::move(value);
    settings.places.insert_or_assign(outer, place);
    return;
  }
  Json& map = settings.values[outer];
  if (!map.is_null() && !map.is_object())
    return refuse("E104", place,
                  fmt::format("'{}' can not be set ('{}' has a value of its own: {}); say one of them", key, outer,
                              dump(map, -1)));
  map[std::string(key.substr(dot + 1))] = std::move(value);
  settings.places.insert_or_assign(outer, place);
}

void Draft::set_json(Settings& settings, std::string_view key, const std::string& json, const Place& place) {
  Json value = Json::parse(json, nullptr, false);
  if (value.is_discarded())
    return refuse("E101", place,
                  fmt::format("the value of '{}' is not JSON: {}; texts stand in double quotes", key, json));
  set(settings, key, std::move(value), place);
}

void Draft::write_needs(Writer& writer, const Entry& entry) const {
  if (entry.needs.empty()) return;
  const bool is_plain =
      std::none_of(entry.needs.begin(), entry.needs.end(), [](const Need& need) { return need.is_each; });
  if (is_plain)
    writer.begin_list("needs", entry.name.place());
  else
    writer.begin_map("needs", entry.name.place());
  for (const Need& need : entry.needs) {
    const std::string& name = entries_[need.task].name.text();
    if (is_plain) {
      writer.begin_item(need.place);
      writer.value(name);
    } else {
      writer.begin_member(name, need.place);
      writer.value(need.is_each ? "each" : "ok");
    }
  }
  writer.close(is_plain ? ']' : '}');
}

void Draft::write_task(Writer& writer, const Entry& entry) const {
  writer.begin_map(entry.name.text(), entry.name.place());
  writer.settings(entry.settings, entry.name.place());
  write_needs(writer, entry);
  writer.close('}');
}

Writer Draft::write() const {
  Writer writer;
  const auto write_tasks = [&](const char* key, bool are_last) {
    writer.begin_map(key, name_.place());
    for (const Entry& entry : entries_)
      if (entry.is_last == are_last && !entry.is_known) write_task(writer, entry);
    writer.close('}');
  };
  writer.open('{');
  writer.begin_member("version", name_.place());
  writer.value(1);
  writer.settings(top_, name_.place());
  write_tasks("tasks", false);
  if (std::any_of(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.is_last; }))
    write_tasks("finally", true);
  writer.close('}');
  writer.text_ += '\n';
  return writer;
}

}  // namespace detail

using Place = std::source_location;

const std::string& Task::name() const { return draft_->entries_[index_].name.text(); }

void Task::set_json(std::string_view key, const std::string& json, std::optional<Place> place) const {
  auto& entry = draft_->entries_[index_];
  draft_->set_json(entry.settings, key, json, place.value_or(entry.name.place()));
}

void Task::set_text(std::string_view key, std::string_view text) const {
  auto& entry = draft_->entries_[index_];
  draft_->set(entry.settings, key, std::string(text), entry.name.place());
}

void Task::set_words(std::string_view key, const std::vector<std::string>& words) const {
  auto& entry = draft_->entries_[index_];
  draft_->set(entry.settings, key, words, entry.name.place());
}

void Task::set_last() const { draft_->entries_[index_].is_last = true; }

void Task::add_need(const Task& other, bool is_each, const Place& place) const {
  if (other.draft_ != draft_)
    return draft_->refuse(
        "E202", place,
        fmt::format("'{}' needs '{}', a task of another workflow; make it in this one", name(), other.name()));
  draft_->add_need(index_, {other.index_, is_each, place});
}

Workflow::Workflow(const Name& name) : draft_(std::make_unique<detail::Draft>(name)) {}
Workflow::~Workflow() = default;
Workflow::Workflow(Workflow&&) noexcept = default;
Workflow& Workflow::operator=(Workflow&&) noexcept = default;

Workflow& Workflow::key(std::string_view key, const std::string& json, const Place& place) {
  draft_->set_json(draft_->top_, key, json, place);
  return *this;
}

Command Workflow::command(const Name& name, const std::vector<std::string>& argv) {
  return {*draft_, draft_->add(name, "run", argv)};
}

Command Workflow::script(const Name& name, std::string_view text) {
  return {*draft_, draft_->add(name, "run", std::string(text))};
}

Plugin Workflow::plugin(const Name& name, std::string_view function) {
  return {*draft_, draft_->add(name, "plugin", std::string(function))};
}

std::size_t Workflow::add_function(const Name& name, const detail::Taker& taker, detail::Body body) {
  return draft_->add_function(name, taker, std::move(body));
}

std::size_t Workflow::count_of(const Name& name, const detail::Taker& taker) { return draft_->fan_size(name, taker); }

std::string Workflow::to_json() const { return draft_->write().text_; }
std::vector<detail::PlacedLine> Workflow::places() const { return draft_->write().places_; }
const std::vector<detail::NamedFunction>& Workflow::functions() const { return draft_->functions_; }
const std::vector<detail::Mistake>& Workflow::mistakes() const { return draft_->mistakes_; }

}  // namespace fugle
