// SPDX-License-Identifier: MIT OR Apache-2.0
// A program of many small algorithms whose functions print nothing, for test_levels.py.
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt::Write;
#[derive(Debug, Clone, PartialEq)]
pub enum Tok {
    Num(i64),
    Op(char),
    Open,
    Close,
}
#[derive(Debug, Clone)]
pub enum Expr {
    Lit(i64),
    Bin(Box<Expr>, char, Box<Expr>),
    Neg(Box<Expr>),
}
#[derive(Debug, Clone, PartialEq)]
pub enum Fail {
    Unexpected(usize),
    DivZero,
    Overflow { at: i64 },
    End,
}
#[inline(never)]
fn lex(s: &str) -> Result<Vec<Tok>, Fail> {
    let b = s.as_bytes();
    let mut i = 0;
    let mut v = vec![];
    while i < b.len() {
        match b[i] {
            b' ' => i += 1,
            b'0'..=b'9' => {
                let (n, j) = number(b, i);
                v.push(Tok::Num(n));
                i = j;
            }
            b'+' | b'-' | b'*' | b'/' => {
                v.push(Tok::Op(b[i] as char));
                i += 1;
            }
            b'(' => {
                v.push(Tok::Open);
                i += 1;
            }
            b')' => {
                v.push(Tok::Close);
                i += 1;
            }
            _ => return Err(Fail::Unexpected(i)),
        }
    }
    Ok(v)
}
#[inline(never)]
fn number(b: &[u8], mut i: usize) -> (i64, usize) {
    let mut n = 0i64;
    while i < b.len() && b[i].is_ascii_digit() {
        n = n.wrapping_mul(10) + (b[i] - b'0') as i64;
        i += 1;
    }
    (n, i)
}
struct P<'a> {
    t: &'a [Tok],
    i: usize,
}
impl<'a> P<'a> {
    #[inline(never)]
    fn peek(&self) -> Option<&Tok> {
        self.t.get(self.i)
    }
    #[inline(never)]
    fn peek_op(&self) -> Option<char> {
        match self.peek() {
            Some(Tok::Op(c)) => Some(*c),
            _ => None,
        }
    }
    #[inline(never)]
    fn bump(&mut self) -> bool {
        self.i += 1;
        self.i < self.t.len()
    }
    #[inline(never)]
    fn atom(&mut self) -> Result<Expr, Fail> {
        match self.peek().cloned() {
            Some(Tok::Num(n)) => {
                self.bump();
                Ok(Expr::Lit(n))
            }
            Some(Tok::Op('-')) => {
                self.bump();
                Ok(Expr::Neg(Box::new(self.atom()?)))
            }
            Some(Tok::Open) => {
                self.bump();
                let e = self.sum()?;
                if self.peek() != Some(&Tok::Close) {
                    return Err(Fail::Unexpected(self.i));
                }
                self.bump();
                Ok(e)
            }
            Some(_) => Err(Fail::Unexpected(self.i)),
            None => Err(Fail::End),
        }
    }
    #[inline(never)]
    fn product(&mut self) -> Result<Expr, Fail> {
        let mut l = self.atom()?;
        while let Some(c @ ('*' | '/')) = self.peek_op() {
            self.bump();
            let r = self.atom()?;
            l = Expr::Bin(Box::new(l), c, Box::new(r));
        }
        Ok(l)
    }
    #[inline(never)]
    fn sum(&mut self) -> Result<Expr, Fail> {
        let mut l = self.product()?;
        while let Some(c @ ('+' | '-')) = self.peek_op() {
            self.bump();
            let r = self.product()?;
            l = Expr::Bin(Box::new(l), c, Box::new(r));
        }
        Ok(l)
    }
}
#[inline(never)]
fn apply(a: i64, c: char, b: i64) -> Result<i64, Fail> {
    Ok(match c {
        '+' => a.checked_add(b).ok_or(Fail::Overflow { at: a })?,
        '-' => a - b,
        '*' => a.checked_mul(b).ok_or(Fail::Overflow { at: b })?,
        '/' => {
            if b == 0 {
                return Err(Fail::DivZero);
            }
            a / b
        }
        _ => unreachable!(),
    })
}
#[inline(never)]
fn eval(e: &Expr) -> Result<i64, Fail> {
    match e {
        Expr::Lit(n) => Ok(*n),
        Expr::Neg(e) => Ok(-eval(e)?),
        Expr::Bin(a, c, b) => {
            let a = eval(a)?;
            let b = eval(b)?;
            apply(a, *c, b)
        }
    }
}
#[inline(never)]
fn calc(s: &str) -> Result<i64, Fail> {
    let t = lex(s)?;
    let mut p = P { t: &t, i: 0 };
    let e = p.sum()?;
    if p.i < t.len() {
        return Err(Fail::Unexpected(p.i));
    }
    eval(&e)
}
#[inline(never)]
fn quick<T: PartialOrd + Copy>(v: &mut [T]) -> usize {
    if v.len() < 2 {
        return 0;
    }
    let m = partition(v);
    let (a, b) = v.split_at_mut(m);
    1 + quick(a) + quick(&mut b[1..])
}
#[inline(never)]
fn partition<T: PartialOrd + Copy>(v: &mut [T]) -> usize {
    let p = v[v.len() - 1];
    let mut i = 0;
    for j in 0..v.len() - 1 {
        if v[j] < p {
            v.swap(i, j);
            i += 1;
        }
    }
    let n = v.len() - 1;
    v.swap(i, n);
    i
}
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct M([[f64; 3]; 3]);
#[inline(never)]
fn mul(a: &M, b: &M) -> M {
    let mut r = M([[0.0; 3]; 3]);
    for i in 0..3 {
        for j in 0..3 {
            for k in 0..3 {
                r.0[i][j] += a.0[i][k] * b.0[k][j];
            }
        }
    }
    r
}
#[inline(never)]
fn det(a: &M) -> f64 {
    let m = &a.0;
    m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
}
#[inline(never)]
fn power(a: M, n: u32) -> M {
    if n == 0 {
        M([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    } else if n % 2 == 1 {
        mul(&a, &power(a, n - 1))
    } else {
        let h = power(a, n / 2);
        mul(&h, &h)
    }
}
#[inline(never)]
fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 {
        a
    } else {
        gcd(b, a % b)
    }
}
#[inline(never)]
fn fact(n: u64, acc: u128) -> u128 {
    if n == 0 {
        acc
    } else {
        fact(n - 1, acc * n as u128)
    }
}
#[inline(never)]
fn ack(m: u64, n: u64) -> u64 {
    if m == 0 {
        n + 1
    } else if n == 0 {
        ack(m - 1, 1)
    } else {
        ack(m - 1, ack(m, n - 1))
    }
}
#[inline(never)]
fn even(n: u32) -> bool {
    n == 0 || odd(n - 1)
}
#[inline(never)]
fn odd(n: u32) -> bool {
    n != 0 && even(n - 1)
}
#[inline(never)]
fn minmax(v: &[i32]) -> Option<(i32, i32)> {
    let f = *v.first()?;
    Some(v.iter().fold((f, f), |(a, b), &x| (a.min(x), b.max(x))))
}
#[inline(never)]
fn words(s: &str) -> BTreeMap<String, usize> {
    let mut m = BTreeMap::new();
    for w in s.split_whitespace() {
        *m.entry(lower(w)).or_insert(0) += 1;
    }
    m
}
#[inline(never)]
fn lower(s: &str) -> String {
    let mut o = String::new();
    for c in s.chars() {
        write!(o, "{}", c.to_ascii_lowercase()).unwrap();
    }
    o
}
#[inline(never)]
fn longest<'a>(a: &'a str, b: &'a str) -> &'a str {
    if a.len() >= b.len() {
        a
    } else {
        b
    }
}
#[inline(never)]
fn find(s: &[u32], x: u32) -> Result<usize, usize> {
    s.binary_search(&x)
}
trait Shape {
    fn area(&self) -> f64;
    fn name(&self) -> String {
        "shape".into()
    }
    fn scale(&mut self, k: f32) -> bool;
}
#[derive(Debug)]
struct Sq(f64);
#[derive(Debug)]
struct Rc2 {
    w: f64,
    h: f64,
}
impl Shape for Sq {
    #[inline(never)]
    fn area(&self) -> f64 {
        self.0 * self.0
    }
    #[inline(never)]
    fn scale(&mut self, k: f32) -> bool {
        self.0 *= k as f64;
        true
    }
}
impl Shape for Rc2 {
    #[inline(never)]
    fn area(&self) -> f64 {
        self.w * self.h
    }
    #[inline(never)]
    fn name(&self) -> String {
        format!("rect{}", self.w)
    }
    #[inline(never)]
    fn scale(&mut self, k: f32) -> bool {
        self.w *= k as f64;
        self.h > 3.0
    }
}
#[inline(never)]
fn total(v: &[Box<dyn Shape>]) -> f64 {
    v.iter().map(|s| s.area()).sum()
}
#[derive(Debug, Clone)]
struct Big {
    a: [u64; 6],
    name: String,
    o: Option<Box<Big>>,
}
#[inline(never)]
fn big(n: u64) -> Big {
    forward(n, n * 2)
}
#[inline(never)]
fn forward(n: u64, k: u64) -> Big {
    if n % 2 == 0 {
        make(n, k, None)
    } else {
        make(n + 1, k, Some(Box::new(make(k, n, None))))
    }
}
#[inline(never)]
fn make(n: u64, k: u64, o: Option<Box<Big>>) -> Big {
    let mut a = [n; 6];
    a[3] = k;
    Big {
        a,
        name: format!("b{n}"),
        o,
    }
}
#[inline(never)]
fn consume(b: Big) -> u64 {
    b.a.iter().sum::<u64>() + b.name.len() as u64 + b.o.map_or(0, |x| consume(*x))
}
#[inline(never)]
fn compose(f: Box<dyn FnOnce(i32) -> i32>, g: fn(i32) -> i32) -> impl FnOnce(i32) -> i32 {
    move |x| g(f(x))
}
#[inline(never)]
fn twice(x: i32) -> i32 {
    x * 2
}
#[inline(never)]
fn bfs(g: &HashMap<u32, Vec<u32>>, s: u32, t: u32) -> Option<usize> {
    let mut q = VecDeque::from([(s, 0)]);
    let mut seen = vec![s];
    while let Some((n, d)) = q.pop_front() {
        if n == t {
            return Some(d);
        }
        for &m in g.get(&n).into_iter().flatten() {
            if !seen.contains(&m) {
                seen.push(m);
                q.push_back((m, d + 1));
            }
        }
    }
    None
}
#[inline(never)]
fn flags(x: u8) -> (bool, bool) {
    (x & 1 != 0, x & 2 != 0)
}
#[inline(never)]
fn pack(a: u16, b: u8) -> (u16, u8) {
    (a.rotate_left(3), b ^ 0x5a)
}
#[inline(never)]
fn mix(a: f32, b: u64) -> (f32, u64) {
    (a * 2.0, b + 1)
}
#[inline(never)]
fn wide(a: u128, b: i128) -> i128 {
    (a as i128) * 3 - b
}
#[inline(never)]
#[track_caller]
fn located(n: u32) -> u32 {
    std::panic::Location::caller().line() * n
}
#[cold]
#[inline(never)]
fn cold(n: i32) -> Option<i8> {
    i8::try_from(n).ok()
}
#[inline(never)]
fn large(n: usize) -> u64 {
    let mut a = [0u8; 20000];
    a[n * 900] = n as u8;
    std::hint::black_box(&mut a)[1800] as u64
}
#[repr(align(64))]
#[derive(Debug, Clone, Copy)]
struct Al([u32; 4]);
#[inline(never)]
fn aligned(n: u32, s: &str) -> Al {
    let mut x = Al([n; 4]);
    std::hint::black_box(&mut x);
    x.0[1] += s.len() as u32;
    x
}
#[inline(never)]
fn collatz(mut n: u64) -> u32 {
    let mut c = 0;
    while n != 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        c += 1;
    }
    c
}
#[inline(never)]
fn parse(s: &str) -> Result<u16, std::num::ParseIntError> {
    s.trim().parse()
}
#[inline(never)]
fn chain(v: &[i64]) -> i64 {
    v.iter()
        .filter(|x| **x % 2 == 0)
        .map(|x| x * x)
        .take_while(|x| *x < 500)
        .zip(1..)
        .map(|(a, b)| a * b)
        .sum()
}
fn main() {
    let b = std::hint::black_box::<&str>;
    for s in [
        "1+2*3",
        "-(4-6)*21",
        "8/(2-2)",
        "2*(3+",
        "9223372036854775807+1",
        "1 $ 2",
        "((7))",
        "10-2-3*4/2",
    ] {
        let s = b(s);
        println!("{:?}", calc(s));
    }
    let mut v = vec![5, 3, 9, 1, 7, 2, 8];
    let mut f = vec![2.5, -1.0, 9.0];
    println!("{} {}", quick(&mut v), quick(&mut f));
    println!("{v:?}");
    let m = M([[1.0, 2.0, 0.5], [0.0, 1.0, 3.0], [2.0, 0.0, 1.0]]);
    let p = power(m, 5);
    println!("{} {}", det(&p), p.0[0][0]);
    println!("{} {} {} {}", gcd(1071, 462), fact(20, 1), ack(2, 2), even(7));
    println!("{:?} {:?}", minmax(&v), minmax(&[]));
    println!("{:?}", words(b("The cat the dog The END")));
    println!("{} {}", longest(b("abc"), b("de")), longest(b("x"), b("yz")));
    println!("{:?} {:?}", find(&[1, 4, 9, 16], 9), find(&[1, 4, 9, 16], 5));
    let mut sh: Vec<Box<dyn Shape>> = vec![Box::new(Sq(2.0)), Box::new(Rc2 { w: 2.0, h: 3.5 })];
    let mut k = 0;
    for s in sh.iter_mut() {
        if s.scale(1.5) {
            k += s.name().len();
        }
    }
    println!("{} {k}", total(&sh));
    println!("{}", consume(big(3)) + consume(big(4)));
    let z = b("abc").len() as i32;
    println!("{}", compose(Box::new(move |x| x + z), twice)(5));
    let g: HashMap<u32, Vec<u32>> = [(1, vec![2, 3]), (2, vec![4]), (3, vec![4, 5]), (5, vec![6])].into();
    println!("{:?} {:?}", bfs(&g, 1, 6), bfs(&g, 6, 1));
    let mut s = 0u64;
    for i in 0..4u8 {
        s &= 0xffffff;
        let (x, y) = flags(i);
        if x {
            s += 1
        }
        if y {
            s += 2
        }
        let q = pack(i as u16 * 77, i);
        s += q.0 as u64 + q.1 as u64;
        let w = mix(i as f32, i as u64);
        s += w.0 as u64 + w.1;
        s = s.wrapping_add(wide(i as u128, 5) as u64);
        s += located(i as u32) as u64;
        s ^= cold(i as i32 * 60).map_or(1, |x| x as u64);
        s += large(i as usize);
        s += aligned(i as u32, b("four")).0[1] as u64;
        s += collatz(i as u64 + 1) as u64;
    }
    println!(
        "{s} {:?} {:?} {}",
        parse(b(" 12 ")),
        parse(b("x")).is_err(),
        chain(&[1, 2, 3, 4, 6, 8, 40])
    );
}
