#include "app/machine_view.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace fugle::app {
namespace {

MachineFacts facts_of(const std::string& machine) {
  MachineFacts facts;
  facts.node = topology::synthetic(machine, "node7");
  facts.versions = {{"MPI", "Open MPI v4.1.4"}};
  facts.checks = {{"spawner", Verdict::good, "/usr/bin/fugle-spawner", ""}};
  return facts;
}

TEST(MachineView, draws_a_row_for_each_cache_with_what_is_near) {
  MachineFacts facts = facts_of("pack:2 [numa(memory=1073741824)] l3:2 core:2 pu:2 gpu:1");
  facts.node.nics = {{"mlx5_0", "Mellanox", 0, 1, 1, {}}};
  facts.node.switch_path = "s0.s4";
  EXPECT_EQ(machine_text(facts),
            "node     node7 (a description stands in for it)\n"
            "cpus     2 packages, 2 NUMA nodes, 4 L3 caches, 8 cores, 16 processing units\n"
            "memory   2.0G\n"
            "gpus     gpu0, gpu1\n"
            "network  mlx5_0 Mellanox\n"
            "switches s0.s4\n"
            "\n"
            "  PACKAGE  NUMA  MEMORY  L3  CORES  CPUS   NEAR\n"
            "        0     0    1.0G   0      2  0-3    gpu0\n"
            "                          1      2  4-7\n"
            "        1     1    1.0G   2      2  8-11   gpu1 mlx5_0\n"
            "                          3      2  12-15\n"
            "\n"
            "MPI      Open MPI v4.1.4\n"
            "\n"
            "ok       spawner    /usr/bin/fugle-spawner\n");
}

TEST(MachineView, draws_machines_without_caches_and_numa_nodes_by_package) {
  const std::string text = machine_text(facts_of("pack:2 core:4 pu:1"));
  EXPECT_NE(text.find("cpus     2 packages, 8 cores\n"), std::string::npos) << text;
  EXPECT_NE(text.find("        1     -  512.0M   -      4  4-7\n"), std::string::npos) << text;
}

TEST(MachineView, says_why_there_is_less_than_is_built_in) {
  MachineFacts facts = facts_of("core:2 pu:1");
  facts.node.is_real = true;
  facts.node.mem_bytes = std::uint64_t{4} << 30;
  facts.installed_bytes = std::uint64_t{16} << 30;
  facts.cgroup_limit_bytes = std::uint64_t{4} << 30;
  facts.cpus_online = 8;
  const std::string text = machine_text(facts);
  EXPECT_NE(text.find("memory   4.0G (installed 16.0G, cgroup limit 4.0G)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("of 8 only 2 may be used here (cgroup or affinity)\n"), std::string::npos) << text;
}

TEST(MachineView, says_which_devices_are_near_to_nothing) {
  MachineFacts facts = facts_of("pack:2 core:2 pu:1");
  facts.node.gpus = {{"cuda0", "nvidia", 0, topology::kNoGroup, topology::kNoGroup, "0"}};
  EXPECT_NE(machine_text(facts).find("gpus     cuda0 nvidia (near to no package)\n"), std::string::npos);
}

TEST(MachineView, is_usable_unless_a_check_is_bad) {
  MachineFacts facts = facts_of("core:2 pu:1");
  facts.checks.push_back({"slurm", Verdict::note, "not here", "runs use this machine"});
  EXPECT_TRUE(is_usable(facts));
  facts.checks.push_back({"hdf5", Verdict::bad, "1.8 is loaded", "load another"});
  EXPECT_FALSE(is_usable(facts));
  EXPECT_NE(machine_text(facts).find("FAILED   hdf5       1.8 is loaded; load another\n"), std::string::npos);
}

TEST(MachineView, tells_the_same_as_json) {
  MachineFacts facts = facts_of("pack:2 [numa(memory=1000)] l3:2 core:2 pu:2 gpu:1");
  facts.node.gpus[1].numa = topology::kNoGroup;
  const auto json = nlohmann::json::parse(machine_json(facts));
  EXPECT_EQ(json["node"]["packages"], 2);
  EXPECT_EQ(json["node"]["cores"], 8);
  EXPECT_EQ(json["node"]["pus"], 16);
  EXPECT_EQ(json["node"]["l3"][3]["cpus"], "12-15");
  EXPECT_EQ(json["node"]["numa"][1]["mem_bytes"], 1000);
  EXPECT_TRUE(json["node"]["gpus"][1]["numa"].is_null());
  EXPECT_EQ(json["node"]["real"], false);
  EXPECT_EQ(json["memory"]["usable_bytes"], 2000);
  EXPECT_TRUE(json["memory"]["cgroup_limit_bytes"].is_null());
  EXPECT_EQ(json["versions"]["MPI"], "Open MPI v4.1.4");
  EXPECT_EQ(json["checks"][0]["verdict"], "ok");
  EXPECT_EQ(json["usable"], true);
}

}  // namespace
}  // namespace fugle::app
