"""SYS-28: services: ready before those that need them start, stopped after the last of them, and nothing left."""

import os
import pathlib
import shutil
import sys
import unittest

from fugle_case import FugleCase, main, poll, processes_of

NODE = pathlib.Path(__file__).resolve().parent.parent / "slurm" / "service_node.py"

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
        if expect is not None:
            self.assertEqual(process.returncode, expect, output)
        return output

    def state_of(self, element):
        return self.json_of("why", "flow", element)["state"]

    def phases(self):
        return {row["element"]: row["service"] for row in self.status()["running"]}

    def mark(self):
        """Of all that the run starts, for `left`."""
        self.environment["FUGLE_SERVICE_MARK"] = str(self.directory)

    def left(self):
        return processes_of(f"FUGLE_SERVICE_MARK={self.directory}")

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
        poll(lambda: self.phases() == {"db": "starting"}, what="its phase")
        self.assertIn("db (service, starting)", self.fugle("status").stdout)
        self.touch("up")
        self.wait_for("a")
        poll(lambda: self.state_of("db") == "RUNNING", what="news that it is ready")
        self.assertIn("it is a service, and ready", self.fugle("why", "flow", "db").stdout)
        poll(lambda: self.phases() == {"db": "ready", "a": None}, what="its phase")
        self.assertIn("db (service, ready)", self.fugle("status").stdout)
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
        self.mark()
        self.fugle("run", "flow.yaml", *self.place)
        self.assertTrue((self.directory / "asked").exists())
        self.assertEqual(self.life(), ["asked"])
        self.assertEqual(self.left(), [])

    def test_a_stop_command_that_hangs_does_not_keep_the_run_from_its_end(self):
        self.flow("""
  db:
    grace: 1s
    service: {ready: "test -s life", stop: "echo asked >> life; sleep 1000"}""" + SERVER + """
  a: {needs: [db], run: "true"}
""")
        self.mark()
        self.fugle("run", "flow.yaml", *self.place)
        self.assertEqual(self.life()[:2], ["start", "asked"])
        self.assertEqual(self.states(), {"db": "OK", "a": "OK"})
        self.assertEqual(self.left(), [])

    def test_what_its_question_leaves_behind_is_ended_and_its_words_are_not_waited_for(self):
        self.flow("""
  db:
    service: {ready: "sleep 1000 & setsid sleep 1000 & test -s life"}""" + SERVER + """
  a: {needs: [db], run: "true"}
""")
        self.mark()
        self.fugle("run", "flow.yaml", *self.place)
        self.assertEqual(self.life(), ["start", "stop"])
        self.assertEqual(self.left(), [])

    def test_users_need_all_elements_of_one_with_a_matrix(self):
        self.flow("""
  db:
    matrix: {i: [1, 2]}
    service: {ready: "test -e up${{ matrix.i }}"}
    run: |
      touch db${{ matrix.i }}
      trap 'echo ${{ matrix.i }} >> ended; exit 0' TERM
      while true; do sleep 0.05; done
  a: {needs: [db], matrix: {j: [1, 2, 3]}, run: "cat ended >> early || true"}
""")
        process = self.start("run", "flow.yaml", "--local", "-j4")
        self.wait_for("db1")
        self.wait_for("db2")
        self.touch("up1")
        poll(lambda: self.phases() == {"db[1]": "ready", "db[2]": "starting"}, what="the first to be ready")
        self.assertIn("waits for service db[2] to be ready", self.fugle("why", "flow", "a[1]").stdout)
        self.touch("up2")
        self.end_of(process, 0)
        self.assertEqual(set(self.states().values()), {"OK"})
        self.assertEqual(sorted(self.read("ended").split()), ["1", "2"])
        self.assertEqual(self.read("early"), "")

    def test_one_that_nobody_needs_is_there_for_the_whole_run(self):
        self.flow("""
  monitor:
    service: {ready: "test -s life"}""" + SERVER + """
  a: {run: "until [ -s life ]; do sleep 0.05; done"}
  b: {needs: [a], run: "cp life life_of_b"}
""")
        self.fugle("run", "flow.yaml", *self.place)
        self.assertEqual(self.read("life_of_b"), "start\n")
        self.assertEqual(self.life(), ["start", "stop"])
        self.assertEqual(set(self.states().values()), {"OK"})

    def test_a_cancelled_run_leaves_nothing_of_it(self):
        self.flow("""
  db:
    service: {ready: "test -s life"}""" + SERVER + """
  a: {needs: [db], run: "touch a; sleep 1000"}
""")
        self.mark()
        process = self.start("run", "flow.yaml", *self.place)
        self.wait_for("a")
        self.fugle("cancel", "flow")
        self.end_of(process, None)
        self.assertEqual(self.status()["state"], "CANCELLED")
        self.assertEqual(self.life(), ["start", "stop"])
        self.assertEqual(self.left(), [])

    def test_its_ranks_are_its_processes(self):
        self.flow(f"""
  db:
    resources: {{ranks: 2}}
    service: {{ready: "{sys.executable} {NODE} all addresses 2 sum"}}
    run: [{sys.executable}, {NODE}, serve, addresses]
  a: {{needs: [db], matrix: {{i: [1, 2, 3]}}, run: "{sys.executable} {NODE} all addresses 2 ${{{{ matrix.i }}}}"}}
  sum: {{needs: [db, a], run: "{sys.executable} {NODE} all addresses 2 sum > sums"}}
""")
        (self.directory / "addresses").mkdir()
        self.mark()
        self.fugle("run", "flow.yaml", *self.place)
        self.assertEqual(self.read("sums"), "0 6\n1 6\n")
        self.assertEqual(set(self.states().values()), {"OK"})
        self.assertEqual(self.left(), [])

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
        self.assertIn("warning W09: task large does not fit beside the service it needs, db: together 3 cores, there "
                      "are 2; 1 element cannot run here", process.stderr)
        self.assertRegex(process.stdout + process.stderr, r"1 element fits nowhere beside the services that run \(1\): "
                                                          r"large needs 2 cores")
        self.assertEqual(self.life(), ["start", "stop"])
        planned = self.fugle("plan", "flow.yaml", "--alloc", "nodes=1,cores=2", expect=2)
        self.assertIn("error E302: task large does not fit beside the service it needs, db", planned.stderr)

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


SRUN = """#!/bin/bash
# A stand-in that answers TERM as Slurm's does: all ranks are killed at once.
if [[ $1 == --mpi=list ]]; then echo none; echo pmix; exit; fi
while [[ $1 == -* ]]; do [[ $1 == --ntasks=* ]] && n=${1#*=}; shift; done
trap 'echo killed >> record; kill -KILL $pids; exit 1' TERM
for i in $(seq 0 $((n - 1))); do SLURM_STEP_ID=5 SLURM_LOCALID=$i SLURM_PROCID=$i "$@" & pids="$pids $!"; done
echo $pids > ranks
wait
"""
SCANCEL = """#!/bin/bash
echo "scancel $*" >> record
kill "-${1#--signal=}" $(cat ranks)
"""


class StepOfAStandIn(FugleCase):
    def test_the_signal_goes_to_the_ranks_and_not_to_srun_which_would_kill_them(self):
        self.write("bin/srun", SRUN).chmod(0o755)
        self.write("bin/scancel", SCANCEL).chmod(0o755)
        self.environment |= {"PATH": f"{self.directory}/bin:{self.environment['PATH']}", "SLURM_JOB_ID": "17",
                             "SLURM_JOB_NODELIST": os.uname().nodename, "SLURM_JOB_CPUS_PER_NODE": "2",
                             "HWLOC_SYNTHETIC": "pack:1 core:8 pu:1"}
        self.write("w.yaml", """
version: 1
name: w
defaults: {grace: 60s}
tasks:
  db:
    resources: {ranks: 2, mem: 100M}
    service: {ready: "test -e up0 && test -e up1", stop: USR1}
    run: [sh, -c, "trap 'echo clean >> ended; exit 0' USR1; touch up$SLURM_PROCID; while :; do sleep 0.05; done"]
  a: {needs: [db], run: "true"}
""")
        self.fugle("run", "w.yaml", "--local")
        self.assertEqual(self.read("record"), "scancel --signal=10 17.5\n")
        self.assertEqual(self.read("ended"), "clean\nclean\n")


@unittest.skipUnless(os.access("/usr/bin/python3", os.X_OK), "the example needs /usr/bin/python3")
class Example(FugleCase):
    def test_works_as_its_readme_says(self):
        source = pathlib.Path(os.environ["FUGLE_SOURCE_DIR"]) / "examples" / "service"
        for path in source.iterdir():
            shutil.copy(path, self.directory)
        self.fugle("run", "service.yaml", "--local", "-j2")
        self.assertEqual((self.directory / "sum.txt").read_text(), "735\n")


main()
