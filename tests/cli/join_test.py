"""Several processes work on one run (fugle resume --join): each element runs once, whoever comes, leaves or dies."""

import json
import signal
import time
import unittest
from collections import Counter

from fugle_case import FugleCase, main, poll

# An attempt holds a lock while it lives: who finds it taken tells of two attempts at once.
FILE = """\
version: 1
name: together
tasks:
  t:
    matrix: {{i: "1..{count}"}}
    run: |
      mkdir -p locks ends
      exec 9> locks/$FUGLE_INDEX
      flock -n 9 || echo "$FUGLE_ELEMENT" >> overlaps
      echo "$FUGLE_ELEMENT" >> starts
      sleep {length}
      echo "$FUGLE_ELEMENT" >> ends/$FUGLE_INDEX
"""


class Join(FugleCase):
    def setUp(self):
        super().setUp()
        self.environment["FUGLE_GUEST_LEASE"] = "3"

    def begin(self, count, length):
        """A run of which next to nothing is done, whose head died."""
        self.write("w.yaml", FILE.format(count=count, length=length))
        first = self.start("run", "w.yaml", "--local", "-j", "1")
        self.wait_for("starts")
        first.kill()
        first.wait()
        self.joined_run = str(self.run_dir())

    def join(self):
        return self.start("resume", self.joined_run, "--join", "--local", "-j", "1")

    def wait_for_workers(self, count):
        poll(lambda: sum(worker["alive"] for worker in self.status()["workers"]) >= count, 40, f"{count} workers")

    def leader(self, processes):
        text = (self.run_dir() / "exchange" / "leader").read_text().split()
        pid = int(text[text.index("pid") + 1])
        return next(process for process in processes if process.pid == pid)

    def check_all_done_once(self, count, interrupted=0):
        """Each element ended well once; at most so many attempts, and the first head's, were cut short."""
        self.assertEqual(self.status()["counts"]["ok"], count)
        ends = Counter((self.directory / "ends" / str(i)).read_text().count("\n") for i in range(count))
        self.assertEqual(ends, {1: count})
        self.assertFalse((self.directory / "overlaps").exists(), "two attempts of an element ran at once")
        self.assertLessEqual(self.read("starts").count("\n"), count + interrupted + 1)

    def ends_of(self, *processes, timeout=60):
        codes = []
        for process in processes:
            output, _ = process.communicate(timeout=timeout)
            codes.append(process.returncode)
            print(output, end="")
        return codes

    def test_all_work_at_once_and_nothing_runs_twice(self):
        self.begin(24, 0.7)
        processes = [self.join() for _ in range(3)]
        self.wait_for_workers(3)
        self.assertEqual(self.ends_of(*processes), [0, 0, 0])
        self.check_all_done_once(24)
        workers = {attempt["worker"] for attempt in self.attempts() if attempt["state"] == "OK"}
        self.assertLessEqual({1, 2}, workers, "the guests have done a part")
        self.assertEqual(self.ends_of(self.join()), [0], "who comes too late has nothing to do")

    def test_what_a_guest_ran_when_it_was_told_to_leave_goes_on_elsewhere(self):
        self.begin(12, 1.5)
        processes = [self.join() for _ in range(2)]
        self.wait_for_workers(2)
        leader = self.leader(processes)
        guest = next(process for process in processes if process is not leader)
        time.sleep(1)
        guest.send_signal(signal.SIGTERM)
        self.assertEqual(self.ends_of(guest, timeout=30), [4])
        self.assertEqual(self.ends_of(leader), [0])
        self.check_all_done_once(12, interrupted=2)
        failed = [attempt for attempt in self.attempts() if attempt["state"] == "FAILED"]
        self.assertEqual({attempt["class"] for attempt in failed}, {"preempted"}, "that is no failure of theirs")

    def test_a_guest_leads_when_the_head_is_killed(self):
        self.begin(16, 1)
        processes = [self.join() for _ in range(3)]
        self.wait_for_workers(3)
        leader = self.leader(processes)
        guests = [process for process in processes if process is not leader]
        leader.kill()
        self.assertEqual(self.ends_of(*guests, timeout=90), [0, 0])
        self.check_all_done_once(16, interrupted=3)

    def test_a_guest_leads_when_the_head_is_told_to_leave(self):
        self.begin(12, 1)
        processes = [self.join() for _ in range(2)]
        self.wait_for_workers(2)
        leader = self.leader(processes)
        guest = next(process for process in processes if process is not leader)
        leader.send_signal(signal.SIGTERM)
        self.assertEqual(self.ends_of(leader, guest, timeout=60), [4, 0])
        self.check_all_done_once(12, interrupted=4)

    def test_what_a_dead_guest_ran_goes_on_once_it_can_not_run_any_more(self):
        self.begin(8, 1)
        processes = [self.join() for _ in range(2)]
        self.wait_for_workers(2)
        leader = self.leader(processes)
        guest = next(process for process in processes if process is not leader)
        guest.kill()
        self.assertEqual(self.ends_of(leader, timeout=60), [0])
        self.check_all_done_once(8, interrupted=2)

    def test_what_a_guest_runs_that_is_stopped_for_long_never_runs_beside_what_others_do(self):
        self.begin(6, 2)
        processes = [self.join() for _ in range(2)]
        self.wait_for_workers(2)
        leader = self.leader(processes)
        guest = next(process for process in processes if process is not leader)
        guest.send_signal(signal.SIGSTOP)
        time.sleep(4)
        guest.send_signal(signal.SIGCONT)
        self.assertEqual(self.ends_of(leader, guest, timeout=60), [0, 0])
        # What ended well while the guest could not say so may have been done again.
        self.assertEqual(self.status()["counts"]["ok"], 6)
        self.assertFalse((self.directory / "overlaps").exists(), "two attempts of an element ran at once")

    def test_cancel_ends_all(self):
        self.begin(40, 1)
        processes = [self.join() for _ in range(2)]
        self.wait_for_workers(2)
        self.fugle("cancel", self.joined_run, expect=None)
        self.assertEqual(self.ends_of(*processes, timeout=30), [130, 130])
        self.assertEqual(json.loads(self.fugle("status", self.joined_run, "--json", expect=None).stdout)["state"], "CANCELLED")

    def test_who_says_no_join_is_refused_as_ever(self):
        self.begin(10, 1)
        process = self.join()
        self.wait_for_workers(1)
        refused = self.fugle("resume", self.joined_run, "--local", expect=5)
        self.assertIn("is locked", refused.stderr)
        self.assertEqual(self.ends_of(process), [0])
        self.check_all_done_once(10)


if __name__ == "__main__":
    main()
