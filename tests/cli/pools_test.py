"""CON-24: tokens of pools, max_parallel, limits.max_parallel and fail_fast, by gate files: what runs says so itself."""

import os
import signal

from fugle_case import FugleCase, main, poll, processes_of

# Each says that it runs, waits for its turn, and says that it has ended; what ran beside it is counted afterwards.
WORKER = "echo begin $FUGLE_ELEMENT >> trace; while [ ! -e go ]; do sleep 0.02; done; echo end $FUGLE_ELEMENT >> trace"


def most_at_once(trace, names=""):
    """Of elements whose names begin so."""
    running, most = set(), 0
    for line in trace.splitlines():
        what, element = line.split()
        if not element.startswith(names):
            continue
        (running.add if what == "begin" else running.discard)(element)
        most = max(most, len(running))
    return most


class Pools(FugleCase):
    place = ("--local", "-j8")

    def begin(self, text):
        self.write("flow.yaml", "version: 1\nname: flow\n" + text)
        return self.start("run", "flow.yaml", *self.place)

    def begun(self):
        """Elements that have said so."""
        path = self.directory / "trace"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.split()[1] for line in lines if line.startswith("begin")]

    def wait_for_begun(self, number):
        poll(lambda: len(self.begun()) >= number, 60, f"{number} that run")

    def wait_for_running(self, number):
        """As the files of the run have it."""
        poll(lambda: self.status_of_running() == number, 60, f"{number} that are known to run")

    def status_of_running(self):
        done = self.fugle("status", "--json", expect=None)
        return len(self.json_of("status")["running"]) if done.returncode == 0 else 0

    def open_gate(self, process, code=0):
        (self.directory / "go").touch()
        output, _ = process.communicate(timeout=120)
        self.assertEqual(process.returncode, code, output)
        return output

    def test_of_a_pool_of_two_twenty_users_hold_two_at_a_time(self):
        process = self.begin(f"""
pools: {{dtn: 2}}
tasks:
  u: {{matrix: {{i: 1..20}}, pools: {{dtn: 1}}, run: "{WORKER}"}}
  free: {{matrix: {{i: 1..3}}, run: "{WORKER}"}}
""")
        self.wait_for_begun(5)
        self.wait_for_running(5)
        waits = next(f"u[{i}]" for i in range(1, 21) if f"u[{i}]" not in self.begun())
        said = self.fugle("why", "flow", waits).stdout
        self.assertRegex(said, r"waits for pool dtn \(2 of 2 held by u\[\d+\], u\[\d+\]\)")
        self.open_gate(process)
        self.assertEqual(most_at_once(self.read("trace"), "u"), 2)
        self.assertEqual(len(self.begun()), 23)

    def test_max_parallel_holds_for_its_task_and_that_of_limits_for_all(self):
        process = self.begin(f"""
limits: {{max_parallel: 4}}
tasks:
  a: {{matrix: {{i: 1..6}}, max_parallel: 2, run: "{WORKER}"}}
  b: {{matrix: {{i: 1..6}}, run: "{WORKER}"}}
""")
        self.wait_for_begun(4)
        self.wait_for_running(4)
        waits = {e: self.fugle("why", "flow", e).stdout for e in ("a[6]", "b[6]") if e not in self.begun()}
        for said in waits.values():
            self.assertRegex(said, r"waits for (max_parallel of a \(2 of 2|limits.max_parallel \(4 of 4) held by ")
        self.open_gate(process)
        self.assertEqual(most_at_once(self.read("trace"), "a"), 2)
        self.assertEqual(most_at_once(self.read("trace")), 4)

    def test_tokens_of_one_that_is_killed_are_free_at_once(self):
        process = self.begin(f"""
pools: {{dtn: 1}}
tasks:
  u: {{matrix: {{i: 1..2}}, pools: {{dtn: {{n: 1, until: end}}}}, run: "echo $$ > pid.$FUGLE_MATRIX_i; {WORKER}"}}
""")
        self.wait_for_begun(1)
        first = self.begun()[0]
        os.killpg(int(self.read(f"pid.{first[2]}")), signal.SIGKILL)
        self.wait_for_begun(2)
        self.open_gate(process, 1)
        self.assertNotIn(f"end {first}", self.read("trace"))

    def test_tokens_may_differ_between_elements_and_come_from_params(self):
        process = self.begin(f"""
params: {{licences: 3}}
pools: {{lic: "${{{{ params.licences }}}}"}}
tasks:
  u: {{matrix: {{n: [1, 2, 3]}}, pools: {{lic: "${{{{ matrix.n }}}}"}}, run: "{WORKER}"}}
""")
        self.wait_for_begun(1)
        self.open_gate(process)
        self.assertEqual(sorted(self.begun()), ["u[1]", "u[2]", "u[3]"])
        said = self.fugle("plan", "flow.yaml", "-p", "licences=2", expect=2).stderr
        self.assertIn("error E303: task u holds 3 of pool 'lic', which has 2; it can never start", said)

    def test_the_first_failure_ends_its_siblings_with_fail_fast(self):
        process = self.begin(f"""
tasks:
  a:
    matrix: {{i: 1..12}}
    fail_fast: true
    run: |
      echo begin $FUGLE_ELEMENT >> trace
      while [ ! -e go ]; do sleep 0.02; done
      [ $FUGLE_MATRIX_i != 1 ] || exit 7
      sleep 600
  b: {{run: "{WORKER}"}}
""")
        self.wait_for_begun(8)
        output = self.open_gate(process, 1)
        counts = self.status()["counts"]
        self.assertEqual((counts["failed"], counts["cancelled"], counts["ok"]), (1, 11, 1), output)
        self.assertIn("cancelled by a[1], which failed (fail_fast)", self.fugle("why", "flow", "a[12]").stdout)
        self.assertEqual(processes_of(f"FUGLE_RUN_ID={self.run_dir().name}"), [])

    def test_a_later_life_keeps_to_the_pools_of_the_plan(self):
        process = self.begin(f"""
pools: {{dtn: 2}}
tasks:
  u: {{matrix: {{i: 1..8}}, pools: {{dtn: 1}}, run: "{WORKER}"}}
""")
        self.wait_for_begun(2)
        self.fugle("cancel", "flow")
        process.communicate(timeout=120)
        (self.directory / "trace").unlink()
        again = self.start("resume")
        self.wait_for_begun(2)
        self.wait_for_running(2)
        waits = next(f"u[{i}]" for i in range(1, 9) if f"u[{i}]" not in self.begun())
        self.assertIn("waits for pool dtn (2 of 2 held", self.fugle("why", "flow", waits).stdout)
        self.open_gate(again)
        self.assertEqual(most_at_once(self.read("trace")), 2)
        self.assertEqual(self.status()["counts"]["ok"], 8)


class PoolsOverRanks(Pools):
    place = ("-n", "3", "-j4")


if __name__ == "__main__":
    main()
