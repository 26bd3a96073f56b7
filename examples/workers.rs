// SPDX-License-Identifier: MIT OR Apache-2.0
//! Four threads take jobs from one queue; one job panics, and its thread goes on with the next.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::thread;

#[derive(Debug, Clone)]
enum Job {
    Square(i64),
    Join(Vec<String>),
    Fail { reason: &'static str },
}

#[derive(Debug)]
struct Outcome {
    text: String,
    failed: bool,
}

type Queue = Arc<Mutex<VecDeque<Job>>>;

fn take(queue: &Queue) -> Option<Job> {
    queue.lock().unwrap().pop_front()
}

fn perform(job: Job) -> String {
    match job {
        Job::Square(n) => square(n).to_string(),
        Job::Join(words) => words.join("-"),
        Job::Fail { reason } => panic!("{}", reason),
    }
}

fn square(n: i64) -> i64 {
    n * n
}

fn work(worker: usize, queue: &Queue) -> Vec<Outcome> {
    let mut done = Vec::new();
    while let Some(job) = take(queue) {
        done.push(match std::panic::catch_unwind(|| perform(job)) {
            Ok(text) => Outcome { text, failed: false },
            Err(_) => Outcome { text: format!("worker {} went on", worker), failed: true },
        });
        thread::yield_now();
    }
    done
}

fn jobs() -> VecDeque<Job> {
    let mut jobs: VecDeque<Job> = (1..=8).map(Job::Square).collect();
    jobs.push_back(Job::Fail { reason: "this job always fails" });
    jobs.push_back(Job::Join(vec![String::from("a"), String::from("b")]));
    jobs
}

fn main() {
    let queue: Queue = Arc::new(Mutex::new(jobs()));
    let threads: Vec<_> = (0..4)
        .map(|worker| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || work(worker, &queue))
        })
        .collect();
    let mut all: Vec<Outcome> = threads.into_iter().flat_map(|t| t.join().unwrap()).collect();
    all.sort_by(|a, b| (a.failed, &a.text).cmp(&(b.failed, &b.text)));
    for outcome in all.iter().filter(|o| !o.failed) {
        println!("{}", outcome.text);
    }
    println!("{} failed", all.iter().filter(|o| o.failed).count());
}
