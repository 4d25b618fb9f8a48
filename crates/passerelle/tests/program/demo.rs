//! `passerelle demo`, without visitors.

use crate::BIN;
use std::process::Command;

#[test]
fn the_demo_says_if_phones_cannot_read_without_network() {
    let mut demo = Command::new(BIN);
    demo.args(["demo", "--visitors", "0"]).args([
        "--listen",
        "127.0.0.1:0",
        "--sandbox",
        "127.0.0.1:0",
    ]);
    let output = demo.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("back office"), "{printed}");
    let warned = printed.contains("`cargo xtask decoder`");
    assert_eq!(warned, !server::has_decoder(), "{printed}");
}
