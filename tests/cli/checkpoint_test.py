"""CON-45: a task with a checkpoint of its own spans several allocations; one run, one journal, one report."""

import re

from fugle_case import FugleCase, main

STEPS = 100

# Steps of 50 ms; writes its checkpoint and leaves when it is asked to, as many simulation codes do.
LONG = f"""\
#!/bin/bash
step=0
[[ ${{FUGLE_RESTART-0}} == 1 ]] && step=$(<state.chk)
trap 'echo $step >state.chk; exit 85' USR1
while ((step < {STEPS})); do
  sleep 0.05
  step=$((step + 1))
  echo "$FUGLE_ATTEMPT $step" >>steps
done
echo done >"$1"
"""

FLOW = """
version: 1
name: long
tasks:
  before: {run: "true"}
  long:
    needs: [before]
    run: [./long, "${{ outputs.result }}"]
    outputs: {result: result}
    estimate: 1h
    restart: {files: ["*.chk"], signal: USR1, before_end: 2s}
  after: {needs: [long], run: "cat result"}
"""


class Checkpoint(FugleCase):
    place = ("--local", "-j2")

    def setUp(self):
        super().setUp()
        self.write("long", LONG)
        (self.directory / "long").chmod(0o755)
        self.write("flow.yaml", FLOW)

    def steps(self):
        rows = [line.split() for line in (self.directory / "steps").read_text().splitlines()]
        return [(int(attempt), int(step)) for attempt, step in rows]

    def test_a_long_task_is_done_over_several_allocations(self):
        lives = 1
        time = ("--walltime", "5s", "--reserve", "1s")
        done = self.fugle("run", "flow.yaml", *self.place, *time, expect=None)
        while done.returncode == 4 and lives < 12:
            done = self.fugle("resume", *time, expect=None)
            lives += 1
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreaterEqual(lives, 2)
        done = self.steps()
        self.assertEqual([step for _, step in done][-1], STEPS)
        self.assertLessEqual(len(done), STEPS + lives, "at most the step at hand is done again in each life")
        self.assertEqual(len(self.json_of("history")), 1, "one run")
        attempts = [a for a in self.json_of("history", "--attempts") if a["element"] == "long"]
        self.assertEqual({a["class"] for a in attempts[:-1]}, {"preempted"})
        self.assertEqual(self.status()["counts"]["ok"], 3)
        self.assertRegex(self.fugle("report").stdout, re.compile("lives|allocations"))


class CheckpointOverRanks(Checkpoint):
    place = ("-n", "2", "-j1")


if __name__ == "__main__":
    main()
