// Graphs to judge partitioners by, read from the sample data, and the cuts that dagP (Herrmann et al. 2019) reaches on
// them: best and mean of seeds 1 to 10, balance 1.03, all weights one, as the README of the data has them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.hpp"
#include "support/sample_data.hpp"
#include "workflow/expand.hpp"
#include "workflow/gzip.hpp"
#include "workflow/import.hpp"

namespace fugle::testing {

struct ReferenceCut {
  const char* graph;
  std::uint32_t num_parts;
  double best;
  double mean;
};

inline constexpr ReferenceCut kReferenceCuts[] = {
    {"2mm", 2, 200, 200.0},
    {"2mm", 4, 1400, 3651.5},
    {"2mm", 8, 3188, 6921.2},
    {"2mm", 16, 9348, 11258.1},
    {"2mm", 32, 14233, 15230.4},
    {"montage-dss-10d", 2, 127, 137.6},
    {"montage-dss-10d", 4, 338, 341.0},
    {"montage-dss-10d", 8, 521, 527.6},
    {"montage-dss-10d", 16, 684, 700.5},
    {"montage-dss-10d", 32, 814, 819.4},
    {"epigenomics-ilmn-4seq-50k", 2, 2, 42.3},
    {"epigenomics-ilmn-4seq-50k", 4, 145, 145.5},
    {"epigenomics-ilmn-4seq-50k", 8, 334, 354.4},
    {"epigenomics-ilmn-4seq-50k", 16, 429, 442.6},
    {"epigenomics-ilmn-4seq-50k", 32, 483, 488.2},
    {"montage-2mass-05d", 2, 323, 435.8},
    {"montage-2mass-05d", 4, 810, 876.5},
    {"montage-2mass-05d", 8, 1482, 1611.8},
    {"montage-2mass-05d", 16, 1988, 2033.8},
    {"montage-2mass-05d", 32, 2491, 2552.8},
    {"soykb-10fastq-10ch", 2, 45, 45.0},
    {"soykb-10fastq-10ch", 4, 86, 86.0},
    {"soykb-10fastq-10ch", 8, 108, 108.2},
    {"gpt2_tensor_sh12_prefill", 2, 1, 1.0},
    {"gpt2_tensor_sh12_prefill", 4, 3, 3.0},
    {"gpt2_tensor_sh12_prefill", 8, 55, 55.0},
    {"gpt2_tensor_sh12_prefill", 16, 159, 159.0},
    {"1000genome-8ch-250k", 2, 0, 0.0},
    {"1000genome-8ch-250k", 4, 0, 0.0},
    {"1000genome-8ch-250k", 8, 0, 0.0},
    {"1000genome-8ch-250k", 16, 160, 160.0},
};

struct Edge {
  std::uint32_t from, to;
};

/// Rows "v needs w".
inline graph::Rows needs_of(std::uint32_t num_vertices, const std::vector<Edge>& edges) {
  graph::Rows needs;
  needs.offsets.assign(num_vertices + 1, 0);
  for (const Edge& edge : edges) ++needs.offsets[edge.to + 1];
  for (std::uint32_t v = 0; v < num_vertices; ++v) needs.offsets[v + 1] += needs.offsets[v];
  needs.columns.resize(edges.size());
  std::vector<std::uint32_t> next = needs.offsets;
  for (const Edge& edge : edges) needs.columns[next[edge.to]++] = edge.from;
  return needs;
}

inline std::string unzipped(const std::filesystem::path& file) {
  std::string bytes = bytes_of(file);
  return workflow::is_gzip(bytes) ? workflow::gunzip(bytes).value() : bytes;
}

/// Graphviz: a line "17;" per vertex, then lines "1->2 ;".
inline graph::Rows read_dot(const std::filesystem::path& file) {
  std::uint32_t num_vertices = 0;
  std::vector<Edge> edges;
  std::istringstream lines(unzipped(file));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t arrow = line.find("->");
    if (arrow != std::string::npos) {
      edges.push_back({static_cast<std::uint32_t>(std::stoul(line)),
                       static_cast<std::uint32_t>(std::stoul(line.substr(arrow + 2)))});
    } else if (line.find_first_of("0123456789") == 0) {
      ++num_vertices;
    }
  }
  return needs_of(num_vertices, edges);
}

/// METIS: vertices and edges, then the neighbours of each vertex, from 1. Edges are led from low to high.
inline graph::Rows read_metis(const std::filesystem::path& file) {
  std::istringstream lines(unzipped(file));
  std::string line;
  std::getline(lines, line);
  const auto num_vertices = static_cast<std::uint32_t>(std::stoul(line));
  std::vector<Edge> edges;
  for (std::uint32_t v = 0; v < num_vertices && std::getline(lines, line); ++v) {
    std::istringstream numbers(line);
    for (std::uint32_t neighbour = 0; numbers >> neighbour;) {
      if (neighbour - 1 > v) edges.push_back({v, neighbour - 1});
    }
  }
  return needs_of(num_vertices, edges);
}

/// A task graph of dagbench.
inline graph::Rows read_dagbench(const std::filesystem::path& file) {
  const auto document = nlohmann::json::parse(unzipped(file)).at("task_graph");
  std::map<std::string, std::uint32_t> number;
  for (const auto& task : document.at("tasks")) number.emplace(task.at("name"), number.size());
  std::vector<Edge> edges;
  for (const auto& edge : document.at("dependencies")) {
    edges.push_back({number.at(edge.at("source")), number.at(edge.at("target"))});
  }
  return needs_of(static_cast<std::uint32_t>(number.size()), edges);
}

/// A trace of WfCommons.
inline graph::Rows read_wfformat(const std::filesystem::path& file) {
  workflow::Diagnostics diagnostics(file.string());
  const auto imported = workflow::import_wfformat(bytes_of(file), {workflow::Replay::Kind::sleep}, diagnostics);
  workflow::ExpandOptions options;
  options.directory = "/";
  const auto graph = imported ? workflow::expand(*imported, options, diagnostics) : std::nullopt;
  if (!graph) throw std::runtime_error(diagnostics.to_text());
  return graph->data().needs;
}

/// Where a graph of the table, or 4elt, is to be found.
inline std::filesystem::path file_of_graph(const std::string& graph) {
  if (graph == "2mm") return sample_data("partition/2mm_10_20_30_40.dot.gz");
  if (graph == "4elt") return sample_data("partition/4elt.graph.gz");
  if (graph.starts_with("gpt2")) return sample_data("dagbench/" + graph + ".json");
  std::string trace = graph;
  return sample_data("wfinstances/" + trace.insert(trace.find('-'), "-chameleon") + "-001.json.gz");
}

inline graph::Rows read_graph(const std::string& graph) {
  const std::filesystem::path file = file_of_graph(graph);
  if (graph == "2mm") return read_dot(file);
  if (graph == "4elt") return read_metis(file);
  return graph.starts_with("gpt2") ? read_dagbench(file) : read_wfformat(file);
}

}  // namespace fugle::testing
