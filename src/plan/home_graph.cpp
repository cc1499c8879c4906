#include "plan/home_graph.hpp"

#include <algorithm>
#include <limits>

namespace fugle::plan {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

graph::Request larger_of(const graph::Request& a, const graph::Request& b) {
  return {std::max(a.cores, b.cores), std::max(a.mem_bytes, b.mem_bytes), std::max(a.gpus, b.gpus)};
}

/// Work of several vertices, by band.
void merge_bands(std::vector<BandWork>& work) {
  std::sort(work.begin(), work.end(), [](const BandWork& a, const BandWork& b) { return a.band < b.band; });
  std::size_t last = 0;
  for (std::size_t i = 1; i < work.size(); ++i) {
    if (work[i].band == work[last].band)
      work[last].work += work[i].work;
    else
      work[++last] = work[i];
  }
  work.resize(work.empty() ? 0 : last + 1);
}

}  // namespace

HomeGraph home_graph_of(const Problem& problem, std::span<const std::uint32_t> elements,
                        std::span<const std::uint32_t> band_of, std::span<const double> core_seconds,
                        bool with_requests) {
  const graph::Graph& graph = problem.graph;
  std::vector<std::uint32_t> vertex_of(graph.num_elements(), kNone);
  for (std::uint32_t v = 0; v < elements.size(); ++v) vertex_of[elements[v]] = v;
  const auto for_each_edge = [&](auto visit) {
    for (std::uint32_t v = 0; v < elements.size(); ++v) {
      const auto needs = graph.needs(ElementId(elements[v]));
      for (std::size_t i = 0; i < needs.size(); ++i) {
        const double bytes = problem.bytes_of_need(elements[v], i);
        if (vertex_of[needs[i]] != kNone && bytes > 0) visit(vertex_of[needs[i]], v, static_cast<float>(bytes));
      }
    }
  };
  HomeGraph out;
  out.offsets.assign(elements.size() + 1, 0);
  for_each_edge([&](std::uint32_t from, std::uint32_t to, float) { ++out.offsets[from + 1], ++out.offsets[to + 1]; });
  for (std::size_t v = 0; v < elements.size(); ++v) out.offsets[v + 1] += out.offsets[v];
  out.targets.resize(out.offsets.back());
  out.bytes.resize(out.offsets.back());
  std::vector<std::uint32_t> next(out.offsets.begin(), out.offsets.end() - 1);
  for_each_edge([&](std::uint32_t from, std::uint32_t to, float bytes) {
    out.targets[next[from]] = to, out.bytes[next[from]++] = bytes;
    out.targets[next[to]] = from, out.bytes[next[to]++] = bytes;
  });
  for (const std::uint32_t e : elements) {
    out.work.push_back({band_of[e], static_cast<float>(core_seconds[e])});
    out.band_offsets.push_back(static_cast<std::uint32_t>(out.work.size()));
    if (with_requests) out.requests.push_back(graph.task_of(ElementId(e)).request);
  }
  return out;
}

HomeGraph contract(const HomeGraph& fine, std::span<const std::uint32_t> coarse_of, std::uint32_t num_coarse) {
  std::vector<std::uint32_t> first(num_coarse + 1, 0), members(coarse_of.size());
  for (const std::uint32_t c : coarse_of) ++first[c + 1];
  for (std::uint32_t c = 0; c < num_coarse; ++c) first[c + 1] += first[c];
  std::vector<std::uint32_t> next(first.begin(), first.end() - 1);
  for (std::uint32_t v = 0; v < coarse_of.size(); ++v) members[next[coarse_of[v]]++] = v;

  HomeGraph out;
  out.targets.reserve(fine.targets.size());
  out.bytes.reserve(fine.targets.size());
  std::vector<std::uint32_t> place(num_coarse, kNone);  // of the edge to a coarse vertex, while one row is made
  std::vector<BandWork> work;
  for (std::uint32_t c = 0; c < num_coarse; ++c) {
    const auto row = static_cast<std::uint32_t>(out.targets.size());
    work.clear();
    graph::Request request{0, 0, 0};
    for (std::uint32_t m = first[c]; m < first[c + 1]; ++m) {
      const std::uint32_t v = members[m];
      for (std::uint32_t i = fine.offsets[v]; i < fine.offsets[v + 1]; ++i) {
        const std::uint32_t to = coarse_of[fine.targets[i]];
        if (to == c) continue;
        if (place[to] == kNone || place[to] < row) {
          place[to] = static_cast<std::uint32_t>(out.targets.size());
          out.targets.push_back(to), out.bytes.push_back(0);
        }
        out.bytes[place[to]] += fine.bytes[i];
      }
      const auto own = fine.work_of(v);
      work.insert(work.end(), own.begin(), own.end());
      if (!fine.requests.empty()) request = larger_of(request, fine.requests[v]);
    }
    merge_bands(work);
    out.work.insert(out.work.end(), work.begin(), work.end());
    out.offsets.push_back(static_cast<std::uint32_t>(out.targets.size()));
    out.band_offsets.push_back(static_cast<std::uint32_t>(out.work.size()));
    if (!fine.requests.empty()) out.requests.push_back(request);
  }
  return out;
}

std::vector<std::uint32_t> match_heavy_edges(const HomeGraph& graph, double max_work, std::uint32_t& num_coarse) {
  const std::uint32_t n = graph.num_vertices();
  std::vector<double> work(n);
  for (std::uint32_t v = 0; v < n; ++v) work[v] = graph.total_work(v);
  std::vector<std::uint32_t> partner(n, kNone);
  for (std::uint32_t v = 0; v < n; ++v) {
    if (partner[v] != kNone) continue;
    std::uint32_t best = kNone;
    double best_rating = 0;
    for (std::uint32_t i = graph.offsets[v]; i < graph.offsets[v + 1]; ++i) {
      const std::uint32_t u = graph.targets[i];
      if (partner[u] != kNone || work[u] + work[v] > max_work) continue;
      const double rating = graph.bytes[i] / std::max(work[u], 1e-9);
      if (rating > best_rating) best = u, best_rating = rating;
    }
    if (best != kNone) partner[v] = best, partner[best] = v;
  }
  std::vector<std::uint32_t> coarse_of(n, kNone);
  num_coarse = 0;
  for (std::uint32_t v = 0; v < n; ++v) {
    if (coarse_of[v] != kNone) continue;
    coarse_of[v] = num_coarse;
    if (partner[v] != kNone) coarse_of[partner[v]] = num_coarse;
    ++num_coarse;
  }
  return coarse_of;
}

}  // namespace fugle::plan
