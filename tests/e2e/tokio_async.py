# SPDX-License-Identifier: MIT OR Apache-2.0
"""Async functions under tokio: what test_async.py asks of a hand-written executor.

Not part of `make check`: cargo downloads and builds tokio, which takes a minute.

    FDBG=./fdbg python3 ../tests/e2e/run.py tokio_async.py
"""

import os
import shutil
import subprocess
import unittest

import gen_async
import harness
from test_async import Base

MANIFEST = """
[package]
name = "app"
version = "0.1.0"
edition = "2021"
[dependencies]
tokio = { version = "1", features = ["rt-multi-thread", "macros", "time", "sync"] }
"""

# Told, At and the coroutines are gen_async's; tokio takes the place of its executor.
SOURCE = gen_async.HEAD + r"""
async fn leaf(at: At, n: u32) -> u32 {
    at.line(line!()); tokio::task::yield_now().await;
    n + 1
}
async fn sleepy(at: At, ms: u64) -> Result<u64, String> {
    at.line(line!()); tokio::time::sleep(std::time::Duration::from_millis(ms)).await;
    if ms % 2 == 0 { Ok(ms) } else { Err(format!("odd {}", ms)) }
}
async fn worker(at: At, i: u32, tx: tokio::sync::mpsc::Sender<u32>) -> String {
    for k in 0..5 {
        at.line(line!()); let n = told("app::leaf", |at| leaf(at, i * 10 + k)).await;
        at.line(line!()); tx.send(n).await.unwrap();
    }
    format!("worker {}", i)
}
async fn both(at: At, n: u32) -> (u32, u32) {
    // A macro's await has no line in this function.
    at.line(4294967294); tokio::join!(told("app::leaf", |at| leaf(at, n)), told("app::leaf", |at| leaf(at, n + 10)))
}
async fn first(at: At, ms: u64) -> u64 {
    let (a, b) = (told("app::sleepy", |at| sleepy(at, ms)), told("app::sleepy", |at| sleepy(at, ms + 3000)));
    at.line(4294967294);
    tokio::select! { r = a => r.unwrap_or(1), _ = b => 2 }
}
async fn fails(at: At, n: u32) -> u32 {
    at.line(line!()); let n = told("app::leaf", |at| leaf(at, n)).await;
    panic!("in task {}", n)
}
#[tokio::main(flavor = "multi_thread", worker_threads = 3)]
async fn main() {
    told("app::both", |at| both(at, 1)).await;
    told("app::first", |at| first(at, 4)).await;
    told("app::first", |at| first(at, 5)).await;
    let (tx, mut rx) = tokio::sync::mpsc::channel(2);
    let tasks: Vec<_> = (0..4).map(|i| tokio::spawn(told("app::worker", |at| worker(at, i, tx.clone())))).collect();
    drop(tx);
    let mut sum = 0;
    while let Some(n) = rx.recv().await { sum += n; }
    for task in tasks { task.await.unwrap(); }
    assert!(tokio::spawn(told("app::fails", |at| fails(at, 1))).await.is_err());
    assert_eq!(sum, (0..4).map(|i| (0..5).map(|k| i * 10 + k + 1).sum::<u32>()).sum::<u32>());
}
"""


class TokioTest(Base):
    def build(self):
        """Built once, beside the other programs of the tests."""
        if not shutil.which("cargo"):
            self.skipTest("there is no cargo")
        folder = os.path.join(harness.CACHE, "tokio")
        os.makedirs(os.path.join(folder, "src"), exist_ok=True)
        for name, text in (("Cargo.toml", MANIFEST), ("src/main.rs", SOURCE)):
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)
        done = subprocess.run(["cargo", "build", "--quiet"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            output = done.stdout.decode(errors="replace")
            if "failed to" in output and ("download" in output or "resolve" in output):
                self.skipTest("tokio cannot be had: %s" % output.splitlines()[-1])
            self.fail(output[-4000:])
        return os.path.join(folder, "target", "debug", "app")

    def test_polls(self):
        rec = self.record(self.build(), opts=gen_async.ONLY_POLLS, timeout=120 * harness.SLOWNESS)
        told = self.compare(rec, rec.stdout_text.replace(" 4294967294 ", " ? "))
        names = gen_async.names_in(told)
        self.assertEqual(names, {"app::leaf", "app::sleepy", "app::worker", "app::both", "app::first", "app::fails"})
        panics = [e for e in rec.events() if e["event"] == "panic"]
        self.assertEqual([dict(e["locals"])["message"] for e in panics], ['"in task 2"'])


if __name__ == "__main__":
    unittest.main()
