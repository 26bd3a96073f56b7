// SPDX-License-Identifier: MIT OR Apache-2.0
//! A parser for arithmetic: a recursive enum, Result all the way up, and what an error looks like in the call tree.

use std::iter::Peekable;
use std::str::Chars;

#[derive(Debug, Clone, PartialEq)]
enum Expr {
    Number(i64),
    Negate(Box<Expr>),
    Binary { op: Op, left: Box<Expr>, right: Box<Expr> },
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Op {
    Add,
    Sub,
    Mul,
    Div,
}

#[derive(Debug, PartialEq)]
enum Error {
    Unexpected { found: Option<char>, at: &'static str },
    DivisionByZero,
    Overflow,
}

type Input<'a> = Peekable<Chars<'a>>;

fn parse(text: &str) -> Result<Expr, Error> {
    let mut input = text.chars().peekable();
    let expr = sum(&mut input)?;
    match input.next() {
        None => Ok(expr),
        found => Err(Error::Unexpected { found, at: "end" }),
    }
}

fn sum(input: &mut Input) -> Result<Expr, Error> {
    let mut left = product(input)?;
    while let Some(op) = operator(input, &[('+', Op::Add), ('-', Op::Sub)]) {
        left = binary(op, left, product(input)?);
    }
    Ok(left)
}

fn product(input: &mut Input) -> Result<Expr, Error> {
    let mut left = atom(input)?;
    while let Some(op) = operator(input, &[('*', Op::Mul), ('/', Op::Div)]) {
        left = binary(op, left, atom(input)?);
    }
    Ok(left)
}

fn operator(input: &mut Input, table: &[(char, Op)]) -> Option<Op> {
    let next = *input.peek()?;
    for &(sign, op) in table {
        if sign == next {
            input.next();
            return Some(op);
        }
    }
    None
}

fn atom(input: &mut Input) -> Result<Expr, Error> {
    match input.next() {
        Some('-') => Ok(Expr::Negate(Box::new(atom(input)?))),
        Some('(') => {
            let inner = sum(input)?;
            match input.next() {
                Some(')') => Ok(inner),
                found => Err(Error::Unexpected { found, at: "parenthesis" }),
            }
        }
        Some(digit) if digit.is_ascii_digit() => number(input, digit),
        found => Err(Error::Unexpected { found, at: "atom" }),
    }
}

fn number(input: &mut Input, first: char) -> Result<Expr, Error> {
    let mut value = digit_value(first);
    while let Some(&next) = input.peek() {
        if !next.is_ascii_digit() {
            break;
        }
        input.next();
        value = value.checked_mul(10).and_then(|v| v.checked_add(digit_value(next))).ok_or(Error::Overflow)?;
    }
    Ok(Expr::Number(value))
}

fn digit_value(digit: char) -> i64 {
    i64::from(digit.to_digit(10).unwrap_or(0))
}

fn binary(op: Op, left: Expr, right: Expr) -> Expr {
    Expr::Binary { op, left: Box::new(left), right: Box::new(right) }
}

fn eval(expr: &Expr) -> Result<i64, Error> {
    match expr {
        Expr::Number(value) => Ok(*value),
        Expr::Negate(inner) => eval(inner)?.checked_neg().ok_or(Error::Overflow),
        Expr::Binary { op, left, right } => apply(*op, eval(left)?, eval(right)?),
    }
}

fn apply(op: Op, a: i64, b: i64) -> Result<i64, Error> {
    match op {
        Op::Add => a.checked_add(b),
        Op::Sub => a.checked_sub(b),
        Op::Mul => a.checked_mul(b),
        Op::Div if b == 0 => return Err(Error::DivisionByZero),
        Op::Div => a.checked_div(b),
    }
    .ok_or(Error::Overflow)
}

fn calculate(text: &str) -> Result<i64, Error> {
    eval(&parse(text)?)
}

fn main() {
    for text in ["1+2*3", "-(4-6)*21", "8/(2-2)", "2*(3+", "9223372036854775807+1"] {
        println!("{} = {:?}", text, calculate(text));
    }
}
