// Readers of two benchmark families of scheduling, for tests and benchmarks:
//  - STG, Standard Task Graph Set: number of tasks without the two dummies; per task its number, time, number of needs
//    and the needs; lines of comment begin with '#';
//  - Patterson (.rcp): numbers of activities and of resources; capacities; per activity its duration, demands, number
//    of successors and the successors, counted from 1.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "plan/search_pool.hpp"

namespace fugle::testing {

/// On `num_processors` alike, one task at a time each.
inline plan::Pool read_stg(const std::filesystem::path& file, std::int64_t num_processors) {
  std::ifstream in(file);
  std::size_t num_tasks = 0;
  in >> num_tasks;
  num_tasks += 2;
  plan::Pool pool;
  for (std::size_t i = 0; i < num_tasks; ++i) {
    std::size_t number = 0, num_needs = 0;
    double duration = 0;
    in >> number >> duration >> num_needs;
    pool.durations.push_back(duration);
    pool.demands.push_back(duration > 0 ? 1 : 0);
    for (std::uint32_t need = 0; num_needs > 0 && in >> need; --num_needs) pool.needs.columns.push_back(need);
    pool.needs.offsets.push_back(static_cast<std::uint32_t>(pool.needs.columns.size()));
  }
  pool.capacities = {num_processors};
  pool.successors = plan::transposed(pool.needs);
  return pool;
}

inline plan::Pool read_patterson(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::size_t num_tasks = 0, num_resources = 0;
  in >> num_tasks >> num_resources;
  plan::Pool pool;
  pool.capacities.resize(num_resources);
  for (std::int64_t& capacity : pool.capacities) in >> capacity;
  for (std::size_t i = 0; i < num_tasks; ++i) {
    double duration = 0;
    in >> duration;
    pool.durations.push_back(duration);
    for (std::size_t r = 0; r < num_resources; ++r) in >> pool.demands.emplace_back();
    std::size_t num_successors = 0;
    in >> num_successors;
    for (std::uint32_t successor = 0; num_successors > 0 && in >> successor; --num_successors) {
      pool.successors.columns.push_back(successor - 1);
    }
    pool.successors.offsets.push_back(static_cast<std::uint32_t>(pool.successors.columns.size()));
  }
  pool.needs = plan::transposed(pool.successors);
  return pool;
}

/// Rows of a file of comma-separated values, by the names in its first line.
inline std::vector<std::map<std::string, std::string>> read_csv(const std::filesystem::path& file) {
  const auto cells = [](const std::string& line) {
    std::vector<std::string> values;
    std::istringstream in(line);
    for (std::string value; std::getline(in, value, ',');) values.push_back(value);
    return values;
  };
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  const std::vector<std::string> names = cells(line);
  std::vector<std::map<std::string, std::string>> rows;
  while (std::getline(in, line)) {
    const std::vector<std::string> values = cells(line);
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < names.size() && i < values.size(); ++i) row[names[i]] = values[i];
  }
  return rows;
}

}  // namespace fugle::testing
