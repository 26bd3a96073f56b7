// SPDX-License-Identifier: MIT OR Apache-2.0
// Prints by the compiler's own Debug what tests/render_print.c prints by fdbg's.
use std::io::Write;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        let mut x = self.0;
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.0 = x;
        x.wrapping_mul(0x2545f4914f6cdd1d)
    }
}

fn numbers(out: &mut impl Write) -> std::io::Result<()> {
    let mut random = Random(88172645463325252);
    for _ in 0..150000 {
        writeln!(out, "{:?}", f64::from_bits(random.next()))?;
    }
    for _ in 0..150000 {
        writeln!(out, "{:?}", f32::from_bits(random.next() as u32))?;
    }
    for exponent in 0..2048u64 {
        for near in 0..3u64 {
            writeln!(out, "{:?}", f64::from_bits((exponent << 52).wrapping_add(near).wrapping_sub(1)))?;
        }
    }
    for exponent in 0..256u64 {
        for near in 0..3u64 {
            writeln!(out, "{:?}", f32::from_bits((exponent << 23).wrapping_add(near).wrapping_sub(1) as u32))?;
        }
    }
    for _ in 0..50000 {
        writeln!(out, "{:?}", (random.next() % 2000000) as f64 / 100.0)?;
    }
    for _ in 0..2000 {
        let (low, high) = (random.next(), random.next());
        let wide = (high as u128) << 64 | low as u128;
        writeln!(out, "{:?}\n{:?}\n{:?}\n{:?}", low as u8, low as i8, low as u16, low as i16)?;
        writeln!(out, "{:?}\n{:?}\n{:?}\n{:?}", low as u32, low as i32, low, low as i64)?;
        writeln!(out, "{:?}\n{:?}\n{:?}\n{:?}", wide, wide as i128, low as usize, low as isize)?;
    }
    Ok(())
}

fn characters(out: &mut impl Write) -> std::io::Result<()> {
    for c in '\0'..=char::MAX {
        writeln!(out, "{:?}", c)?;
    }
    Ok(())
}

fn strings(out: &mut impl Write) -> std::io::Result<()> {
    let mut random = Random(1234567);
    for _ in 0..20000 {
        let mut text = String::new();
        for _ in 0..random.next() % 24 {
            let c = (random.next() >> 11) as u32;
            let limit = match (random.next() >> 11) as u32 % 4 {
                0 => 0x80,
                1 => 0x800,
                2 => 0xd800,
                _ => 0x110000,
            };
            text.push(char::from_u32(c % limit).unwrap_or('x'));
        }
        writeln!(out, "{:?}", text)?;
    }
    Ok(())
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout());
    match std::env::args().nth(1).as_deref() {
        Some("numbers") => numbers(&mut out),
        Some("characters") => characters(&mut out),
        Some("strings") => strings(&mut out),
        // The version of Unicode decides which characters are escaped.
        _ => writeln!(out, "{:?}", char::UNICODE_VERSION),
    }
}
