//! Everything a developer runs: tests, benchmarks, tidy rules.

fn main() {}
