//! What is done to a text so that it is valid no more, or valid in another way.

use rand::Rng;
use rand::seq::IndexedRandom as _;

const PIECES: &[&str] = &[
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "\"\"\"",
    "...",
    "$",
    "@",
    "!",
    "=",
    ":",
    "|",
    "&",
    "#",
    ",",
    "\\",
    "\\u0000",
    "@skip(if: true)",
    "@include(if: $x)",
    "... on Query",
    "...F",
    "fragment F on Query { me { role } }",
    "__typename",
    "__schema { types { name } }",
    "null",
    "true",
    "-1",
    "1e999",
    "query",
    "mutation",
    "subscription",
    "on",
    "\u{0}",
    "😀",
    "\r\n",
    "{{{{{{{{{{",
    "]]]]]]]]",
];

/// Spoils a text in one to four places.
pub(super) fn text(random: &mut impl Rng, text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for _ in 0..random.random_range(1..5) {
        let from = random.random_range(0..=letters.len());
        let to = (from + random.random_range(0..20)).min(letters.len());
        match random.random_range(0..5) {
            0 => drop(letters.drain(from..to)),
            1 => {
                let again = letters[from..to].to_vec();
                letters.splice(from..from, again);
            }
            2 => letters.truncate(from),
            _ => {
                let piece = PIECES.choose(random).copied().unwrap_or_default();
                letters.splice(from..from, piece.chars());
            }
        }
    }
    letters.into_iter().collect()
}

/// Spoils bytes, so that they may be no text.
pub(super) fn bytes(random: &mut impl Rng, bytes: &mut Vec<u8>) {
    for _ in 0..random.random_range(1..6) {
        let at = random.random_range(0..=bytes.len());
        match bytes.get_mut(at) {
            Some(byte) if random.random_bool(0.7) => *byte = random.random(),
            _ => bytes.insert(at, random.random()),
        }
    }
}
