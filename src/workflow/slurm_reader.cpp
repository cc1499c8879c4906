#include "workflow/slurm_reader.hpp"

#include <algorithm>
#include <array>

namespace fugle::workflow {
namespace {

struct TextKey {
  std::string_view key;
  Boxed<Text> SlurmKeys::*field;
};
constexpr std::array kTextKeys{
    TextKey{"account", &SlurmKeys::account},
    TextKey{"partition", &SlurmKeys::partition},
    TextKey{"qos", &SlurmKeys::qos},
    TextKey{"reservation", &SlurmKeys::reservation},
    TextKey{"constraint", &SlurmKeys::constraint},
    TextKey{"mail_user", &SlurmKeys::mail_user},
};

void read_extra(const Reading& reading, const Entry& entry, std::vector<Text>& into) {
  into.clear();
  if (!is_list_or_refuse(reading, entry.key, *entry.value)) return;
  for_each_scalar(reading, entry.key, "options in its list", *entry.value,
                  [&](const YamlNode& item) { into.push_back(reading.document.text_of(item)); });
}

void read_value(const Reading& reading, const Entry& entry, SlurmKeys& into) {
  const SlurmKeys builtin;
  if (entry.key == "nodes")
    read_int(reading, entry, kSlurmNodes, builtin.nodes, into.nodes);
  else if (entry.key == "time")
    read_duration(reading, entry, builtin.time, into.time);
  else if (entry.key == "exclusive")
    read_bool(reading, entry, builtin.exclusive, into.exclusive);
  else if (entry.key == "gpus_per_node")
    read_int(reading, entry, kGpusPerNode, builtin.gpus_per_node, into.gpus_per_node);
  else if (entry.key == "mem")
    read_field(reading, entry, KeyType::size, builtin.mem, into.mem, parse_size);
  else if (entry.key == "signal_margin")
    read_duration(reading, entry, builtin.signal_margin, into.signal_margin);
  else if (entry.key == "requeue")
    read_field(reading, entry, KeyType::word, builtin.requeue, into.requeue, parse_requeue);
  else
    read_extra(reading, entry, into.extra);
}

}  // namespace

void read_slurm(const Reading& reading, const Entry& entry, SlurmKeys& into) {
  if (!is_map_or_refuse(reading, entry.key, *entry.value)) return;
  into.at = entry.at;
  const Where where{"slurm", {}, nullptr};
  for (const Entry& inner : entry.value->entries) {
    const Key* key = accept_key(reading, Scope::slurm, inner, where);
    if (key == nullptr) continue;
    const auto text = std::ranges::find(kTextKeys, key->name, &TextKey::key);
    if (text != kTextKeys.end())
      read_text(reading, inner, into.*text->field);
    else
      read_value(reading, inner, into);
  }
}

}  // namespace fugle::workflow
