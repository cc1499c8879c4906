// One level of the multilevel partitioner: a weighted DAG as two compressed Boost graphs, arcs forward and backward.
// Vertices are numbered topologically: an arc always leads to a larger number. So a sweep by number is a sweep in
// topological order, and nothing below needs a queue or recursion for that. Knows nothing of parts.
#pragma once

#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace fugle::plan {

/// What an arc of a row leads to, and its weight.
struct Arc {
  std::uint32_t vertex;
  double weight;
};

/// Weighted arcs by their first vertex.
class ArcRows {
 public:
  using Ends = std::pair<std::uint32_t, std::uint32_t>;

  ArcRows() = default;
  /// `arcs` ascending by first vertex; `weights` parallel to it.
  ArcRows(std::uint32_t num_vertices, const std::vector<Ends>& arcs, const std::vector<double>& weights);

  /// The same arcs by their second vertex.
  [[nodiscard]] ArcRows reversed() const;

 private:
  struct Property {
    double weight;
  };
  using BoostGraph = boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, Property,
                                                        boost::no_property, std::uint32_t, std::uint32_t>;
  using Edge = boost::graph_traits<BoostGraph>::out_edge_iterator;

  class Iterator {
   public:
    Iterator(const BoostGraph& graph, Edge edge) : graph_(&graph), edge_(edge) {}
    Arc operator*() const { return {target(*edge_, *graph_), (*graph_)[*edge_].weight}; }
    Iterator& operator++() { return ++edge_, *this; }
    bool operator!=(const Iterator& other) const { return edge_ != other.edge_; }

   private:
    const BoostGraph* graph_;
    Edge edge_;
  };

 public:
  struct Row {
    Iterator first, last;
    [[nodiscard]] Iterator begin() const { return first; }
    [[nodiscard]] Iterator end() const { return last; }
  };

  [[nodiscard]] Row operator[](std::uint32_t v) const {
    const auto [first, last] = out_edges(v, graph_);
    return {{graph_, first}, {graph_, last}};
  }
  [[nodiscard]] std::uint32_t degree(std::uint32_t v) const {
    return static_cast<std::uint32_t>(out_degree(v, graph_));
  }
  [[nodiscard]] std::uint32_t num_vertices() const { return static_cast<std::uint32_t>(boost::num_vertices(graph_)); }
  [[nodiscard]] std::size_t num_arcs() const { return boost::num_edges(graph_); }

 private:
  BoostGraph graph_;
};

class LevelGraph {
 public:
  /// `arcs` ascending by first vertex, each from a smaller to a larger number.
  LevelGraph(std::vector<double> vertex_weights, const std::vector<ArcRows::Ends>& arcs,
             const std::vector<double>& arc_weights);

  [[nodiscard]] std::uint32_t num_vertices() const { return static_cast<std::uint32_t>(weights_.size()); }
  [[nodiscard]] std::size_t num_arcs() const { return successors_.num_arcs(); }
  [[nodiscard]] double weight(std::uint32_t v) const { return weights_[v]; }
  [[nodiscard]] double total_weight() const { return total_weight_; }
  [[nodiscard]] double heaviest() const { return heaviest_; }
  [[nodiscard]] const ArcRows& successors() const { return successors_; }
  [[nodiscard]] const ArcRows& predecessors() const { return predecessors_; }

 private:
  std::vector<double> weights_;
  double total_weight_ = 0;
  double heaviest_ = 0;
  ArcRows successors_, predecessors_;
};

/// The graph where all vertices with the same `coarse_of` are one. The coarse numbers 0 .. num_coarse-1 have to be
/// topological. Weights of what falls together are added; arcs inside vanish.
[[nodiscard]] LevelGraph contract(const LevelGraph& fine, std::span<const std::uint32_t> coarse_of,
                                  std::uint32_t num_coarse);

/// The graph of some vertices (ascending) and the arcs among them; vertex i of it is vertices[i].
[[nodiscard]] LevelGraph induced(const LevelGraph& graph, std::span<const std::uint32_t> vertices);

}  // namespace fugle::plan
