"""fugle bench on this machine, whatever it is: figures are there, or the notes say why not."""

import json
import unittest

from fugle_case import FugleCase


class BenchTest(FugleCase):
    def test_prints_what_this_machine_can_do(self):
        result = self.fugle("bench", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        figures = json.loads(result.stdout)
        self.assertGreater(figures["cores"], 0)
        self.assertTrue(figures["host"])
        self.assertGreater(figures["calls_per_s"], 1000)
        self.assertTrue(figures["processes_per_s"] or figures["notes"])
        self.assertTrue(figures["mpi_task"]["fugle_ms"] or figures["notes"])


if __name__ == "__main__":
    unittest.main()
