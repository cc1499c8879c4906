"""Values that commands give by $FUGLE_OUTPUT: read, checked, recorded, shown."""
import unittest

from fugle_case import FugleCase

GIVES = """
version: 1
name: values
tasks:
  perturb:
    outputs:
      spread: {type: value}
      members: {type: list, from: members.txt}
      points: {type: json}
    run: |
      printf 'm%02d\\n' 1 2 3 > members.txt
      echo "spread=0.42" >> "$FUGLE_OUTPUT"
      printf 'points<<END\\n[{"id": "a"},\\n {"id": "b"}]\\nEND\\n' >> "$FUGLE_OUTPUT"
  large:
    outputs: {x: {type: value}}
    run: |
      { printf 'x='; head -c 1048576 /dev/zero | tr '\\0' a; echo; } >> "$FUGLE_OUTPUT"
  silent:
    outputs: {x: {type: value}}
    run: "true"
  stale:
    outputs: {names: {type: list, from: old.txt}}
    run: "true"
  chatty:
    run: echo "colour=red" >> "$FUGLE_OUTPUT"
"""


class ValuesTest(FugleCase):
    def setUp(self):
        super().setUp()
        self.write("w.yaml", GIVES)
        self.write("old.txt", "of an earlier run\n")
        self.fugle("run", "w.yaml", "--local", expect=1)

    def why(self, element):
        return self.json_of("why", element)

    def test_values_are_recorded_and_shown(self):
        self.assertEqual(self.why("perturb")["values"], {
            "spread": "0.42", "members": "m01\nm02\nm03\n", "points": '[{"id": "a"},\n {"id": "b"}]'})
        self.assertIn("  spread = 0.42\n", self.fugle("why", "perturb").stdout)

    def test_a_megabyte_is_no_value(self):
        self.assertIn("value 'x' is 1.0M, limit 64K; declare a file output", self.why("large")["reason"])
        self.assertEqual(self.why("large")["state"], "FAILED")

    def test_what_is_missing_is_named(self):
        self.assertIn("output 'x' was not given; write the line x=VALUE to $FUGLE_OUTPUT",
                      self.why("silent")["reason"])
        self.assertIn("was there before and this attempt did not write it", self.why("stale")["reason"])

    def test_what_nobody_asked_for_is_a_remark(self):
        self.assertIn("write outputs: {colour: {type: value}}", self.why("chatty")["reason"])

    def test_they_outlive_a_life_of_the_run(self):
        self.fugle("resume", expect=1)
        self.assertEqual(self.why("perturb")["values"]["spread"], "0.42")
        self.assertEqual(self.why("perturb")["reason"].split(" ")[:2], ["attempt", "1"])


if __name__ == "__main__":
    unittest.main()
