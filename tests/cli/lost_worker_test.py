"""Lost spawners and lost nodes: what each costs, over ranks and in one process; and what a launcher by hand is told."""

import json
import os
import pathlib
import signal
import subprocess

from fugle_case import FUGLE, FugleCase, main, poll, processes_of

FAKE_NODE = pathlib.Path(os.environ["FUGLE_SOURCE_DIR"], "tests/mpi/fake_node.sh")

SLOW = """
version: 1
name: slow
tasks:
  w:
    matrix: {i: "1..8"}
    run: |
      echo $FUGLE_MATRIX_i >> started
      for n in $(seq 600); do test -e go && exit 0; sleep 0.05; done; exit 1
  z: {needs: [w], run: "true"}
"""


class LostSpawner(FugleCase):
    def setUp(self):
        super().setUp()
        self.environment["FUGLE_TEST_OF"] = f"{os.getpid()}.{self.id()}"

    def begin(self, *place, ranks):
        self.write("slow.yaml", SLOW)
        process = self.start("run", "slow.yaml", *place)
        poll(lambda: self.is_busy(ranks), 60, "work on every rank")
        return process

    def is_busy(self, ranks):
        done = self.fugle("status", "--json", expect=None)
        return done.returncode == 0 and len({row["worker"] for row in json.loads(done.stdout)["running"]}) == ranks

    def spawners(self):
        """{rank: pid}; rank "" where there is no MPI."""
        found = {}
        for pid in processes_of(f"FUGLE_TEST_OF={self.environment['FUGLE_TEST_OF']}"):
            try:
                with open(f"/proc/{pid}/comm") as comm, open(f"/proc/{pid}/environ", "rb") as environ:
                    if comm.read().strip() != "fugle-spawner":
                        continue
                    ranks = [v for v in environ.read().split(b"\0") if v.startswith(b"OMPI_COMM_WORLD_RANK=")]
            except OSError:
                continue
            found[int(ranks[0].partition(b"=")[2]) if ranks else ""] = pid
        return found

    def end(self, process, code=0):
        (self.directory / "go").touch()
        output, _ = process.communicate(timeout=120)
        self.assertEqual(process.returncode, code, output)
        run_id = self.run_dir().name
        poll(lambda: not processes_of(f"FUGLE_RUN_ID={run_id}"), what="the end of all tasks")
        return output

    def lives(self):
        return sum(e["kind"] == "run_started" for e in self.json_of("history", "--events"))

    def expect_only_victims_again(self, victims):
        """What the spawner was about to start when it died never ran, and is tried again too: class launch."""
        bad = [a for a in self.attempts() if a["state"] != "OK"]
        self.assertEqual({a["element"] for a in bad if a["class"] == "lost"}, victims)
        self.assertLessEqual({a["class"] for a in bad}, {"lost", "launch"})
        self.assertEqual(self.status()["counts"]["ok"], 9)

    def test_a_worker_without_spawner_leaves_and_others_do_its_work(self):
        process = self.begin("-n", 3, "-j1", ranks=3)
        victims = {row["element"] for row in self.status()["running"] if row["worker"] == 2}
        os.kill(self.spawners()[2], signal.SIGKILL)
        poll(lambda: not self.status()["workers"][2]["alive"], what="the news of the loss")
        output = self.end(process)
        self.expect_only_victims_again(victims)
        self.assertIn("the spawner of rank 2", output)
        self.assertEqual(self.lives(), 1)

    def test_a_head_without_spawner_leads_on(self):
        process = self.begin("-n", 3, "-j1", ranks=3)
        victims = {row["element"] for row in self.status()["running"] if row["worker"] == 0}
        os.kill(self.spawners()[0], signal.SIGKILL)
        poll(lambda: not self.status()["workers"][0]["alive"], what="the news of the loss")
        output = self.end(process)
        self.expect_only_victims_again(victims)
        self.assertIn("the spawner of rank 0", output)
        self.assertEqual(self.lives(), 1)

    def test_a_lone_rank_without_spawner_is_restarted(self):
        process = self.begin("-n", 1, "-j1", ranks=1)
        os.kill(self.spawners()[0], signal.SIGKILL)
        poll(lambda: self.lives() == 2 and self.is_busy(1), 60, "the next life")
        output = self.end(process)
        self.assertIn("restart 1 of 3", output)
        self.assertEqual(self.status()["counts"]["ok"], 9)

    def test_when_all_workers_of_a_dedicated_head_are_gone_new_ones_come(self):
        process = self.begin("-n", 2, "-j1", "--dedicated-head", ranks=1)
        os.kill(self.spawners()[1], signal.SIGKILL)
        poll(lambda: self.lives() == 2 and self.is_busy(1), 60, "the next life")
        output = self.end(process)
        self.assertIn("restart 1 of 3", output)
        self.assertEqual(self.status()["counts"]["ok"], 9)

    def test_one_process_starts_another_spawner(self):
        process = self.begin("--local", "-j2", ranks=1)
        victims = {row["element"] for row in self.status()["running"]}
        before = self.spawners()[""]
        os.kill(before, signal.SIGKILL)
        poll(lambda: self.spawners().get("", before) != before and self.is_busy(1), 30, "another spawner")
        output = self.end(process)
        self.expect_only_victims_again(victims)
        self.assertIn("another one was started", output)

    def test_a_task_that_kills_each_spawner_is_given_up(self):
        self.write("w.yaml", 'version: 1\nname: w\ntasks: {poison: {run: "echo x >> ran; kill -9 $PPID; sleep 60"}}\n')
        done = self.fugle("run", "w.yaml", "--local", expect=None)
        self.assertIn(done.returncode, (1, 3), done.stderr)
        self.assertLessEqual(self.read("ran").count("x"), 4)


class Launchers(FugleCase):
    FILE = 'version: 1\nname: w\ntasks: {a: {run: "true"}}\n'

    def test_mpirun_by_hand_is_told_once_what_is_missing(self):
        self.write("w.yaml", self.FILE)
        said = self.fugle("run", "w.yaml", "-j1", prefix=self.mpirun(3))
        self.assertEqual((said.stdout + said.stderr).count("--enable-recovery"), 1)

    def test_who_started_it_well_is_told_nothing(self):
        self.write("w.yaml", self.FILE)
        said = self.fugle("run", "w.yaml", "-j1", prefix=[*self.mpirun(2), "--enable-recovery"])
        said2 = self.fugle("run", "w.yaml", "-j1", "-n", 2)
        for text in (said.stdout + said.stderr, said2.stdout + said2.stderr):
            self.assertNotIn("recovery", text)

    def test_ranks_of_one_node_listen_nowhere(self):
        """HF-18: what mpirun and its PMIx server listen on is theirs; a rank of ours has no listening socket of MPI."""
        self.environment["FUGLE_TEST_OF"] = f"{os.getpid()}.{self.id()}"
        self.write("w.yaml", 'version: 1\nname: w\ntasks: {a: {run: "touch there; while test ! -e go; do sleep 0.05; done"}}\n')
        process = self.start("run", "w.yaml", "-n", 2, "-j1")
        self.wait_for("there")
        ranks = [pid for pid in processes_of(f"FUGLE_TEST_OF={self.environment['FUGLE_TEST_OF']}")
                 if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == "fugle"]
        listening = {row.split()[9] for table in ("tcp", "tcp6")
                     for row in pathlib.Path(f"/proc/net/{table}").read_text().splitlines()[1:] if row.split()[3] == "0A"}
        found = {pid: [link for link in self.sockets_of(pid) if link in listening] for pid in ranks}
        (self.directory / "go").touch()
        process.communicate(timeout=60)
        self.assertEqual(len(ranks), 3, "front-end and two ranks")
        self.assertEqual({pid: held for pid, held in found.items() if held}, {})

    @staticmethod
    def sockets_of(pid):
        for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            try:
                target = os.readlink(fd)
            except OSError:
                continue
            if target.startswith("socket:["):
                yield target[8:-1]


class LostNode(FugleCase):
    def test_a_run_ends_on_the_other_nodes_when_a_node_daemon_dies(self):
        """mpirun itself hangs after that; the front-end ends it once the head has reported."""
        if subprocess.run(["unshare", "-Ur", "--uts", "true"], capture_output=True).returncode != 0:
            self.skipTest("no user namespaces here: nodes can not be faked")
        self.environment |= {"OMPI_MCA_plm_rsh_agent": str(FAKE_NODE), "FUGLE_TEST_OF": f"{os.getpid()}.{self.id()}",
                             "OMPI_MCA_orte_default_hostfile": str(self.write("hosts", "vmhost slots=2\n"))}
        hosts = f"{os.uname().nodename} slots=2\n127.0.1.2 slots=2\n"
        self.write("hosts", hosts)
        self.write("slow.yaml", SLOW)
        process = self.start("run", "slow.yaml", "-n", 4, "-j1")
        poll(self.is_busy, 60, "work on four ranks")
        daemons = [pid for pid in processes_of(f"FUGLE_TEST_OF={self.environment['FUGLE_TEST_OF']}")
                   if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == "orted"]
        self.assertEqual(len(daemons), 1)
        os.kill(daemons[0], signal.SIGKILL)
        (self.directory / "go").touch()
        output, _ = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, output)
        self.assertEqual(self.status()["counts"]["ok"], 9)

    def is_busy(self):
        done = self.fugle("status", "--json", expect=None)
        return done.returncode == 0 and len(json.loads(done.stdout)["running"]) == 4


if __name__ == "__main__":
    main()
