//! What is printed: rows of figures, and ratios with the bounds that are promised.

use std::path::Path;
use std::time::Duration;

use super::Cost;

/// The command that is measured.
pub fn featgraph() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_featgraph"))
}

/// Bytes as MiB.
pub fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// What the rows below are about, and what their columns are.
pub fn head(what: &str) {
    println!("\n{what}\n{:<26} {:>8} {:>8} {:>9}", "", "CPU s", "wall s", "peak MiB");
}

/// Prints a row and passes its figures on.
pub fn shown(name: &str, cost: Result<Cost, String>) -> Option<Cost> {
    match cost {
        Ok(cost) => {
            let (cpu, wall) = (cost.cpu.as_secs_f64(), cost.wall.as_secs_f64());
            println!("{name:<26} {cpu:>8.3} {wall:>8.3} {:>9.1}", mib(cost.peak));
            Some(cost)
        }
        Err(reason) => {
            println!("{name:<26} FAIL: {reason}");
            None
        }
    }
}

/// One time as a multiple of another.
pub fn divided(of: Option<Duration>, by: Option<Duration>) -> Option<f64> {
    Some(of?.as_secs_f64() / by?.as_secs_f64().max(f64::EPSILON))
}

/// Prints a figure with its bound, where one is promised. A figure that could not be had is not within it.
pub fn judge(what: &str, value: Option<f64>, bound: Option<f64>) {
    let value_said = value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
    match (value, bound) {
        (Some(value), Some(bound)) => {
            println!("{what:<28} {value_said:>7}  bound {bound:>5.2}  {}", verdict(value, bound));
        }
        (None, Some(bound)) => println!("{what:<28} {value_said:>7}  bound {bound:>5.2}  FAIL: no figure"),
        (_, None) => println!("{what:<28} {value_said:>7}"),
    }
}

/// Whether a figure is within its bound.
pub fn verdict(value: f64, bound: f64) -> &'static str {
    if value <= bound { "pass" } else { "FAIL" }
}
