"""Recorded runs of real workflows (WfCommons) replayed in a ten-thousandth of their time."""

import gzip
import json
import os
import pathlib

from fugle_case import FugleCase, main

INSTANCES = pathlib.Path(os.environ["FUGLE_SOURCE_DIR"]) / "../shared/data/wfinstances"


def num_tasks(file):
    opened = gzip.open(file) if file.suffix == ".gz" else open(file, "rb")
    with opened as stream:
        workflow = json.load(stream)["workflow"]
    return len(workflow["specification"]["tasks"] if "specification" in workflow else workflow["tasks"])


class Replay(FugleCase):
    def instances(self):
        files = sorted(INSTANCES.glob("*.json*"))
        if not files:
            self.skipTest(f"no recorded workflows in {INSTANCES}: nothing was replayed")
        return files

    def expect_replayed(self, file, *place):
        self.fugle("run", "--from", "wfformat", file, "--replay", "0.0001", *place, timeout=300)
        status = self.status()
        self.assertEqual((status["state"], status["counts"]["ok"], status["total"]),
                         ("OK", num_tasks(file), num_tasks(file)))

    def test_every_recorded_workflow_ends_ok_with_all_its_tasks(self):
        for file in self.instances():
            with self.subTest(file=file.name):
                self.expect_replayed(file, "--local", "-j8")

    def test_a_recorded_workflow_runs_over_ranks(self):
        file = next(f for f in self.instances() if "montage-chameleon-2mass-005d" in f.name)
        self.expect_replayed(file, "-n", "3", "-j2")
        edges = {(need, e["id"]) for e in self.json_of("plan", "--from", "wfformat", file, "--replay", "0")["elements"]
                 for need in e["needs"]}
        times = {a["element"]: (a["start_ns"], a["end_ns"]) for a in self.attempts()}
        early = [(a, b) for a, b in edges if times[b][0] < times[a][1]]
        self.assertEqual(early, [], "started before the end of what they need")


if __name__ == "__main__":
    main()
