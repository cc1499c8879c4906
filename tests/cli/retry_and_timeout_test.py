"""Retries with their delays and classes, timeouts that end the whole group of processes."""

import os

from fugle_case import FugleCase, main, poll, processes_of

SECOND = 1_000_000_000


class Retries(FugleCase):
    def starts_and_ends(self, element):
        """[(start_ns, end_ns)] of its attempts, from the journalled events."""
        events = self.json_of("history", "--events")
        return [(e["start_ns"], e["time_ns"]) for e in events
                if e["kind"] == "attempt_ended" and e.get("element") == element]

    def test_a_flaky_element_is_ok_on_its_third_attempt_after_growing_delays(self):
        self.write("w.yaml", """
version: 1
name: flaky
tasks:
  flaky:
    retries: {max: 2, delay: 1s, backoff: 2, jitter: 0.1}
    run: echo "this is attempt $FUGLE_ATTEMPT"; echo >> count; test $(wc -l < count) -gt 2
""")
        self.fugle("run", "w.yaml")
        attempts = self.attempts()
        self.assertEqual([(a["attempt"], a["state"]) for a in attempts], [(1, "FAILED"), (2, "FAILED"), (3, "OK")])
        times = self.starts_and_ends("flaky")
        for wanted, before, after in [(1, times[0], times[1]), (2, times[1], times[2])]:
            delay = (after[0] - before[1]) / SECOND
            self.assertGreaterEqual(delay, wanted * 0.9)
            self.assertLess(delay, wanted * 1.1 + 10, "far above the delay and its jitter")
        for number in [1, 2, 3]:
            log = self.fugle("logs", "flaky", "flaky", "--attempt", number).stdout
            self.assertEqual(log, f"this is attempt {number}\n")

    def test_waiting_for_a_retry_holds_no_core(self):
        self.write("w.yaml", """
version: 1
name: holds
tasks:
  flaky: {priority: 5, retries: {max: 1, delay: 3s, jitter: 0}, run: "mkdir tried && exit 1 || true"}
  others: {matrix: {i: "1..5"}, run: "true"}
""")
        self.fugle("run", "w.yaml", "-j1")
        (_, first_end), (second_start, _) = self.starts_and_ends("flaky")
        between = [a for a in self.attempts() if a["element"].startswith("others") and
                   first_end <= a["start_ns"] <= second_start]
        self.assertEqual(len(between), 5)

    def test_only_the_classes_and_codes_asked_for_are_retried(self):
        self.write("w.yaml", """
version: 1
name: classes
defaults: {retries: {max: 2, delay: 0s, when: [signal, 3]}}
tasks:
  code3: {run: "exit 3"}
  code4: {run: "exit 4"}
  killed: {run: "kill -9 $$"}
""")
        self.fugle("run", "w.yaml", expect=1)
        last = {a["element"]: a for a in self.attempts()}
        self.assertEqual({e: a["attempt"] for e, a in last.items()}, {"code3": 3, "code4": 1, "killed": 3})
        self.assertEqual((last["killed"]["class"], last["killed"]["signal"]), ("signal", 9))
        self.assertEqual((last["code4"]["class"], last["code4"]["exit"]), ("error", 4))

    def test_plan_shows_the_policy_in_force(self):
        self.write("w.yaml", 'version: 1\nname: p\ntasks: {a: {retries: {max: 3, delay: 7s}, run: "true"}}\n')
        said = self.fugle("plan", "w.yaml").stdout
        self.assertRegex(said, r"a +.*3.*7")


class Timeouts(FugleCase):
    def test_a_timeout_ends_the_whole_group_even_when_it_ignores_the_first_signal(self):
        self.write("w.yaml", """
version: 1
name: stubborn
tasks:
  stubborn:
    timeout: 2s
    grace: 1s
    run: |
      trap '' TERM
      sleep 300 &
      echo "child $!"
      sleep 300
  beside: {run: "true"}
""")
        self.fugle("run", "w.yaml", expect=1)
        attempt = next(a for a in self.attempts() if a["element"] == "stubborn")
        self.assertEqual((attempt["state"], attempt["class"], attempt["signal"]), ("FAILED", "timeout", 9))
        self.assertGreaterEqual(attempt["end_ns"] - attempt["start_ns"], 3 * SECOND * 0.99)
        child = self.fugle("logs", "stubborn", "stubborn").stdout.split()[1]
        self.assertFalse(os.path.exists(f"/proc/{child}"), "the forked child outlived the timeout")
        self.no_process_of_the_run_is_left()
        self.assertIn("timeout", self.fugle("why", "stubborn", "stubborn").stdout)

    def test_a_polite_task_may_clean_up_within_the_grace(self):
        self.write("w.yaml", """
version: 1
name: polite
tasks:
  polite:
    timeout: 1s
    run: |
      trap 'echo closed > checkpoint; exit 0' TERM
      while :; do sleep 0.05; done
""")
        self.fugle("run", "w.yaml", expect=1)
        self.assertEqual(self.read("checkpoint"), "closed\n")
        self.assertEqual(self.attempts()[0]["class"], "timeout")

    def test_the_clock_of_a_timeout_starts_with_the_process_not_with_the_wait(self):
        self.write("w.yaml", """
version: 1
name: queue
defaults: {timeout: 4s}
tasks:
  w: {matrix: {i: "1..3"}, run: sleep 1.6}
""")
        self.fugle("run", "w.yaml", "-j1")

    def test_what_a_task_leaves_behind_ends_with_its_attempt(self):
        self.write("w.yaml", """
version: 1
name: leaver
tasks:
  a: {run: "sleep 301 & setsid sleep 302 & disown -a"}
  b: {needs: [a], run: "true"}
""")
        self.fugle("run", "w.yaml")
        self.no_process_of_the_run_is_left()

    def no_process_of_the_run_is_left(self):
        run_id = self.run_dir().name
        poll(lambda: not processes_of(f"FUGLE_RUN_ID={run_id}"), what="the end of all processes")


if __name__ == "__main__":
    main()
