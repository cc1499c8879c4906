"""The schema for editors, the key reference and the catalogue of codes say what the program does."""

import json
import os
import pathlib
import re
import sys
import unittest

from fugle_case import FugleCase, main

try:
    import jsonschema
    import yaml
except ImportError as missing:
    jsonschema, what_is_missing = None, f"{missing}: apt install python3-jsonschema python3-yaml"
    print(f"NOT TESTED: no workflow file is held against the JSON Schema ({what_is_missing})", file=sys.stderr)

SOURCE = pathlib.Path(os.environ["FUGLE_SOURCE_DIR"])
GOLDEN = SOURCE / "tests/unit/workflow/golden"

# Refused for what stands elsewhere, or for what a schema can not know. All other E103 and E104 are refused by it too.
ONLY_THE_READER_KNOWS = {
    "e104_no_expression_here": "what can be known before the run",
}


def documents_with_scalars_as_text(text):
    """As the reader sees them: a scalar is text until its key says what it is."""
    loader = yaml.BaseLoader(text)
    node = loader.get_single_node()

    def value(node):
        if isinstance(node, yaml.MappingNode):
            return {value(key): value(item) for key, item in node.value}
        if isinstance(node, yaml.SequenceNode):
            return [value(item) for item in node.value]
        return None if node.style is None and node.value in ("", "~", "null") else node.value

    return value(node)


class SchemaTest(FugleCase):
    def schema(self):
        return json.loads(self.fugle("schema").stdout)

    def test_the_options_print_what_the_folder_has(self):
        for option, path in (("--keys", "KEYS.md"), ("--errors", "ERRORS.md")):
            with self.subTest(path):
                self.assertEqual(self.fugle("schema", option).stdout, (SOURCE / "src/workflow" / path).read_text(),
                                 f"write it anew: fugle schema {option} > src/workflow/{path}")
        self.assertEqual(self.fugle("schema", "--json-schema").stdout, self.fugle("schema").stdout)
        self.assertIn("exclude each other", self.fugle("schema", "--keys", "--errors", expect=2).stderr)

    def test_every_code_in_the_source_is_in_the_catalogue_and_the_other_way_round(self):
        used = set()
        for path in [*(SOURCE / "src").rglob("*.cpp"), *(SOURCE / "src").rglob("*.hpp")]:
            if path.name != "error_catalogue.cpp":
                used |= set(re.findall(r'"([EW][0-9]{2,3})"', path.read_text()))
        rows = re.findall(r"^\| ([EW][0-9]+) \|", self.fugle("schema", "--errors").stdout, re.M)
        self.assertEqual(rows, sorted(used))

    def test_every_reference_of_the_schema_is_defined(self):
        schema = self.schema()
        for word in set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(schema))):
            self.assertIn(word, schema["$defs"])

    def test_words_of_the_schema_are_those_that_the_reader_lists(self):
        places = {  # key: (map in the schema, a workflow in which it has the word 'nonsense')
            "on_failure": ("task", "tasks: {a: {run: x, on_failure: nonsense}}"),
            "requeue": ("slurm", "slurm: {requeue: nonsense}\ntasks: {a: {run: x}}"),
            "join": ("task", "tasks: {a: {run: x}, b: {run: x, needs: [a], join: nonsense}}"),
            "cache": ("task", "tasks: {a: {run: x, cache: nonsense}}"),
            "bind": ("resources", "tasks: {a: {run: x, resources: {bind: nonsense}}}"),
            "runtime": ("container", "tasks: {a: {run: x, container: {image: i, runtime: nonsense}}}"),
            "is": ("need", "tasks: {a: {run: x}, b: {run: x, needs: {a: {is: nonsense}}}}"),
            "catch_up": ("trigger", 'triggers: [{schedule: "0 6 * * *", catch_up: nonsense}]\ntasks: {a: {run: x}}'),
            "state": ("trigger", "triggers: [{run: other, state: nonsense}]\ntasks: {a: {run: x}}"),
            "policy": ("on_failure", "tasks: {a: {run: x, on_failure: {policy: nonsense}}}"),
        }
        definitions = self.schema()["$defs"]
        for key, (place, text) in places.items():
            with self.subTest(key):
                self.write("w.yaml", f"version: 1\nname: w\n{text}\n")
                refusal = self.fugle("validate", "w.yaml", expect=2).stderr
                listed = re.search(r"E112: .* is 'nonsense'; one of ([\w, ]+)", refusal)
                self.assertTrue(listed, refusal)
                words = re.findall(r'"enum": \[([^]]*)\]', json.dumps(definitions[place]["properties"][key]))
                self.assertEqual(json.loads(f"[{words[0]}]"), listed[1].split(", "))

    @unittest.skipIf(jsonschema is None, "no jsonschema here")
    def test_what_the_reader_takes_the_schema_takes(self):
        schema = jsonschema.Draft202012Validator(self.schema())
        jsonschema.Draft202012Validator.check_schema(self.schema())
        files = [*sorted((SOURCE / "examples").rglob("*.yaml")), *sorted(GOLDEN.glob("*.yaml"))]
        taken = 0
        for path in files:
            if self.fugle("validate", path, expect=None).returncode != 0:
                continue
            taken += 1
            with self.subTest(path.name):
                self.assertEqual([f"{list(e.path)}: {e.message[:300]}" for e in schema.iter_errors(
                    documents_with_scalars_as_text(path.read_text()))], [])
        self.assertGreater(taken, 5)

    @unittest.skipIf(jsonschema is None, "no jsonschema here")
    def test_unknown_keys_and_wrong_kinds_are_refused_by_the_schema(self):
        schema = jsonschema.Draft202012Validator(self.schema())
        for path in [*sorted(GOLDEN.glob("e103_*.yaml")), *sorted(GOLDEN.glob("e104_*.yaml"))]:
            with self.subTest(path.name):
                document = documents_with_scalars_as_text(path.read_text())
                self.assertEqual(not schema.is_valid(document), path.stem not in ONLY_THE_READER_KNOWS)


if __name__ == "__main__":
    main()
