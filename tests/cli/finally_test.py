"""CON-43: `finally` after every kind of end, and the cleanup after every attempt."""

import signal

from fugle_case import FugleCase, main, poll

FLOW = """
version: 1
name: flow
defaults: {grace: 5s, cleanup: "echo $FUGLE_ELEMENT >> cleaned"}
tasks:
  work: {run: "touch started; WORK"}
  after: {needs: [work], run: "true"}
finally:
  marker: {run: "echo ${{ run.state }} $FUGLE_RUN_STATE >> marker"}
  second: {needs: [marker], run: "cp marker copy"}
"""
WAITING = "while [ ! -e go ]; do sleep 0.05; done"


class Finally(FugleCase):
    place = ("--local", "-j2")

    def begin(self, work=WAITING, options=()):
        self.write("flow.yaml", FLOW.replace("WORK", work))
        process = self.start("run", "flow.yaml", *self.place, *options)
        self.wait_for("started")
        return process

    def end_of(self, process, expect, state):
        output, _ = process.communicate(timeout=120)
        self.assertEqual(process.returncode, expect, output)
        self.assertEqual(self.read("marker"), f"{state} {state}\n", output)
        self.assertEqual(self.read("copy"), self.read("marker"))
        self.assertEqual(sorted(set(self.read("cleaned").split()) - {"after"}), ["marker", "second", "work"])
        began = [e for e in self.json_of("history", "--events") if e["kind"] == "finally_began"]
        self.assertEqual([e["text"] for e in began], [state])
        return output

    def test_after_success(self):
        self.end_of(self.begin("true"), 0, "OK")
        self.assertEqual(self.status()["counts"]["ok"], 4)

    def test_after_a_failure(self):
        output = self.end_of(self.begin("exit 3"), 1, "FAILED")
        self.assertIn("all else has ended (FAILED); 'finally' runs", output)
        self.assertEqual(self.json_of("why", "flow", "after")["state"], "BLOCKED")

    def test_after_an_interrupt(self):
        process = self.begin()
        process.send_signal(signal.SIGINT)
        poll(lambda: any(e["kind"] == "stop_requested" for e in self.json_of("history", "--events")), what="the drain")
        (self.directory / "go").touch()
        self.end_of(process, 130, "CANCELLED")
        self.assertEqual(self.json_of("why", "flow", "work")["state"], "OK")

    def test_after_a_cancel(self):
        process = self.begin()
        self.fugle("cancel", "flow")
        self.end_of(process, 130, "CANCELLED")
        self.assertEqual(self.json_of("why", "flow", "work")["state"], "CANCELLED")

    def test_after_sigterm(self):
        process = self.begin()
        process.send_signal(signal.SIGTERM)
        self.end_of(process, 4, "INCOMPLETE")

    def test_before_the_end_of_the_allocation(self):
        process = self.begin("sleep 300", ("--walltime", "14s", "--reserve", "10s"))
        self.end_of(process, 4, "INCOMPLETE")

    def test_a_resumed_run_has_its_own(self):
        self.end_of(self.begin("test -e go"), 1, "FAILED")
        (self.directory / "go").touch()
        self.fugle("resume")
        self.assertEqual(self.read("marker"), "FAILED FAILED\nOK OK\n")
        self.assertEqual(self.status()["counts"]["ok"], 4)


class FinallyOverRanks(Finally):
    place = ("-n", "3", "-j1")


class Shown(FugleCase):
    def test_a_failure_in_finally_fails_the_run(self):
        self.write("flow.yaml", 'version: 1\nname: f\ntasks: {a: {run: "true"}}\nfinally: {b: {run: exit 2}}\n')
        self.fugle("run", "flow.yaml", expect=1)
        self.assertEqual(self.states(), {"a": "OK", "b": "FAILED"})

    def test_while_it_waits_and_while_it_runs_status_and_why_say_so(self):
        self.write("flow.yaml", """
version: 1
name: f
tasks: {a: {run: "touch started; while [ ! -e go ]; do sleep 0.05; done"}}
finally: {b: {run: "touch last; while [ ! -e end ]; do sleep 0.05; done"}}
""")
        process = self.start("run", "flow.yaml")
        self.wait_for("started")
        self.assertIn("b is WAITING: it is in 'finally', which starts when all else has ended (1 element is left)",
                      self.fugle("why", "f", "b").stdout)
        self.assertFalse(self.status()["finally"])
        (self.directory / "go").touch()
        self.wait_for("last")
        poll(lambda: self.status()["finally"], what="the phase")
        self.assertIn("RUNNING, finally", self.fugle("status").stdout)
        (self.directory / "end").touch()
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)

    def test_plan_gives_it_a_part_of_its_own(self):
        self.write("flow.yaml", FLOW.replace("WORK", "true"))
        shown = self.fugle("plan", "flow.yaml").stdout
        self.assertIn("flow: 2 elements and 2 in finally, on ", shown)
        self.assertIn("first of 2 elements\n", shown)
        self.assertLess(shown.index("finally, when all these have ended"), shown.index("marker"))


if __name__ == "__main__":
    main()
