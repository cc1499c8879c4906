#include "workflow/resources_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace fugle::workflow {
namespace {

const TaskNode& builtin() {
  static const TaskNode task;
  return task;
}

struct WholeNumber {
  IntKey key;
  Field<std::int64_t> TaskNode::*field;
};
constexpr std::array kWholeNumbers{
    WholeNumber{kNodes, &TaskNode::nodes},
    WholeNumber{kRanks, &TaskNode::ranks},
    WholeNumber{kRanksPerNode, &TaskNode::ranks_per_node},
    WholeNumber{kCores, &TaskNode::cores},
    WholeNumber{kGpus, &TaskNode::gpus},
    WholeNumber{kGpusPerRank, &TaskNode::gpus_per_rank},
};

void reset(TaskNode& task) {
  for (const WholeNumber& number : kWholeNumbers) task.*number.field = builtin().*number.field;
  task.mem = builtin().mem;
  task.scratch = builtin().scratch;
  task.exclusive = builtin().exclusive;
  task.bind = builtin().bind;
  task.place = builtin().place;
}

void read_one(const Reading& reading, const Entry& entry, TaskNode& into) {
  const auto* number =
      std::ranges::find(kWholeNumbers, entry.key, [](const WholeNumber& known) { return known.key.key; });
  if (number != kWholeNumbers.end())
    read_int(reading, entry, number->key, builtin().*number->field, into.*number->field);
  else if (entry.key == "mem")
    read_field(reading, entry, KeyType::size, builtin().mem, into.mem, parse_size);
  else if (entry.key == "scratch")
    read_field(reading, entry, KeyType::size, builtin().scratch, into.scratch, parse_size);
  else if (entry.key == "exclusive")
    read_bool(reading, entry, builtin().exclusive, into.exclusive);
  else if (entry.key == "bind")
    read_field(reading, entry, KeyType::word, builtin().bind, into.bind, parse_bind);
  else
    read_field(reading, entry, KeyType::text, builtin().place, into.place, parse_place);
}

}  // namespace

void read_resources(const Reading& reading, const Entry& entry, const Where& where, TaskNode& into) {
  const YamlNode& node = *entry.value;
  if (node.is_null()) reset(into);
  if (!is_map_or_refuse(reading, entry.key, node)) return;
  const Where here{"resources", {}, &where};
  for (const Entry& inner : node.entries)
    if (accept_key(reading, Scope::resources, inner, here) != nullptr) read_one(reading, inner, into);
}

void read_launcher(const Reading& reading, const Entry& entry, Field<std::string>& into) {
  read_field(reading, entry, KeyType::text, builtin().launcher, into, parse_launcher);
}

void check_resources(const Reading& reading, const TaskNode& task) {
  if (is_given(task.gpus) && is_given(task.gpus_per_rank))
    reading.diagnostics.error(
        "E113", task.gpus_per_rank.at,
        fmt::format("'gpus' and 'gpus_per_rank' exclude each other in task {}", in_quotes(task.name)));
}

}  // namespace fugle::workflow
