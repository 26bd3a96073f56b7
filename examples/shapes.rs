// SPDX-License-Identifier: MIT OR Apache-2.0
//! Structs, an enum with data, a trait with two implementors, generics and a trait object.

use std::fmt::Debug;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Point {
    x: f64,
    y: f64,
}

#[derive(Debug)]
enum Shape {
    Circle { centre: Point, radius: f64 },
    Rect(Point, Point),
    Path(Vec<Point>),
    Nothing,
}

trait Area {
    fn area(&self) -> Option<f64>;

    fn describe(&self) -> String {
        match self.area() {
            Some(area) => format!("{:.2} square units", area),
            None => String::from("no area"),
        }
    }
}

impl Area for Shape {
    fn area(&self) -> Option<f64> {
        match self {
            Shape::Circle { radius, .. } => Some(std::f64::consts::PI * radius * radius),
            Shape::Rect(a, b) => Some(((b.x - a.x) * (b.y - a.y)).abs()),
            Shape::Path(_) => None,
            Shape::Nothing => Some(0.0),
        }
    }
}

impl Shape {
    /// Any point of the shape.
    fn anchor(&self) -> Option<Point> {
        match self {
            Shape::Circle { centre, .. } => Some(*centre),
            Shape::Rect(corner, _) => Some(*corner),
            Shape::Path(points) => points.last().copied(),
            Shape::Nothing => None,
        }
    }
}

#[derive(Debug)]
struct Tile<const SIDE: u32>;

impl<const SIDE: u32> Area for Tile<SIDE> {
    fn area(&self) -> Option<f64> {
        Some(f64::from(SIDE * SIDE))
    }
}

fn moved(point: Point, by: (f64, f64)) -> Point {
    Point { x: point.x + by.0, y: point.y + by.1 }
}

fn largest<'a>(all: &'a [Box<dyn Area>]) -> Option<&'a dyn Area> {
    let mut best: Option<&'a dyn Area> = None;
    for one in all {
        if best.map_or(true, |b| one.area() > b.area()) {
            best = Some(one.as_ref());
        }
    }
    best
}

fn middle<T: Debug + Clone>(list: &[T]) -> Option<T> {
    list.get(list.len() / 2).cloned()
}

fn main() {
    let origin = Point { x: 0.0, y: 0.0 };
    let corner = moved(origin, (3.0, -4.5));
    for shape in [Shape::Path(vec![]), Shape::Path(vec![corner]), Shape::Rect(corner, origin)] {
        println!("{:?}", shape.anchor());
    }
    let shapes: Vec<Box<dyn Area>> = vec![
        Box::new(Shape::Circle { centre: origin, radius: 1.5 }),
        Box::new(Shape::Rect(origin, corner)),
        Box::new(Shape::Path(vec![origin, corner, moved(corner, (1.0, 1.0))])),
        Box::new(Shape::Nothing),
        Box::new(Tile::<3>),
    ];
    for shape in &shapes {
        println!("{}", shape.describe());
    }
    if let Some(best) = largest(&shapes) {
        println!("largest: {}", best.describe());
    }
    println!("{:?} {:?}", middle(&[1, 2, 3]), middle(&["a", "b"]));
}
