// Machines from XML files of hwloc, with the devices that synthetic descriptions can not have.
#include <gtest/gtest.h>
#include <hwloc.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/error.hpp"
#include "topology/topology.hpp"

namespace fugle::topology {
namespace {

struct Card {
  int bus;
  std::string pci_type;   ///< "0302 [10de:2330] [10de:16c1] a1"
  std::string os_device;  ///< XML of its OSDev; empty: none
};

std::string os_device(const std::string& name, int type) {
  return "<object type=\"OSDev\" gp_index=\"" + std::to_string(5000 + std::hash<std::string>{}(name) % 4000) +
         "\" name=\"" + name + "\" osdev_type=\"" + std::to_string(type) + "\"/>";
}

std::string bridge_with(const std::vector<Card>& cards, int package) {
  const int first = 0x10 + 0x40 * package;
  char head[200];
  std::snprintf(head, sizeof head,
                "<object type=\"Bridge\" gp_index=\"%d\" bridge_type=\"0-1\" depth=\"0\" "
                "bridge_pci=\"0000:[%02x-%02x]\">",
                900 + package, first, first + 0x3f);
  std::string xml = head;
  for (const Card& card : cards) {
    char device[200];
    std::snprintf(device, sizeof device,
                  "<object type=\"PCIDev\" gp_index=\"%d\" pci_busid=\"0000:%02x:00.0\" pci_type=\"%s\" "
                  "pci_link_speed=\"63.0\">",
                  1000 + first + card.bus, first + card.bus, card.pci_type.c_str());
    xml += device + card.os_device + "</object>";
  }
  return xml + "</object>";
}

/// A synthetic machine as XML, with cards put into its packages.
std::string machine_xml(const char* description, const std::vector<std::vector<Card>>& cards_of_package) {
  hwloc_topology_t topology;
  hwloc_topology_init(&topology);
  EXPECT_EQ(hwloc_topology_set_synthetic(topology, description), 0);
  hwloc_topology_load(topology);
  char* buffer = nullptr;
  int length = 0;
  EXPECT_EQ(hwloc_topology_export_xmlbuffer(topology, &buffer, &length, 0), 0);
  std::string xml = buffer;
  hwloc_free_xmlbuffer(topology, buffer);
  hwloc_topology_destroy(topology);
  // The end of a package is the line "    </object>" at its depth.
  std::size_t at = 0;
  for (std::size_t package = 0; package < cards_of_package.size(); ++package) {
    at = xml.find("\n    </object>", at);
    EXPECT_NE(at, std::string::npos);
    if (at == std::string::npos) return xml;
    const std::string bridge =
        cards_of_package[package].empty() ? "" : bridge_with(cards_of_package[package], static_cast<int>(package));
    xml.insert(at, bridge);
    at += bridge.size() + 5;
  }
  return xml;
}

class XmlMachine : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(file_); }
  Node read(const std::string& xml) const {
    std::ofstream(file_) << xml;
    return from_xml(file_, "n");
  }
  const std::string file_ =
      ::testing::TempDir() + "fugle_" + ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".xml";
};

constexpr const char* kTwoPackages = "pack:2 [numa(memory=1000)] core:2 pu:1";
const std::string kH100 = "0302 [10de:2330] [10de:16c1] a1";

TEST_F(XmlMachine, has_its_gpus_where_they_are_in_pci_order) {
  const Node node = read(machine_xml(
      kTwoPackages, {{{0, kH100, os_device("cuda1", 5)}}, {{1, kH100, os_device("nvml2", 1)}, {0, kH100, ""}}}));
  EXPECT_FALSE(node.is_real);
  ASSERT_EQ(node.gpus.size(), 3u);
  EXPECT_EQ(node.gpus[0], (Device{"cuda1", "nvidia", 0, 0, 0, "0"}));
  EXPECT_EQ(node.gpus[1], (Device{"0000:50:00.0", "nvidia", 1, 1, 1, "1"}));
  EXPECT_EQ(node.gpus[2], (Device{"nvml2", "nvidia", 2, 1, 1, "2"}));
}

TEST_F(XmlMachine, counts_a_card_with_several_names_once_by_the_best) {
  const Node node = read(
      machine_xml(kTwoPackages, {{{0, kH100, os_device("card1", 1) + os_device("nvml0", 1) + os_device("cuda0", 5)}}}));
  ASSERT_EQ(node.gpus.size(), 1u);
  EXPECT_EQ(node.gpus[0].name, "cuda0");
}

TEST_F(XmlMachine, does_not_take_the_console_of_a_server_for_a_gpu) {
  const Node node = read(machine_xml(kTwoPackages, {{{0, "0300 [1a03:2000] [1a03:2000] 41", os_device("card0", 1)},
                                                     {1, "0380 [1002:740c] [1002:0b0c] 01", os_device("rsmi0", 1)}}}));
  ASSERT_EQ(node.gpus.size(), 1u);
  EXPECT_EQ(node.gpus[0].name, "rsmi0");
  EXPECT_EQ(node.gpus[0].vendor, "amd");
}

TEST_F(XmlMachine, numbers_the_gpus_of_each_vendor_as_its_library_does) {
  const Node node = read(machine_xml(kTwoPackages, {{{0, "0380 [8086:0bd5] [8086:0000] 2f", os_device("ze0", 5)},
                                                     {1, kH100, os_device("cuda0", 5)},
                                                     {2, kH100, os_device("cuda1", 5)}}}));
  ASSERT_EQ(node.gpus.size(), 3u);
  EXPECT_EQ(node.gpus[0].visible_as, "0");
  EXPECT_EQ(node.gpus[1].visible_as, "0");
  EXPECT_EQ(node.gpus[2].visible_as, "1");
  EXPECT_EQ(node.gpus[2].index, 2u);
}

TEST_F(XmlMachine, has_its_network_cards_by_the_name_mpi_libraries_use) {
  const Node node = read(machine_xml(
      kTwoPackages, {{{0, "0200 [8086:1572] [8086:0000] 02", os_device("eth0", 2)}},
                     {{0, "0207 [15b3:101b] [15b3:0007] 00", os_device("ib0", 2) + os_device("mlx5_0", 3)}}}));
  ASSERT_EQ(node.nics.size(), 2u);
  EXPECT_EQ(node.nics[0].name, "eth0");
  EXPECT_EQ(node.nics[1].name, "mlx5_0");
  EXPECT_EQ(node.nics[1].package, 1u);
  EXPECT_TRUE(node.gpus.empty());
}

TEST_F(XmlMachine, may_stand_in_for_this_node) {
  std::ofstream(file_) << machine_xml(kTwoPackages, {{{0, kH100, os_device("cuda0", 5)}}});
  ::setenv("HWLOC_XMLFILE", file_.c_str(), 1);
  ::setenv("CUDA_VISIBLE_DEVICES", "", 1);
  const Node node = discover();
  ::unsetenv("HWLOC_XMLFILE");
  ::unsetenv("CUDA_VISIBLE_DEVICES");
  EXPECT_FALSE(node.is_real);
  EXPECT_EQ(node.num_cores(), 4u);
  EXPECT_EQ(node.mem_bytes, 2000u);
  EXPECT_EQ(node.gpus.size(), 1u) << "the variables speak of the real machine";
}

TEST_F(XmlMachine, keeps_memory_that_is_not_ordinary_out_of_the_sum) {
  std::string xml = machine_xml("pack:1 [numa(memory=1000)] [numa(memory=70)] core:2 pu:1", {});
  const std::size_t at = xml.rfind("type=\"NUMANode\"");
  ASSERT_NE(at, std::string::npos);
  xml.insert(at, "subtype=\"HBM\" ");
  const Node node = read(xml);
  EXPECT_EQ(node.mem_bytes, 1000u);
  ASSERT_EQ(node.numa_nodes.size(), 1u);
  EXPECT_EQ(node.numa_nodes[0].mem_bytes, 1000u);
}

TEST_F(XmlMachine, is_refused_with_the_file_and_what_to_do) {
  for (const std::string bad : {"", "no xml", "<topology version=\"9.0\"/>"}) {
    try {
      (void)read(bad);
      ADD_FAILURE() << "read '" << bad << "'";
    } catch (const EnvironmentError& error) {
      EXPECT_NE(std::string(error.what()).find(file_), std::string::npos) << error.what();
    }
  }
  EXPECT_THROW((void)from_xml("/no/such/file.xml", "n"), EnvironmentError);
}

}  // namespace
}  // namespace fugle::topology
