//! Makes an input of another.

use fastrand::Rng;

/// The most bytes of an input.
pub const LONGEST: usize = 256 * 1024;

/// What breaks readers.
const WORDS: &[&[u8]] = &[
    b"\0",
    b"\n",
    b"\r\n",
    b"\"",
    b"'",
    b"'''",
    b"\"\"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"{",
    b"}",
    b"[",
    b"]",
    b"[[",
    b"]]",
    b"(",
    b",",
    b";",
    b":",
    b"=",
    b"#",
    b"//",
    b"/*",
    b"*/",
    b"%00",
    b"%",
    b"../",
    b"null",
    b"true",
    b"-1",
    b"0",
    b"1e999",
    b"18446744073709551616",
    b"9223372036854775808",
    b"0.1",
    b"00029975",
    b"villeneuve-00029975",
    b"]C1",
    b"9999-12-31T23:59:59.999Z",
    b"1970-01-01T00:00:00.000Z",
    b"2026-03-29T02:30:00+01:00",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\xc3",
    b"\xe2\x80\xae",
    b"\xc2\xa0",
    b"\xf0\x9f\x8e\xab",
    b"__proto__",
    b" ",
    b"\t",
];

/// An input made of `seed`, and of pieces of `other`.
pub fn mutated(seed: &[u8], other: &[u8], random: &mut Rng) -> Vec<u8> {
    let mut input = seed.to_vec();
    for _ in 0..random.usize(1..=5) {
        let at = random.usize(..=input.len());
        let end = random.usize(at..=input.len().min(at + 64));
        match random.u8(..8) {
            0 if at < input.len() => input[at] ^= 1 << random.u8(..8),
            1 if at < input.len() => input[at] = random.u8(..),
            2 => drop(input.drain(at..end)),
            3 => insert(&mut input, at, WORDS[random.usize(..WORDS.len())]),
            4 => {
                let piece = input[at..end].to_vec();
                let times = 1 << random.usize(..12);
                insert(&mut input, at, &piece.repeat(times));
            }
            5 => {
                let from = random.usize(..=other.len());
                let to = random.usize(from..=other.len().min(from + 256));
                insert(&mut input, at, &other[from..to]);
            }
            6 => input.truncate(at.max(1)),
            _ => {
                let word = WORDS[random.usize(..WORDS.len())];
                input.splice(at..end, word.iter().copied());
            }
        }
    }
    input.truncate(LONGEST);
    input
}

fn insert(input: &mut Vec<u8>, at: usize, piece: &[u8]) {
    let piece = &piece[..piece.len().min(LONGEST)];
    input.splice(at..at, piece.iter().copied());
}
