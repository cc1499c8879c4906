#include <gtest/gtest.h>

#include "base/error.hpp"
#include "topology/topology.hpp"

namespace fugle::topology {
namespace {

Node rich_node() {
  Node node = synthetic("pack:2 numa:2(memory=1000) core:2 pu:2 gpu:2", "node\"7");
  node.nics = {{"mlx5_0", "Mellanox", 0, kNoGroup, 1, {}}};
  node.gpus[1].visible_as = "GPU-12";
  node.switch_path = "s0.s4";
  return share_of(node, 1, 2);
}

TEST(NodeCodec, gives_back_what_it_was_given) {
  for (const Node& node : {rich_node(), uniform("u", 3, 100, 1), discover(), Node{}})
    EXPECT_EQ(decode_node(encode_node(node)), node);
}

TEST(NodeCodec, refuses_bytes_that_were_cut) {
  const std::string bytes = encode_node(rich_node());
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_THROW((void)decode_node(std::string_view(bytes).substr(0, length)), EnvironmentError) << length;
  EXPECT_THROW((void)decode_node(bytes + "x"), EnvironmentError);
}

TEST(NodeCodec, survives_any_damaged_byte) {
  const std::string bytes = encode_node(rich_node());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x81);
    try {
      for (const Node node = decode_node(damaged); const Pu& pu : node.pus) EXPECT_LT(pu.numa, node.numa_nodes.size());
    } catch (const EnvironmentError&) {
    }
  }
}

}  // namespace
}  // namespace fugle::topology
