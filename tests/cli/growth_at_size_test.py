"""Three run-time expansions in a chain, the whole job killed in the second: the next life has the same elements, each once.

FUGLE_GROWTH_ELEMENTS chooses how many there are in all: 100000 is what is promised.
"""

import collections
import os

from fugle_case import FugleCase, main, poll
from kill_drill_test import Parts, kill

ELEMENTS = int(os.environ.get("FUGLE_GROWTH_ELEMENTS", "1000"))
FIRST = 4
SECOND = 10  # of each of the first
THIRD = max(1, (ELEMENTS - FIRST - FIRST * SECOND) // (FIRST * SECOND))  # of each of the second
PATIENCE = 60 + ELEMENTS / 20  # seconds

WORKFLOW = f"""
version: 1
name: chain
tasks:
  split:
    outputs: {{parts: {{type: list, from: parts.txt}}}}
    run: seq {FIRST} > parts.txt
  first:
    foreach: ${{{{ tasks.split.outputs.parts }}}}
    outputs: {{next: {{type: list}}}}
    run: |
      {{ echo 'next<<END'; seq -f "${{{{ item }}}}-%g" {SECOND}; echo END; }} >> "$FUGLE_OUTPUT"
  second:
    foreach: ${{{{ tasks.first.outputs.next }}}}
    outputs: {{next: {{type: list}}}}
    run: |
      case ${{{{ item }}}} in *-7) if [ -e gate ]; then touch at-gate; exec sleep 1000; fi ;; esac
      echo "second[${{{{ item }}}}]" >> ledger
      {{ echo 'next<<END'; seq -f "${{{{ item }}}}-%g" {THIRD}; echo END; }} >> "$FUGLE_OUTPUT"
  third:
    foreach: ${{{{ tasks.second.outputs.next }}}}
    run: [/bin/true]
  last: {{needs: [third], run: touch last}}
"""


def expected_elements():
    first = [f"{i + 1}" for i in range(FIRST)]
    second = [f"{above}-{i + 1}" for above in first for i in range(SECOND)]
    third = [f"{above}-{i + 1}" for above in second for i in range(THIRD)]
    return (["split", "last"] + [f"first[{i}]" for i in first] + [f"second[{i}]" for i in second] +
            [f"third[{i}]" for i in third])


class GrowthAtSizeTest(FugleCase):
    def ok_elements(self):
        return [attempt["element"] for attempt in self.attempts() if attempt["state"] == "OK"]

    def ledger(self):
        return collections.Counter(self.read("ledger").split())

    def test_the_next_life_has_the_same_elements_and_each_once(self):
        self.write("w.yaml", WORKFLOW)
        self.write("gate", "")
        run = self.start("run", "w.yaml", "-n", 2, "-j2")
        poll(lambda: (self.directory / "at-gate").exists() or run.poll() is not None, 120, "the gate")
        self.assertIsNone(run.poll(), "the run ended before it was killed")
        poll(lambda: len(self.ok_elements()) > 1 + FIRST, 120, "the end of some elements of the second expansion")
        kill(Parts(run).ours)
        run.wait()
        before = self.ok_elements()
        ended = self.ledger()
        (self.directory / "gate").unlink()

        self.fugle("resume", timeout=PATIENCE)
        after = self.ok_elements()
        self.assertEqual(sorted(after), sorted(expected_elements()), "each element is OK once, and there are no others")
        self.assertLessEqual(set(before), set(after))
        now = self.ledger()
        self.assertEqual({e: now[e] for e in before if e in ended}, {e: ended[e] for e in before if e in ended},
                         "what was OK did not run again")
        self.assertTrue((self.directory / "last").exists())
        self.assertEqual(self.status()["state"], "OK")
        self.assertIn("nothing to do", self.fugle("resume").stdout)


if __name__ == "__main__":
    main()
