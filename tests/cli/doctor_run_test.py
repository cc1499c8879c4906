"""fugle doctor RUN: what is sound, what is made anew, what is lost, and what to do."""

import json
import os
import signal
import unittest

from fugle_case import FugleCase, poll

WORKFLOW = r"""
version: 1
name: w
tasks:
  first: {run: 'echo one; echo > ${{ outputs.o }}', outputs: {o: first.out}}
  second: {needs: [first], inputs: {i: '${{ tasks.first.outputs.o }}'}, run: 'while [ ! -e go ]; do sleep 0.02; done'}
"""


class DoctorRun(FugleCase):
    def setUp(self):
        super().setUp()
        self.write("w.yaml", WORKFLOW)

    def finish(self):
        self.write("go", "")
        self.fugle("run", "w.yaml", "--local")
        return self.run_dir()

    def doctor(self, expect=0):
        done = self.fugle("doctor", self.run_dir(), "--json", expect=expect)
        facts = json.loads(done.stdout)
        return facts, {check["name"]: check for check in facts["checks"]}

    def change(self, name, at, value):
        path = self.run_dir() / name
        os.chmod(path, 0o600)
        data = bytearray(path.read_bytes())
        data[at] ^= value
        path.write_bytes(data)

    def test_a_run_that_ended_well_is_sound(self):
        self.finish()
        facts, checks = self.doctor()
        self.assertTrue(facts["sound"])
        self.assertFalse(facts["held"])
        self.assertEqual(len(facts["lives"]), 1)
        self.assertEqual({name for name, check in checks.items() if check["verdict"] != "ok"}, set(), checks)
        for name in ("rights", "run.json", "plan.0.h5", "journal.0.h5", "live.h5", "snapshot.h5", "history", "outputs",
                     "leftovers", "logs", "control"):
            self.assertIn(name, checks)

    def test_the_text_has_a_line_for_each_file_and_a_last_word(self):
        self.finish()
        text = self.fugle("doctor", self.run_dir()).stdout
        self.assertRegex(text, r"(?m)^ok +journal\.0\.h5 ")
        self.assertTrue(text.endswith("\nsound\n"), text)

    def test_a_run_that_goes_on_is_sound(self):
        process = self.start("run", "w.yaml", "--local")
        self.wait_for_run()
        poll(lambda: self.states().get("second") == "RUNNING", what="the second task")
        facts, _ = self.doctor()
        self.assertTrue(facts["held"])
        self.write("go", "")
        process.communicate(timeout=30)

    def test_a_run_whose_head_was_killed_is_sound_and_can_be_resumed(self):
        process = self.start("run", "w.yaml", "--local")
        self.wait_for_run()
        poll(lambda: self.states().get("second") == "RUNNING", what="the second task")
        process.send_signal(signal.SIGKILL)
        process.wait()
        poll(lambda: not self.doctor()[0]["held"], what="the end of the lock")
        facts, _ = self.doctor()
        self.assertTrue(facts["sound"])
        self.assertTrue(facts["can_resume"])
        self.write("go", "")
        self.fugle("resume", "--local")
        facts, _ = self.doctor()
        self.assertEqual(len(facts["lives"]), 2)

    def test_acknowledged_rows_that_are_damaged_are_named(self):
        self.finish()
        data = (self.run_dir() / "journal.0.h5").read_bytes()
        self.change("journal.0.h5", data.index((2).to_bytes(8, "little"), 4096) + 9, 0xFF)
        facts, checks = self.doctor(expect=1)
        self.assertFalse(facts["sound"])
        self.assertEqual(checks["journal.0.h5"]["verdict"], "DAMAGED")

    def test_a_plan_that_is_damaged_is_named(self):
        self.finish()
        self.change("plan.0.h5", (self.run_dir() / "plan.0.h5").read_bytes().index(b"echo one"), 0x01)
        _, checks = self.doctor(expect=1)
        self.assertEqual(checks["plan.0.h5"]["verdict"], "DAMAGED")

    def test_caches_that_are_damaged_are_made_anew(self):
        self.finish()
        (self.run_dir() / "live.h5").write_bytes(b"nonsense")
        facts, checks = self.doctor()
        self.assertTrue(facts["sound"])
        self.assertEqual(checks["live.h5"]["verdict"], "note")

    def test_a_plan_of_another_run_does_not_fit(self):
        self.write("go", "")
        self.write("other.yaml", "version: 1\nname: w\ntasks:\n  only: {run: 'true'}\n")
        self.fugle("run", "other.yaml", "--local")
        other = (self.run_dir() / "plan.0.h5").read_bytes()
        run = self.finish()
        os.chmod(run / "plan.0.h5", 0o600)
        (run / "plan.0.h5").write_bytes(other)
        _, checks = self.doctor(expect=1)
        self.assertIn("DAMAGED", {check["verdict"] for check in checks.values()})
        self.assertEqual(self.fugle("status", run, expect=None).returncode in (0, 3), True)

    def test_outputs_that_are_gone_matter_to_those_that_wait_for_them(self):
        self.finish()
        (self.directory / "first.out").unlink()
        _, checks = self.doctor()
        self.assertEqual(checks["outputs"]["verdict"], "note")
        self.assertIn("first.out", checks["outputs"]["found"])

    def test_outputs_that_others_wait_for_and_are_gone_are_bad(self):
        process = self.start("run", "w.yaml", "--local")
        self.wait_for_run()
        poll(lambda: self.states().get("second") == "RUNNING", what="the second task")
        process.send_signal(signal.SIGKILL)
        process.wait()
        (self.directory / "first.out").unlink()
        _, checks = self.doctor(expect=1)
        self.assertEqual(checks["outputs"]["verdict"], "DAMAGED")

    def test_unfinished_outputs_are_pointed_out(self):
        self.finish()
        self.write(".1-first.out", "half")
        _, checks = self.doctor()
        self.assertEqual(checks["leftovers"]["verdict"], "note")
        self.assertIn(".1-first.out", checks["leftovers"]["found"])

    def test_logs_that_are_cut_off_are_pointed_out(self):
        self.finish()
        os.truncate(self.run_dir() / "logs/worker-0.log", 1)
        _, checks = self.doctor()
        self.assertEqual(checks["logs"]["verdict"], "note")

    def test_commands_nobody_took_are_pointed_out(self):
        self.finish()
        (self.run_dir() / "control" / "1.command").write_text("cancel\n\nx\n")
        _, checks = self.doctor()
        self.assertEqual(checks["control"]["verdict"], "note")

    def test_a_directory_that_others_may_write_to_is_bad(self):
        self.finish()
        os.chmod(self.run_dir(), 0o777)
        _, checks = self.doctor(expect=1)
        self.assertEqual(checks["rights"]["verdict"], "DAMAGED")
        self.assertIn("chmod", checks["rights"]["advice"])

    def test_a_directory_that_everybody_may_read_is_pointed_out(self):
        self.finish()
        os.chmod(self.run_dir(), 0o755)
        _, checks = self.doctor()
        self.assertEqual(checks["rights"]["verdict"], "note")

    def test_facts_that_are_damaged_are_bad(self):
        self.finish()
        (self.run_dir() / "run.json").write_text("{")
        _, checks = self.doctor(expect=1)
        self.assertEqual(checks["run.json"]["verdict"], "DAMAGED")


if __name__ == "__main__":
    unittest.main()
