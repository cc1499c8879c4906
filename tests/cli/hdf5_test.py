"""run.h5 is the door for anybody's HDF5: h5py and h5dump read a living, a killed and an ended run without locks."""

import json
import shutil
import signal
import subprocess

from fugle_case import FugleCase, main, poll

WORKFLOW = """
version: 1
name: door
tasks:
  quick: {matrix: {i: "1..20"}, run: "true"}
  slow: {needs: [quick], run: "touch there; while [ ! -e go ]; do sleep 0.05; done"}
"""

# As src/store/FORMAT.md tells readers to do it.
READER = """
import h5py, json, numpy as np, sys
f = h5py.File(sys.argv[1], "r")
kinds = [k.decode() for k in f.attrs["kinds"]]
ev = f["events"][:]; ev = ev[ev["seq"] > 0]
_, last = np.unique(ev["seq"][::-1], return_index=True)
ev = ev[::-1][last]
off = f["plan/elements/id_offset"][:]
text = f["plan/elements/id_bytes"][:].tobytes()
name = lambda e: text[off[e]:off[e + 1]].decode() if e < len(off) - 1 else None
print(json.dumps([[int(r["seq"]), kinds[r["kind"]], name(int(r["element"])), int(r["attempt"])] for r in ev]))
"""


def python_with_h5py():
    for python in ["/usr/bin/python3", shutil.which("python3") or "python3"]:
        if subprocess.run([python, "-c", "import h5py"], capture_output=True, check=False).returncode == 0:
            return python
    return None


class Door(FugleCase):
    def begin(self):
        self.write("door.yaml", WORKFLOW)
        process = self.start("run", "door.yaml", "--local", "-j2")
        self.wait_for("there")
        poll(lambda: self.status()["running"], what="the news of what runs")
        return process

    def expect_all_events(self):
        """What a stranger reads is what our own verb says, in order and in number."""
        python = python_with_h5py()
        if python is None:
            self.skipTest("no python3 with h5py: nothing was read")
        ours = [[e["sequence"], e["kind"], e.get("element"), e.get("attempt", 0)]
                for e in self.json_of("history", "--events")]
        read = subprocess.run([python, "-c", READER, str(self.run_dir() / "run.h5")], capture_output=True, text=True,
                              check=False)
        self.assertEqual(read.returncode, 0, read.stderr)
        self.assertEqual(json.loads(read.stdout), ours)
        self.assertGreater(len(ours), 20)

    def expect_h5dump(self):
        if shutil.which("h5dump") is None:
            self.skipTest("h5dump is not installed")
        for file in ["run.h5", "plan.0.h5", "journal.0.h5"]:
            done = subprocess.run(["h5dump", "-H", str(self.run_dir() / file)], capture_output=True, text=True,
                                  check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), file)

    def test_a_living_run_is_read_while_it_goes_on(self):
        process = self.begin()
        self.expect_all_events()
        self.expect_h5dump()
        self.assertIsNone(process.poll())
        self.write("go", "")
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)

    def test_a_killed_run_is_read_and_so_is_its_next_life(self):
        process = self.begin()
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        self.expect_all_events()
        self.expect_h5dump()
        self.write("go", "")
        self.fugle("resume")
        self.expect_all_events()
        lives = [e for e in self.json_of("history", "--events") if e["kind"] == "run_started"]
        self.assertEqual(len(lives), 2)


if __name__ == "__main__":
    main()
