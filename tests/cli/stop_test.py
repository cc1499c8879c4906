"""Ctrl-C once and twice, SIGTERM, cancel of a run and of an element: in one process and over three ranks."""

import json
import os
import signal

from fugle_case import FugleCase, main, poll, processes_of

LONG = """
version: 1
name: long
defaults: {grace: 10s}
tasks:
  work:
    matrix: {i: "1..12"}
    run: |
      trap 'echo closed > checkpoint.$FUGLE_INDEX; exit 1' TERM
      touch started.$FUGLE_INDEX
      while [ ! -e go ]; do sleep 0.05; done
  after: {needs: [work], run: "true"}
"""


class Stops:
    """Each test, for every place a run can be in."""

    place = ()

    def begin(self):
        self.write("long.yaml", LONG)
        process = self.start("run", "long.yaml", *self.place)
        poll(lambda: len(self.status_or_nothing().get("running", [])) >= 2, 60, "two running elements")
        poll(lambda: len(self.started()) >= 2, what="two tasks that have set their traps")
        return process

    def status_or_nothing(self):
        done = self.fugle("status", "--json", expect=None)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def started(self):
        return {path.suffix for path in self.directory.glob("started.*")}

    def end_of(self, process, expect):
        output, _ = process.communicate(timeout=120)
        self.assertEqual(process.returncode, expect, output)
        self.expect_no_orphan()
        return output

    def expect_no_orphan(self):
        run_id = self.run_dir().name
        poll(lambda: not processes_of(f"FUGLE_RUN_ID={run_id}"), what="the end of all tasks")

    def events(self, kind):
        return [event for event in self.json_of("history", "--events") if event["kind"] == kind]

    def finish_with_resume(self):
        (self.directory / "go").touch()
        self.fugle("resume")
        self.assertEqual(self.status()["counts"]["ok"], 13)

    def test_one_interrupt_drains_and_resume_goes_on(self):
        process = self.begin()
        process.send_signal(signal.SIGINT)
        poll(lambda: self.events("stop_requested"), what="the request to stop")
        running = self.status()["running"]
        self.assertTrue(running, "an interrupt must not end what runs")
        (self.directory / "go").touch()
        output = self.end_of(process, 130)
        ok = {e for e, state in self.states().items() if state == "OK"}
        self.assertLessEqual({row["element"] for row in running}, ok)
        self.assertLess(len(ok), 12, "a drain must not start all the rest")
        self.assertEqual(list(self.directory.glob("checkpoint.*")), [])
        self.assertRegex(output, r"\nnext: fugle resume long-")
        before = len(self.attempts())
        self.finish_with_resume()
        self.assertEqual(len(self.attempts()), 13, f"{before} attempts before the resume; no OK is repeated")

    def test_a_second_interrupt_ends_what_runs(self):
        process = self.begin()
        process.send_signal(signal.SIGINT)
        poll(lambda: self.events("stop_requested"), what="the request to stop")
        process.send_signal(signal.SIGINT)
        self.end_of(process, 130)
        self.assertEqual(set(self.states().values()), {"CANCELLED"})
        self.assertEqual(self.checkpoints(), self.started())
        self.assertEqual(self.status()["state"], "CANCELLED")

    def test_a_terminal_interrupts_the_whole_group_twice(self):
        process = self.begin()
        os.killpg(process.pid, signal.SIGINT)
        poll(lambda: self.events("stop_requested"), what="the request to stop")
        os.killpg(process.pid, signal.SIGINT)
        self.end_of(process, 130)
        self.finish_with_resume()

    def test_sigterm_ends_as_incomplete_with_checkpoints_closed(self):
        process = self.begin()
        process.send_signal(signal.SIGTERM)
        self.end_of(process, 4)
        self.assertEqual(self.checkpoints(), self.started())
        self.assertEqual(self.status()["state"], "INCOMPLETE")
        self.finish_with_resume()

    def test_cancel_from_another_shell_ends_the_run(self):
        process = self.begin()
        said = self.fugle("cancel", self.run_dir().name).stdout
        self.assertIn("fugle resume", said)
        self.end_of(process, 130)
        self.assertEqual(self.checkpoints(), self.started())
        self.finish_with_resume()

    def test_cancel_of_one_element_leaves_the_others_alone(self):
        process = self.begin()
        victim = self.status()["running"][0]["element"]
        self.fugle("cancel", "long", victim)
        poll(lambda: self.states().get(victim) == "CANCELLED", what="the end of the element")
        self.assertEqual(self.status()["state"], "RUNNING")
        self.assertIn("is CANCELLED already", self.fugle("cancel", "long", victim, expect=2).stderr)
        self.assertIn("no element 'wrok[1]'", self.fugle("cancel", "long", "wrok[1]", expect=2).stderr)
        (self.directory / "go").touch()
        self.end_of(process, 1)
        counts = self.status()["counts"]
        self.assertEqual((counts["ok"], counts["cancelled"]), (11, 2), "the element and what needs it")

    def checkpoints(self):
        return {path.suffix for path in self.directory.glob("checkpoint.*")}


class StopHere(Stops, FugleCase):
    place = ("--local", "-j2")

    def test_nohup_keeps_a_run_alive_when_its_terminal_goes(self):
        self.write("long.yaml", LONG)
        process = self.start("run", "long.yaml", "--local", "-j2", prefix=["nohup"])
        poll(lambda: len(self.started()) >= 2, what="two tasks")
        process.send_signal(signal.SIGHUP)
        (self.directory / "go").touch()
        self.end_of(process, 0)

    def test_without_nohup_the_loss_of_the_terminal_is_resumable(self):
        process = self.begin()
        process.send_signal(signal.SIGHUP)
        self.end_of(process, 4)
        self.finish_with_resume()


class StopOverRanks(Stops, FugleCase):
    place = ("-n", "3", "-j1")


class NothingToStop(FugleCase):
    def test_cancel_of_an_ended_run_says_so(self):
        self.write("w.yaml", 'version: 1\nname: w\ntasks: {a: {run: "true"}}\n')
        self.fugle("run", "w.yaml")
        done = self.fugle("cancel", expect=1)
        self.assertIn("is not running", done.stderr)
        self.assertIn("fugle status", done.stderr)


if __name__ == "__main__":
    main()
