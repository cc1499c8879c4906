"""fugle doctor: the machine as it is, as it is described, and what is missing."""

import json
import os
import shutil
import subprocess
import unittest

from fugle_case import FUGLE, FugleCase


class Doctor(FugleCase):
    def setUp(self):
        super().setUp()
        for name in ("HWLOC_SYNTHETIC", "HWLOC_XMLFILE", "CUDA_VISIBLE_DEVICES", "SLURM_JOB_ID"):
            self.environment.pop(name, None)

    def facts(self, **options):
        return json.loads(self.fugle("doctor", "--json", **options).stdout)

    def test_this_machine_is_usable_and_has_the_cores_we_may_use(self):
        facts = self.facts()
        self.assertTrue(facts["usable"])
        self.assertTrue(facts["node"]["real"])
        self.assertEqual(facts["node"]["pus"], len(os.sched_getaffinity(0)))
        self.assertGreater(facts["memory"]["usable_bytes"], 0)
        for library in ("fugle", "MPI", "HDF5", "hwloc"):
            self.assertRegex(facts["versions"][library], r"\d+\.\d+")

    def test_the_text_names_node_memory_and_checks(self):
        text = self.fugle("doctor").stdout
        for word in ("node ", "cpus ", "memory ", "gpus ", "network ", "PACKAGE", "spawner", "slurm"):
            self.assertIn(word, text)

    def test_one_core_is_one_core(self):
        cpu = max(os.sched_getaffinity(0))
        facts = self.facts(prefix=["taskset", "-c", str(cpu)])
        self.assertEqual(facts["node"]["pus"], 1)

    def test_a_description_stands_in_for_the_machine(self):
        self.environment["HWLOC_SYNTHETIC"] = "package:2 [numa(memory=549755813888)] l3:4 core:8 pu:2"
        facts = self.facts()
        self.assertFalse(facts["node"]["real"])
        self.assertEqual((facts["node"]["packages"], facts["node"]["cores"], facts["node"]["pus"]), (2, 64, 128))
        self.assertEqual(facts["memory"]["usable_bytes"], 2 * 549755813888)
        self.assertEqual(len(facts["node"]["l3"]), 8)

    def test_slurms_switches_and_job_are_shown(self):
        self.environment |= {"SLURM_TOPOLOGY_ADDR": "s0.s4.n7", "SLURM_TOPOLOGY_ADDR_PATTERN": "switch.switch.node",
                             "SLURM_JOB_ID": "4711"}
        text = self.fugle("doctor").stdout
        self.assertIn("switches s0.s4\n", text)
        self.assertIn("inside job 4711", text)

    def test_without_a_spawner_it_fails_and_says_what_to_do(self):
        lonely = self.directory / "fugle"
        shutil.copy(FUGLE, lonely)
        done = self.run_program([lonely, "doctor"])
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"FAILED +spawner .*fugle-spawner")
        self.assertIn("correct what is marked FAILED", done.stderr)

    def test_a_run_directory_that_cannot_be_written_is_bad(self):
        self.write("file", "")
        done = self.run_program([FUGLE, "doctor", "--runs-dir", self.directory / "file" / "runs"])
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"FAILED +runs .*FUGLE_RUNS")

    def run_program(self, words):
        return subprocess.run([str(word) for word in words], cwd=self.directory, env=self.environment, text=True,
                              capture_output=True, timeout=120, check=False)


if __name__ == "__main__":
    unittest.main()
