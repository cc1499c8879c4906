"""SYS-28: services: ready before those that need them start, stopped after the last of them, and nothing left."""

import os
import pathlib
import shutil
import unittest

from fugle_case import FugleCase, main, poll, processes_of

# `up` is there once a person lets the service be ready; each start and end of it is a line of `life`.
SERVER = """
    run: |
      echo start >> life
      trap 'echo stop >> life; exit 7' TERM
      while true; do sleep 0.05; done
"""


class Service(FugleCase):
    place = ("--local", "-j4")

    def flow(self, tasks):
        self.write("flow.yaml", "version: 1\nname: flow\ndefaults: {grace: 20s}\ntasks:\n" + tasks)

    def life(self):
        path = self.directory / "life"
        return path.read_text().split() if path.exists() else []

    def touch(self, name):
        (self.directory / name).touch()

    def end_of(self, process, expect):
        output, _ = process.communicate(timeout=120)
        self.assertEqual(process.returncode, expect, output)
        return output

    def state_of(self, element):
        return self.json_of("why", "flow", element)["state"]

    def events(self, kind):
        return [e["element"] for e in self.json_of("history", "--events") if e["kind"] == kind]

    def test_clients_wait_until_it_is_ready_and_it_ends_after_the_last(self):
        self.flow("""
  db:
    service: {ready: "test -e up"}""" + SERVER + """
  a: {needs: [db], run: "touch a; while [ ! -e go ]; do sleep 0.05; done"}
  b: {needs: [a], run: "cp life life_of_b"}
""")
        process = self.start("run", "flow.yaml", *self.place)
        poll(lambda: self.life() == ["start"], what="the start of the service")
        poll(lambda: self.state_of("db") == "STARTING", what="news of the start")
        why = self.fugle("why", "flow", "a").stdout
        self.assertIn("a is WAITING: waits for service db to be ready", why)
        self.assertFalse((self.directory / "a").exists())
        self.touch("up")
        self.wait_for("a")
        poll(lambda: self.state_of("db") == "RUNNING", what="news that it is ready")
        self.assertIn("it is a service, and ready", self.fugle("why", "flow", "db").stdout)
        self.assertEqual(self.life(), ["start"])
        self.touch("go")
        self.end_of(process, 0)
        self.assertEqual(self.life(), ["start", "stop"])
        self.assertEqual(self.states(), {"db": "OK", "a": "OK", "b": "OK"})
        self.assertEqual(self.events("service_ready"), ["db"])

    def test_one_that_does_not_get_ready_fails_and_says_why(self):
        self.flow("""
  db:
    service: {ready: "echo no answer on port 7; exit 3", ready_timeout: 1s}""" + SERVER + """
  a: {needs: [db], run: "true"}
""")
        done = self.fugle("run", "flow.yaml", *self.place, expect=1)
        output = done.stdout + done.stderr
        self.assertIn("not ready within 1s (the last 'ready': exit code 3: no answer on port 7)", output)
        self.assertEqual(self.states(), {"db": "FAILED"})
        self.assertEqual(self.state_of("a"), "BLOCKED")
        self.assertEqual(self.life(), ["start", "stop"])

    def test_one_that_ends_too_early_is_tried_again(self):
        self.flow("""
  db:
    service: {ready: "test -e up"}
    retries: {max: 1, delay: 0s}
    run: |
      echo start >> life
      [ $(grep -c start life) -gt 1 ] || { while [ ! -e end ]; do sleep 0.05; done; exit 0; }
      trap 'exit 0' TERM
      while true; do sleep 0.05; done
  a: {needs: [db], run: "touch a; while [ ! -e go ]; do sleep 0.05; done"}
  slow: {run: "while [ ! -e slow_may_end ]; do sleep 0.05; done"}
  b: {needs: [db, slow], run: "true"}
""")
        self.touch("up")
        process = self.start("run", "flow.yaml", *self.place)
        self.wait_for("a")
        (self.directory / "up").unlink()
        self.touch("end")
        poll(lambda: self.life() == ["start", "start"], what="the second attempt")
        self.touch("slow_may_end")
        poll(lambda: self.state_of("slow") == "OK", what="the end of slow")
        self.assertEqual(self.state_of("b"), "WAITING")
        self.assertEqual(self.state_of("a"), "RUNNING", "what runs goes on")
        self.touch("up")
        self.touch("go")
        self.end_of(process, 0)
        self.assertEqual(self.states(), {"db": "OK", "a": "OK", "slow": "OK", "b": "OK"})
        self.assertEqual(self.events("service_ready"), ["db", "db"])

    def test_a_stop_command_ends_it_with_all_that_it_has_started(self):
        self.flow("""
  db:
    service: {ready: "test -s pid", stop: "touch asked; kill -USR1 $(cat pid)"}
    run: |
      sleep 1000 &
      trap 'echo asked >> life; exit 0' USR1
      trap 'echo stop >> life; exit 0' TERM
      echo $$ > pid
      while true; do sleep 0.05; done
  a: {needs: [db], run: "true"}
""")
        self.environment["FUGLE_SERVICE_MARK"] = str(self.directory)
        self.fugle("run", "flow.yaml", *self.place)
        self.assertTrue((self.directory / "asked").exists())
        self.assertEqual(self.life(), ["asked"])
        left = [p for p in processes_of(f"FUGLE_SERVICE_MARK={self.directory}")]
        self.assertEqual(left, [])

    def test_another_signal_may_end_it(self):
        self.flow("""
  db:
    service: {ready: "test -e there", stop: INT}
    run: |
      trap 'echo int >> life; exit 1' INT
      trap 'echo stop >> life; exit 0' TERM
      touch there
      while true; do sleep 0.05; done
  a: {needs: [db], run: "true"}
""")
        self.fugle("run", "flow.yaml", *self.place)
        self.assertEqual(self.life(), ["int"])

    def test_users_that_find_no_room_beside_it_are_told_of(self):
        self.flow("""
  db:
    service: {ready: "true"}""" + SERVER + """
  large: {needs: [db], resources: {cores: 2}, run: "true"}
""")
        process = self.fugle("run", "flow.yaml", "--local", "-j2", expect=None)
        self.assertEqual(process.returncode, 4)
        self.assertRegex(process.stdout + process.stderr, r"1 element fits nowhere beside the services that run \(1\): "
                                                          r"large needs 2 cores")
        self.assertEqual(self.life(), ["start", "stop"])

    def test_after_a_crash_it_is_started_again(self):
        self.flow("""
  db:
    service: {ready: "true"}""" + SERVER + """
  a: {needs: [db], run: "echo a >> ran; while [ ! -e go ]; do sleep 0.05; done"}
  b: {needs: [a, db], run: "true"}
""")
        process = self.start("run", "flow.yaml", *self.place)
        self.wait_for("ran")
        poll(lambda: self.state_of("a") == "RUNNING", what="news of the start")
        process.kill()
        process.wait()
        self.touch("go")
        self.fugle("resume")
        self.assertEqual(self.states(), {"db": "OK", "a": "OK", "b": "OK"})
        self.assertEqual(self.life()[0], "start")
        self.assertEqual(self.life()[-2:], ["start", "stop"])


@unittest.skipUnless(os.access("/usr/bin/python3", os.X_OK), "the example needs /usr/bin/python3")
class Example(FugleCase):
    def test_works_as_its_readme_says(self):
        source = pathlib.Path(os.environ["FUGLE_SOURCE_DIR"]) / "examples" / "service"
        for path in source.iterdir():
            shutil.copy(path, self.directory)
        self.fugle("run", "service.yaml", "--local", "-j2")
        self.assertEqual((self.directory / "sum.txt").read_text(), "735\n")


main()
