"""SYS-28: a service over two nodes of a real Slurm job. Ready, used, stopped; its death, the end of the job, `cancel`
and `resume`; and nothing of it left on any node."""

import pathlib

from slurm_case import FUGLE, SlurmCase, main, poll

NODE = pathlib.Path(__file__).resolve().parent / "service_node.py"
NODES = ("n1", "n2", "n3")

# An argv list: one process on each of two nodes. `up` lets it be ready.
DB = f"""
  db:
    resources: {{nodes: 2, ranks: 2, mem: 100M}}
    service: {{ready: "test -e up && python3 {NODE} all addresses 2 sum", ready_timeout: 2m}}
    grace: 10s
    retries: {{max: 1, delay: 0s}}
    run: [python3, {NODE}, serve, addresses]
"""


class Service(SlurmCase):
    options = {"nodes": 3}

    def setUp(self):
        super().setUp()
        (self.directory / "addresses").mkdir(mode=0o777)
        self.write("up", "")

    def submit(self, tasks, *options, command="run w.yaml"):
        if tasks:
            self.write("w.yaml", f"version: 1\nname: w\nreserve: 5s\ntasks:{tasks}")
        return self.sbatch(f"exec {FUGLE} {command}", "--nodes=3", "--ntasks-per-node=1", "--cpus-per-task=4",
                           "--exclusive", *options)

    def end_of(self, job, state="COMPLETED"):
        facts = self.wait_for_job(job, state, timeout=240)
        self.check_nothing_is_left()
        return facts

    def servers(self):
        """{node: number of processes of the service, its launcher not counted}."""
        found = {node: self.processes_on(node, "^python3 .*service_node.py serve") for node in NODES}
        return {node: len(pids) for node, pids in found.items() if pids}

    def check_nothing_is_left(self):
        self.assertEqual({n: p for n in NODES if (p := self.processes_on(n, "service_node.py"))}, {})

    def named_steps(self, job):
        said = self.slurm("squeue", "--steps", "--noheader", f"--jobs={job}", "--format=%j").stdout
        return [name for name in said.split() if name.startswith("db")]

    def attempts_of(self, element):
        return [(a["state"], a["class"]) for a in self.attempts() if a["element"] == element]

    def test_clients_use_both_processes_and_all_of_it_is_gone_while_the_job_goes_on(self):
        (self.directory / "up").unlink()
        job = self.submit(f"""{DB}
  client:
    needs: [db]
    matrix: {{i: "1..4"}}
    run: "python3 {NODE} all addresses 2 ${{{{ matrix.i }}}}"
  total:
    needs: [db, client]
    run: "python3 {NODE} all addresses 2 sum > sums; python3 {NODE} all addresses 2 where > places"
finally:
  after: {{run: "touch after; until [ -e go ]; do sleep 0.1; done"}}
""")
        poll(lambda: len(list((self.directory / "addresses").glob("[01]"))) == 2, 240, "both processes")
        poll(lambda: self.status()["running"], 60, "news of the start")
        self.assertEqual([row["service"] for row in self.status()["running"]], ["starting"])
        self.assertIn("waits for service db to be ready", self.fugle("why", "w", "client[1]").stdout)
        self.write("up", "")
        self.wait_for("after", 240)
        self.assertEqual(self.servers(), {})
        self.assertEqual(self.named_steps(job), [])
        self.check_nothing_is_left()
        self.write("go", "")
        self.end_of(job)
        self.assertEqual(self.read("sums").split("\n")[:2], ["0 10", "1 10"])
        self.assertEqual(len({line.split()[1] for line in self.read("places").splitlines()}), 2, "on two nodes")
        self.assertEqual(set(self.states().values()), {"OK"})
        self.assertIn("rank 0 had 10", self.fugle("logs", "w", "db").stdout)

    def test_a_script_on_the_first_node_starts_its_helpers_on_all(self):
        job = self.submit(f"""
  db:
    resources: {{nodes: 2, ranks: 2, mem: 100M}}
    service: {{ready: "python3 {NODE} all addresses 2 sum", ready_timeout: 2m, stop: "touch stopped; kill $(cat pid)"}}
    grace: 10s
    run: |
      echo $$ > pid
      trap 'kill $!; wait; exit 0' TERM
      ${{{{ launcher }}}} python3 {NODE} serve addresses &
      wait
  total: {{needs: [db], run: "python3 {NODE} all addresses 2 where > places"}}
finally:
  after: {{run: "touch after; until [ -e go ]; do sleep 0.1; done"}}
""")
        self.wait_for("after", 240)
        self.check_nothing_is_left()
        self.assertEqual(self.named_steps(job), [])
        self.write("go", "")
        self.end_of(job)
        self.assertTrue((self.directory / "stopped").exists())
        self.assertEqual(len({line.split()[1] for line in self.read("places").splitlines()}), 2, "on two nodes")

    def test_when_one_of_its_processes_dies_it_is_started_again_for_those_that_wait(self):
        job = self.submit(f"""{DB}
  user: {{needs: [db], run: "touch user; until [ -e go ]; do sleep 0.1; done"}}
  later: {{needs: [db, user], run: "python3 {NODE} all addresses 2 sum > sums"}}
""")
        self.wait_for("user", 240)
        host, _, pid = (self.directory / "addresses" / "1").read_text().split()
        (self.directory / "up").unlink()
        self.on(host, "kill", "-KILL", pid)
        poll(lambda: len(self.attempts_of("db")) == 2, 240, "the second attempt")
        self.assertEqual(self.states()["user"], "RUNNING", "what runs goes on")
        self.write("go", "")
        poll(lambda: self.states()["user"] == "OK", 60, "the end of the user")
        self.assertEqual(self.json_of("why", "w", "later")["state"], "WAITING")
        self.write("up", "")
        self.end_of(job)
        self.assertEqual(self.attempts_of("db"), [("FAILED", "signal"), ("OK", None)])
        self.assertEqual(self.read("sums").split("\n")[:2], ["0 0", "1 0"])

    def test_the_end_of_the_job_ends_it_and_a_resume_starts_it_for_who_is_left(self):
        job = self.submit(f"""{DB}
  first: {{needs: [db], run: "echo first >> ran"}}
  long: {{needs: [first, db], run: "touch long; echo long >> ran; until [ -e go ]; do sleep 0.1; done"}}
  other: {{run: "true"}}
""", "--time=10")
        self.wait_for("long", 240)
        self.slurm("scontrol", "update", f"JobId={job}", "EndTime=now+25")
        self.slurm("scancel", "--batch", "--signal=USR1", job)  # look at once
        self.assertEqual(self.end_of(job, "FAILED")["ExitCode"], "4:0")
        self.assertEqual(self.status()["state"], "INCOMPLETE")
        self.write("go", "")
        self.end_of(self.submit("", command="resume w"))
        self.assertEqual(self.read("ran").split(), ["first", "long", "long"])
        self.assertEqual(self.attempts_of("db")[-1], ("OK", None))
        self.assertEqual(len(self.attempts_of("db")), 2)

    def test_cancel_ends_it_with_its_users(self):
        job = self.submit(f"""{DB}
  user: {{needs: [db], run: "touch user; sleep 1000"}}
  next: {{needs: [user, db], run: "touch next"}}
""")
        self.wait_for("user", 240)
        self.assertEqual(len(self.servers()), 2)
        self.fugle("cancel", "w")
        self.end_of(job, {"FAILED", "CANCELLED"})
        self.assertFalse((self.directory / "next").exists())
        self.assertEqual(self.status()["state"], "CANCELLED")


if __name__ == "__main__":
    main()
