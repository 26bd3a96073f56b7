# SPDX-License-Identifier: MIT OR Apache-2.0
"""fdbg cargo and fdbg list-targets, with the real cargo on a small workspace without dependencies from elsewhere."""

import json
import os
import shutil
import unittest

import harness
from harness import E2ETest

FILES = {
    "Cargo.toml": '[workspace]\nmembers = ["app", "my-util"]\n',
    "app/Cargo.toml": '[package]\nname = "app"\nversion = "1.2.3"\nedition = "2021"\ndefault-run = "app"\n'
                      'build = "build.rs"\n[dependencies]\nmy-util = { path = "../my-util" }\n',
    "app/build.rs": 'fn main() { println!("cargo:rustc-env=FROM_SCRIPT=scripted"); }',
    "app/src/main.rs": """
fn add(a: u32, b: u32) -> u32 { a + b }
fn main() {
    let n: u32 = std::env::args().nth(1).map_or(1, |a| a.parse().unwrap());
    println!("{} {} {} {}", add(n, my_util::twice(n)), std::env::var("CARGO_PKG_VERSION").unwrap(),
             std::env::var("FROM_SCRIPT").unwrap(), cfg!(debug_assertions));
    std::process::exit(3);
}
""",
    "app/src/bin/other.rs": 'fn side(x: u8) -> u8 { x } fn main() { side(7); }',
    "app/examples/show.rs": 'fn shown(x: &str) -> usize { x.len() } fn main() { println!("{}", shown("example")); }',
    "app/tests/integration.rs": """
fn probe(x: i8) -> i8 { x }
#[test] fn adds() { assert_eq!(my_util::twice(4), 8); assert_eq!(probe(-3), -3);
    assert!(std::path::Path::new("examples/show.rs").exists()); }
#[test] fn fails() { probe(5); panic!("as it should"); }
""",
    "my-util/Cargo.toml": '[package]\nname = "my-util"\nversion = "0.1.0"\nedition = "2021"\n',
    "my-util/src/lib.rs": """
pub fn twice(n: u32) -> u32 { n * 2 }
#[cfg(test)] mod tests {
    #[test] fn twice_works() { assert_eq!(super::twice(21), 42); }
    #[test] fn twice_zero() { assert_eq!(super::twice(0), 0); }
}
""",
}


class CargoTest(E2ETest):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("cargo"):
            raise unittest.SkipTest("no cargo on PATH")
        cls.scratch = harness.Scratch()
        cls.root = cls.scratch.path
        for name, text in FILES.items():
            path = os.path.join(cls.root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.__exit__(None, None, None)

    def fdbg(self, *words, status=0):
        done = harness.run([harness.FDBG] + list(words), cwd=self.root, env={"CARGO_NET_OFFLINE": "true"}, timeout=300 * harness.SLOWNESS)
        self.assertEqual(done.status, status, str(done))
        return done

    def calls(self, file):
        lines = self.fdbg("dump", file).stdout.decode().splitlines()
        events = [json.loads(line) for line in lines]
        return [(e["function"], [v for _, v in e["args"]]) for e in events if e["event"] == "call"]

    def test_list_targets(self):
        lines = [line.split() for line in self.fdbg("list-targets").stdout.decode().splitlines()]
        self.assertEqual(sorted(lines), sorted([["bin", "app", "app"], ["bin", "other", "app"], ["example", "show", "app"],
                                                ["test", "integration", "app"], ["lib", lines[-1][1], "my-util"]]))
        objects = [json.loads(line) for line in self.fdbg("list-targets", "--json").stdout.splitlines()]
        self.assertEqual([[o["kind"], o["name"], o["package"]] for o in objects], lines)

    def test_run(self):
        done = self.fdbg("cargo", "-q", "run", "--", "5", status=3)
        self.assertEqual(done.stdout.decode(), "15 1.2.3 scripted true\n")
        calls = self.calls("app.firedbg.ss")
        self.assertIn(("app::add", ["5", "10"]), calls)
        self.assertIn(("my_util::twice", ["5"]), calls)

    def test_run_another_binary(self):
        self.fdbg("cargo", "-q", "run", "--bin=other")
        self.assertIn(("other::side", ["7"]), self.calls("other.firedbg.ss"))

    def test_release_has_debug_information(self):
        done = self.fdbg("cargo", "-q", "-o", "release.ss", "run", "--release", "--bin", "app", status=3)
        self.assertEqual(done.stdout.decode(), "3 1.2.3 scripted false\n")
        self.assertIn("app::main", [name for name, _ in self.calls("release.ss")])

    def test_example(self):
        self.fdbg("cargo", "-q", "example", "show")
        self.assertIn(("show::shown", ['"example"']), self.calls("show.firedbg.ss"))

    def test_one_test(self):
        self.fdbg("cargo", "-q", "test", "adds")
        calls = self.calls("integration.adds.firedbg.ss")
        self.assertIn(("my_util::twice", ["4"]), calls)
        self.assertIn(("integration::probe", ["-3"]), calls)
        self.assertNotIn("integration::fails", [name for name, _ in calls])
        self.fdbg("cargo", "-q", "test", "tests::twice_zero")
        self.assertEqual([c for c in self.calls("my_util.tests.twice_zero.firedbg.ss") if c[0] == "my_util::twice"],
                         [("my_util::twice", ["0"])])

    def test_failing_test_passes_its_status_on(self):
        self.fdbg("cargo", "-q", "test", "fails", status=101)
        dump = self.fdbg("dump", "integration.fails.firedbg.ss").stdout.decode()
        self.assertIn('"event":"panic"', dump)

    def test_wrong_use(self):
        for words, text in (
                (["test", "twice"], "tests::twice_works, tests::twice_zero"),
                (["test", "no_such_test"], "no test in"),
                (["test"], "several test programs"),
                (["example"], "which example?"),
                (["fly"], "run, example, test or bench is expected"),
                (["run", "--bin", "missing"], "cargo build ended with status 101"),
                (["run", "stray"], "unexpected 'stray'"),
                (["--attach", "1", "run"], "--attach")):
            self.assertIn(text, self.fdbg("cargo", *words, status=125).stderr.decode())

    def test_no_cargo(self):
        done = harness.run([harness.FDBG, "cargo", "run"], cwd=self.root, env={"PATH": "/nonexistent"})
        self.assertEqual(done.status, 127)
        self.assertIn("cargo is not there", done.stderr.decode())

    def test_firedbg_toml(self):
        path = os.path.join(self.root, "firedbg.toml")
        self.addCleanup(lambda: os.path.exists(path) and os.remove(path))
        for level, traced in (("full", True), ("none", False)):
            with open(path, "w") as file:
                file.write('[workspace.members]\nmy-util = { trace = "%s" }\n' % level)
            self.fdbg("cargo", "-q", "-o", "toml.ss", "run", status=3)
            names = [name for name, _ in self.calls("toml.ss")]
            self.assertIn("app::add", names)
            self.assertEqual("my_util::twice" in names, traced)
        # The command line wins.
        self.fdbg("cargo", "-q", "-o", "toml.ss", "-p", "my_util", "run", status=3)
        self.assertEqual([name for name, _ in self.calls("toml.ss")], ["my_util::twice"])
        for text, error in (('[workspace.members]\nmy-util = { trace = "some" }\n', 'firedbg.toml:2: trace must be'),
                            ('[workspace.members]\nnobody = { trace = "full" }\n', "no package nobody")):
            with open(path, "w") as file:
                file.write(text)
            self.assertIn(error, self.fdbg("cargo", "-q", "run", status=125).stderr.decode())


if __name__ == "__main__":
    unittest.main()
