"""Whom a run tells of what: failures in groups, lateness once, the end; also when its head could not any more."""

import os
import signal
import unittest

from fugle_case import FugleCase, main, poll

HOOK = """#!/bin/bash
printf '%s|%s|%s|%s\\n' "$FUGLE_EVENTS" "$FUGLE_RUN_STATE" "$FUGLE_NUM_FAILED" "$1" >> notices
printf '%s\\n' "$FUGLE_MESSAGE" >> messages
"""


class Notify(FugleCase):
    def setUp(self):
        super().setUp()
        os.chmod(self.write("hook.sh", HOOK), 0o755)

    def notices(self):
        path = self.directory / "notices"
        return path.read_text().splitlines() if path.exists() else []

    def test_failures_come_in_groups_with_their_number_and_the_end_with_its_state(self):
        self.write("w.yaml", """
version: 1
name: w
notify:
  - {events: [failed], run: "./hook.sh ${{ run.state }}"}
  - {events: [done], file: done.txt}
tasks:
  a: {foreach: "1..500", run: "exit 3"}
  b: {run: "exit 4", on_failure: ignore}
  c: {foreach: "1..4", tolerate: 1, run: "test ${{ item }} != 2"}
""")
        self.fugle("run", "w.yaml", "--local", expect=1)
        notices = self.notices()
        self.assertLessEqual(len(notices), 3)
        self.assertEqual(sum(int(notice.split("|")[2]) for notice in notices), 500, notices)
        self.assertEqual(notices[-1].split("|")[1::2], ["FAILED", "FAILED"])
        self.assertIn("a[1] (error, exit code 3)", self.read("messages"))
        self.assertRegex(self.read("done.txt"), r"^\S+Z w-\S+ FAILED \(done\)\n$")

    def test_a_good_run_tells_of_its_end_alone(self):
        self.write("w.yaml", """
version: 1
name: w
notify: [{events: [failed, late, done, stalled, resumed], run: ./hook.sh x}]
tasks: {a: {run: "true"}}
""")
        for options in (["--local"], ["-n", "2"]):
            self.fugle("run", "w.yaml", *options)
        self.assertEqual(self.notices(), ["done|OK|0|x"] * 2)

    def test_a_hook_that_fails_is_told_and_changes_nothing(self):
        self.write("w.yaml", """
version: 1
name: w
notify: [{events: [done], run: "echo too bad >&2; exit 7"}]
tasks: {a: {run: "true"}}
""")
        done = self.fugle("run", "w.yaml", "--local")
        self.assertIn("a notice failed with exit code 7: too bad", done.stderr)

    def test_mail_goes_by_what_is_there(self):
        os.makedirs(self.directory / "bin")
        os.chmod(self.write("bin/mail", "#!/bin/bash\nprintf '%s\\n' \"$@\" > words; cat > body\n"), 0o755)
        self.environment["PATH"] = f"{self.directory}/bin:{self.environment['PATH']}"
        self.write("w.yaml", """
version: 1
name: w
notify: [{events: [failed], mail: ops@example.org}]
tasks: {a: {run: "exit 2"}}
""")
        self.fugle("run", "w.yaml", "--local", expect=1)
        self.assertEqual(self.read("words").splitlines()[-1], "ops@example.org")
        self.assertIn("failed: a (error, exit code 2)", self.read("body"))

    @unittest.skipIf(any(map(os.path.exists, ("/usr/sbin/sendmail", "/usr/lib/sendmail"))), "sendmail is here")
    def test_that_nobody_can_send_mail_is_told_before_the_run(self):
        os.makedirs(self.directory / "nothing")
        self.environment["PATH"] = str(self.directory / "nothing")
        self.write("w.yaml", """
version: 1
name: w
notify: [{events: [failed], mail: ops@example.org}]
tasks: {a: {run: [/bin/true]}}
""")
        self.assertIn("w.yaml:4:10: warning W10: neither mail nor sendmail is here; notices by mail are not sent",
                      self.fugle("plan", "w.yaml").stderr)
        self.assertEqual(self.fugle("validate", "w.yaml").stderr, "")

    def test_what_is_late_is_told_once_and_goes_on(self):
        self.write("w.yaml", """
version: 1
name: w
deadline: 1s
notify: [{events: [late], run: "./hook.sh x"}]
tasks:
  slow: {late_after: 1s, run: "while ! test -e go; do sleep 0.1; done"}
""")
        run = self.start("run", "w.yaml", "--local")
        self.wait_for("notices")
        late = self.json_of("status")["late"]
        self.assertEqual([row["element"] for row in late["elements"]], ["slow"])
        self.assertTrue(late["run"])
        self.assertIn("late_after is 1s", self.fugle("why", "slow").stdout)
        self.assertIn("late", self.fugle("status").stdout)
        self.write("go", "")
        self.assertEqual(run.wait(timeout=60), 0)
        self.assertEqual(self.notices(), ["late|RUNNING|0|x"])
        messages = self.read("messages")
        self.assertIn("late: slow runs for", messages)
        self.assertIn("late: the run, its deadline was", messages)
        self.assertEqual([attempt["late"] for attempt in self.attempts()], [True])

    def test_what_a_killed_head_did_not_tell_comes_with_the_resume(self):
        self.write("w.yaml", """
version: 1
name: w
notify: [{events: [failed, resumed], run: "./hook.sh x"}]
tasks:
  bad: {run: "exit 1"}
  slow: {run: "touch started; while ! test -e go; do sleep 0.1; done"}
""")
        run = self.start("run", "w.yaml", "--local")
        self.wait_for("started")
        poll(lambda: self.status()["counts"]["failed"] == 1, what="the failure in the journal")
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        self.assertEqual(self.notices(), [])
        self.write("go", "")
        self.write("w.yaml", self.read("w.yaml").replace("exit 1", "exit 1"))
        self.fugle("resume", "--local", expect=1)
        self.assertEqual(len(self.notices()), 1)
        events, _, _, _ = self.notices()[0].split("|")
        self.assertEqual(events, "failed resumed")

    def test_a_front_end_that_gives_up_tells_what_its_head_can_not(self):
        self.write("w.yaml", """
version: 1
name: w
notify: [{events: [failed, stalled], run: "./hook.sh x"}]
tasks:
  bad: {run: "exit 1"}
  slow: {run: "touch started; sleep 100"}
""")
        run = self.start("run", "w.yaml", "-n", 2, "--restart-lost", 0)
        self.wait_for("started")
        poll(lambda: self.status()["counts"]["failed"] == 1, what="the failure in the journal")
        facts = self.json_of("history", "--events")
        head = int([event for event in facts if event["kind"] == "run_started"][0]["text"].split()[1])
        os.kill(head, signal.SIGKILL)
        self.assertNotEqual(run.wait(timeout=60), 0)
        self.assertEqual(self.notices(), ["failed stalled|INTERRUPTED|1|x"])

    def test_mistakes_are_told_where_they_stand(self):
        self.write("w.yaml", """version: 1
name: w
deadline: at 25:00
notify:
  - {events: [fail], run: x}
  - {events: [done]}
  - {events: [done], run: x, file: y}
  - {run: x}
concurrency: {max: 0, when_busy: wait}
secrets: [a-b, C, C]
tasks: {a: {run: x, secrets: [D], late_after: 5}}
""")
        said = self.fugle("validate", "w.yaml", expect=2).stderr
        for line in ("3:11: error E109: 'at 25:00' is no time of day", "5:15: error E112: 'events' is 'fail'; one of",
                     "6:5: error E105: 'notify' says nobody", "7:5: error E113: 'run', 'mail' and 'file' exclude",
                     "8:5: error E105: 'notify' has no events", "9:1: error E105: 'concurrency' has no group",
                     "error E112: 'when_busy' is 'wait'", "10:11: error E107", "10:19: error E102",
                     "11:31: error E103: unknown secret 'D'", "11:47: error E109"):
            self.assertIn(line, said)


if __name__ == "__main__":
    main()
