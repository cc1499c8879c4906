#include "workflow/sharing_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace fugle::workflow {
namespace {

void read_tokens(const Reading& reading, const Entry& entry, std::string_view pool, Field<std::int64_t>& into) {
  read_int(reading, {std::string(pool), entry.at, entry.value}, {pool, 1, kMostTokens}, {}, into);
}

/// `consumed` is for outputs that are deleted when nobody needs them any more.
void read_until(const Reading& reading, const Entry& entry) {
  const YamlNode* word = scalar_of(reading, entry, KeyType::word);
  if (word == nullptr || word->text == "end") return;
  if (word->text == "consumed") return refuse_unbuilt(reading, "pools.until: consumed", word->at);
  static constexpr std::string_view kWords[] = {"end", "consumed"};
  reading.diagnostics.error("E112", word->at, fmt::format("'until' is {}; one of end, consumed", in_quotes(word->text)),
                            std::string(nearest_word(word->text, kWords).value_or("")));
}

void read_use(const Reading& reading, const Entry& use, const Where& where, PoolKey& into) {
  if (!use.value->is_map()) return read_tokens(reading, use, use.key, into.tokens);
  const Where here{"pools", use.key, &where};
  into.tokens.value = 1;
  for (const Entry& entry : use.value->entries) {
    const Key* key = accept_key(reading, Scope::pool, entry, here);
    if (key == nullptr) continue;
    if (key->name == "until")
      read_until(reading, entry);
    else if (!entry.value->is_null())
      read_tokens(reading, entry, use.key, into.tokens);
  }
}

}  // namespace

void read_pools(const Reading& reading, const Entry& entry, std::vector<PoolKey>& into) {
  if (!is_map_or_refuse(reading, entry.key, *entry.value)) return;
  for (const Entry& pool : entry.value->entries) {
    if (pool.value->is_null() || !check_name(pool.key, pool.at, reading.diagnostics)) continue;
    PoolKey& made = into.emplace_back(PoolKey{pool.key, pool.at, {}});
    read_tokens(reading, pool, pool.key, made.tokens);
  }
}

void read_pool_uses(const Reading& reading, const Entry& entry, const Where& where, std::vector<PoolKey>& into) {
  into.clear();
  if (!is_map_or_refuse(reading, entry.key, *entry.value)) return;
  for (const Entry& use : entry.value->entries)
    if (!use.value->is_null()) read_use(reading, use, where, into.emplace_back(PoolKey{use.key, use.at, {}}));
}

void check_pool_names(const Reading& reading, const TaskNode& task, const std::vector<PoolKey>& pools) {
  if (!task.sharing) return;
  for (const PoolKey& use : task.sharing->pools) {
    const auto pool = std::ranges::find(pools, use.name, &PoolKey::name);
    if (pool != pools.end()) {
      const bool are_literal = !use.tokens.expression && !pool->tokens.expression && pool->tokens.value > 0;
      if (are_literal && use.tokens.value > pool->tokens.value)
        reading.diagnostics.error("E303", use.at,
                                  too_many_tokens(task.name, use.tokens.value, use.name, pool->tokens.value));
      continue;
    }
    std::vector<std::string_view> known;
    for (const PoolKey& one : pools) known.emplace_back(one.name);
    const auto nearest = nearest_word(use.name, known);
    std::string text = fmt::format("unknown pool {}", in_quotes(use.name));
    if (nearest)
      text += fmt::format("; did you mean '{}'?", *nearest);
    else if (pools.empty())
      text += fmt::format("; write pools: {{{}: N}} at top level", use.name);
    reading.diagnostics.error("E303", use.at, std::move(text), std::string(nearest.value_or("")));
  }
}

std::string too_many_tokens(std::string_view task, std::int64_t wanted, std::string_view pool, std::int64_t tokens) {
  return fmt::format("task {} holds {} of pool {}, which has {}; it can never start", task, wanted, in_quotes(pool),
                     tokens);
}

}  // namespace fugle::workflow
