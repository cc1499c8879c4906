"""Kills everything, a worker rank, or the head at random moments of a fan-out over 3 ranks, and resumes.

After the last life every element has exactly one OK, nothing acknowledged was repeated, no child outlived its run, and
nobody had to unlock anything. FUGLE_DRILL_ROUNDS and FUGLE_DRILL_SEED choose the number of rounds and their seed.
"""

import collections
import os
import random
import signal
import subprocess
import time

from fugle_case import FugleCase, main, poll, processes_of

ROUNDS = int(os.environ.get("FUGLE_DRILL_ROUNDS", "25"))
SEED = int(os.environ.get("FUGLE_DRILL_SEED", str(random.SystemRandom().randrange(1 << 30))))
WIDTH = 400
VICTIMS = ["all", "all but the tasks", "ranks and mpirun", "worker", "head"]

WORKFLOW = f"""
version: 1
name: drill
tasks:
  split: {{run: "true"}}
  work:
    needs: [split]
    matrix: {{i: "1..{WIDTH}"}}
    run: |
      echo ${{{{ matrix.i }}}} >> started.txt
      sleep 0.00$((RANDOM % 10))
      sleep 60 & disown
  merge: {{needs: [work], run: "true"}}
"""


def ranks_of(parent):
    """{rank: pid} of the fugle processes under an mpirun."""
    ranks = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/environ", "rb") as environ:
                variables = environ.read().split(b"\0")
            with open(f"/proc/{entry}/comm") as comm:
                is_rank = comm.read().strip() == "fugle"
        except OSError:
            continue
        mine = f"FUGLE_DRILL={parent}".encode() in variables
        rank = [v.partition(b"=")[2] for v in variables if v.startswith(b"OMPI_COMM_WORLD_RANK=")]
        if is_rank and mine and rank:
            ranks[int(rank[0])] = int(entry)
    return ranks


def named(pids, names):
    """Those of the pids whose program has one of the names."""
    chosen = []
    for pid in pids:
        try:
            with open(f"/proc/{pid}/comm") as comm:
                if comm.read().strip() in names:
                    chosen.append(pid)
        except OSError:
            pass
    return chosen


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def descendants(pid):
    found, open_pids = [], [pid]
    children = collections.defaultdict(list)
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as stat:
                    children[int(stat.read().rpartition(")")[2].split()[1])].append(int(entry))
            except OSError:
                pass
    while open_pids:
        current = open_pids.pop()
        found.append(current)
        open_pids += children[current]
    return found


class KillDrill(FugleCase):
    def one_round(self, random_numbers):
        self.setUp()
        self.write("drill.yaml", WORKFLOW)
        self.environment["FUGLE_DRILL"] = str(os.getpid())
        acknowledged = set()
        run_id = None
        may_have_litter = False
        for life in range(12):
            arguments = ["resume"] if self.has_run() else ["run", "drill.yaml"]
            by_hand = random_numbers.random() < 0.3
            arguments += [] if by_hand else ["-n", "3"]
            process = self.start(*arguments, prefix=self.mpirun(3) if by_hand else ())
            victim = "nobody" if life > 4 else random_numbers.choice(VICTIMS)
            moment = time.monotonic() + random_numbers.uniform(0.1, 1.6)
            while time.monotonic() < moment and process.poll() is None:
                time.sleep(0.01)
            if process.poll() is None:
                ranks = ranks_of(os.getpid())
                tree = descendants(process.pid)
                if victim == "all":
                    kill(tree)
                elif victim == "all but the tasks":
                    kill(named(tree, {"fugle", "fugle-spawner", "mpirun"}))
                elif victim == "ranks and mpirun":
                    kill(named(tree, {"fugle", "mpirun"}))
                elif victim == "worker" and ranks:
                    kill([ranks.get(random_numbers.choice([1, 2]), 0)] if len(ranks) > 1 else [])
                elif victim == "head" and 0 in ranks:
                    kill([ranks[0]])
            try:
                output, _ = process.communicate(timeout=120)
            except subprocess.TimeoutExpired:
                tree = subprocess.run(["ps", "-o", "pid,ppid,etimes,stat,args", "--forest", "-p",
                                       ",".join(map(str, descendants(process.pid)))], capture_output=True, text=True)
                self.fail(f"life {life} does not end after the death of {victim}\n{tree.stdout}")
            if not self.has_run():
                continue  # killed before there was anything
            run_id = self.run_dir().name
            # When the spawners die too, nobody is left to end the tasks' own children before the next life does.
            may_have_litter = victim.startswith("all") or (may_have_litter and victim != "nobody")
            if not may_have_litter:
                self.expect_no_children(run_id)
            done = [a["element"] for a in self.attempts() if a["state"] == "OK"]
            self.assertEqual(len(done), len(set(done)), f"an element has two OK\n{output}")
            self.assertLessEqual(acknowledged, set(done), "an acknowledged completion was lost")
            acknowledged = set(done)
            if self.status()["state"] == "OK":
                break
        else:
            self.fail(f"did not end in 12 lives\n{output}")
        self.assertEqual(len(acknowledged), WIDTH + 2)
        self.expect_no_children(run_id)
        self.assertIn("nothing to do", self.fugle("resume").stdout)
        return life + 1

    def has_run(self):
        return any(self.directory.glob(".fugle/*/run.json"))

    def expect_no_children(self, run_id):
        poll(lambda: not processes_of(f"FUGLE_RUN_ID={run_id}"), 20, "the end of all children")

    def test_every_element_is_ok_once_after_kills_and_resumes(self):
        print(f"seed {SEED}, {ROUNDS} rounds", flush=True)
        random_numbers = random.Random(SEED)
        for number in range(ROUNDS):
            lives = self.one_round(random_numbers)
            print(f"round {number + 1}: {lives} lives", flush=True)


if __name__ == "__main__":
    main()
