// SPDX-License-Identifier: MIT OR Apache-2.0
//! What bench/run records: as many calls of one function as asked for, and little else.

#[derive(Debug)]
struct Order {
    id: u64,
    name: String,
    amounts: Vec<u32>,
    note: Option<Box<str>>,
}

#[inline(never)]
fn step(n: u64) -> u64 {
    n.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407)
}

#[inline(never)]
fn text(s: &str, n: usize) -> bool {
    s.len() > n
}

#[inline(never)]
fn order(o: &Order) -> u64 {
    o.id + o.name.len() as u64 + o.amounts.len() as u64 + o.note.as_ref().map_or(0, |n| n.len() as u64)
}

fn main() {
    let mut words = std::env::args().skip(1);
    let what = words.next().expect("what to call");
    let count: u64 = words.next().expect("how often").parse().expect("a number");
    let one = Order {
        id: 7,
        name: String::from("forty two bytes of text, or nearly so, yes"),
        amounts: (0..16).collect(),
        note: Some("urgent".into()),
    };
    let mut sum = 0u64;
    for i in 0..count {
        sum = sum.wrapping_add(match what.as_str() {
            "step" => step(i),
            "text" => u64::from(text("a text of some twenty bytes", i as usize)),
            "order" => order(&one),
            _ => panic!("step, text or order"),
        });
    }
    println!("{}", sum);
}
