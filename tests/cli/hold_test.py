"""CON-44: hold and release of an element, in a living run and between two lives."""

from fugle_case import FugleCase, main, poll

FLOW = """
version: 1
name: flow
tasks:
  gate: {run: "touch started; while [ ! -e go ]; do sleep 0.05; done"}
  held: {needs: [gate], run: touch ran}
  below: {needs: [held], run: "true"}
  beside: {needs: [gate], run: "true"}
"""


class Hold(FugleCase):
    place = ("--local", "-j2")

    def begin(self):
        self.write("flow.yaml", FLOW)
        process = self.start("run", "flow.yaml", *self.place)
        self.wait_for("started")
        poll(lambda: self.json_of("why", "flow", "gate")["state"] == "RUNNING", what="news of the start")
        return process

    def end_of(self, process, expect):
        output, _ = process.communicate(timeout=120)
        self.assertEqual(process.returncode, expect, output)
        return output

    def test_a_released_element_runs(self):
        process = self.begin()
        self.assertRegex(self.fugle("hold", "flow", "held").stdout,
                         r"^held is held; let it start with: fugle release flow-\S+ held\n$")
        row = self.status()["held_elements"]
        self.assertEqual([r["element"] for r in row], ["held"])
        self.assertRegex(row[0]["by"], r"^\S+@\S+$")
        self.assertRegex(self.fugle("status").stdout, r"held by +element\n +\S+@\S+ +held\n")
        self.assertRegex(self.fugle("why", "flow", "held").stdout, r"^held is HELD: held by \S+@\S+\nnext: fugle release")
        self.assertIn("held is HELD: held by", self.fugle("why", "flow", "below").stdout)
        self.assertIn("held already, by", self.fugle("hold", "flow", "held").stdout)
        self.assertEqual(self.fugle("release", "flow", "held").stdout, "held is released\n")
        (self.directory / "go").touch()
        self.end_of(process, 0)
        self.assertTrue((self.directory / "ran").exists())
        kinds = [e["kind"] for e in self.json_of("history", "--events") if e.get("element") == "held"]
        self.assertEqual(kinds[:2], ["hold_element", "release_element"])

    def test_a_run_with_nothing_else_to_do_ends_and_goes_on_when_released(self):
        process = self.begin()
        self.fugle("hold", "flow", "held")
        (self.directory / "go").touch()
        output = self.end_of(process, 4)
        self.assertRegex(output, "1 element is held")
        self.assertFalse((self.directory / "ran").exists())
        self.assertEqual(self.states(), {"gate": "OK", "beside": "OK"})
        self.fugle("resume", expect=4)
        self.assertFalse((self.directory / "ran").exists(), "a hold outlives its run")
        self.assertIn("held will be released when it goes on: fugle resume flow-",
                      self.fugle("release", "flow", "held").stdout)
        self.fugle("resume")
        self.assertTrue((self.directory / "ran").exists())
        self.assertEqual(self.status()["counts"]["ok"], 4)

    def test_between_two_lives_an_element_can_be_held(self):
        process = self.begin()
        self.fugle("cancel", "flow")
        self.end_of(process, 130)
        self.assertRegex(self.fugle("hold", "flow", "beside", expect=0).stdout, "will be held when it goes on")
        (self.directory / "go").touch()
        self.fugle("resume", expect=4)
        self.assertEqual(self.json_of("why", "flow", "beside")["state"], "HELD")
        self.assertEqual(self.json_of("why", "flow", "below")["state"], "OK")

    def test_what_makes_no_sense_is_refused_with_advice(self):
        process = self.begin()
        said = self.fugle("hold", "flow", "gate", expect=2).stderr
        self.assertIn("gate is RUNNING already (only what has not started can be held)", said)
        self.assertIn("fugle cancel flow-", said)
        self.assertIn("did you mean 'held'?", self.fugle("hold", "flow", "hled", expect=2).stderr)
        self.assertIn("held is WAITING, not held", self.fugle("release", "flow", "held", expect=2).stderr)
        self.assertIn("name it", self.fugle("hold", "flow", expect=2).stderr)
        self.assertIn("until 'fugle release'", self.fugle("hold", "--help").stdout)
        (self.directory / "go").touch()
        self.end_of(process, 0)
        self.assertIn("held is OK already", self.fugle("hold", "flow", "held", expect=2).stderr)


class HoldOverRanks(Hold):
    place = ("-n", "3", "-j1")


if __name__ == "__main__":
    main()
