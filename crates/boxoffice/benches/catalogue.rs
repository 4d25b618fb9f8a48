//! How long a catalogue file takes to be read, for each KiB of it: the same, however long
//! it is. `cargo xtask bench catalogue`

use boxoffice::look_through_catalogue;
use std::time::Instant;

/// How often each is read; the quickest counts.
const TIMES: usize = 20;

fn main() {
    println!("products    KiB  findings      µs  µs/KiB");
    for products in [200, 800, 3_200, 6_400] {
        let entry = |n: usize| {
            format!(
                "[[product]]\nseason = \"S\"\ncode = \"P{n}\"\nfamily = \"OPEN_PASS\"\n\
                 [[tariff]]\nproduct = \"P{n}\"\ncode = \"T\"\nprice_minor = 1\n\
                 [[tariff_mapping]]\nproduct = \"P{n}\"\ntariff = \"T\"\nwrong = {n}\n"
            )
        };
        let text: String = (0..products).map(entry).collect();
        let mut findings = 0;
        let once = |_| {
            let begun = Instant::now();
            findings = look_through_catalogue(&text).findings.len();
            begun.elapsed().as_micros()
        };
        let took = (0..TIMES).map(once).min().unwrap_or_default();
        let kib = text.len() / 1024;
        let each = took / kib as u128;
        println!("{products:8}  {kib:5}  {findings:8}  {took:6}  {each:6}");
    }
}
