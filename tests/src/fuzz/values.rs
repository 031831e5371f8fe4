//! Values that inputs are likely not to expect.

use rand::Rng;
use rand::seq::IndexedRandom as _;

const TEXTS: &[&str] = &[
    "",
    " ",
    "\u{0}",
    "\u{7f}",
    "a\nb",
    "\u{202e}abc",
    "\u{feff}",
    "😀",
    "ada",
    "bea",
    "gwen",
    "maths",
    "q",
    "null",
    "-1",
    "NaN",
    "Infinity",
    "-0",
    "1e999",
    "0x10",
    "999.99",
    "1000",
    "0.005",
    "12.5",
    "50",
    "2026-03-01T10:00:00Z",
    "2026-03-01",
    "9999-12-31T23:59:59Z",
    "-262143-01-01T00:00:00Z",
    "+262142-12-31T23:59:60Z",
    "1900-01-01T00:00:00Z",
    "2200-12-31T23:59:59.999999Z",
    "2026-02-30T10:00:00Z",
    "student:",
    "student:1",
    "x'; DROP TABLE student; --",
    "00000000-0000-0000-0000-000000000000",
    "%",
    "_",
    "\\",
    "%s%n",
    "../../etc/passwd",
    "{{7*7}}",
    "-9223372036854775808",
    "-.00000000-0000-0000-0000-000000000000",
    "9223372036854775807.00000000-0000-0000-0000-000000000000",
];

/// Those at the beginning that are whole, and not too many.
const GOOD_NUMBERS: usize = 5;

const NUMBERS: &[&str] = &[
    "1",
    "2",
    "3",
    "20",
    "100",
    "0",
    "-1",
    "20",
    "100",
    "101",
    "1000",
    "-0",
    "2147483647",
    "-2147483648",
    "2147483648",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "1.5",
    "1e3",
    "1e400",
    "-1e-400",
];

/// A text, perhaps one of `known`.
pub(super) fn text(random: &mut impl Rng, known: &[String]) -> String {
    match random.random_range(0..10) {
        0..7 => known.choose(random).cloned().unwrap_or_default(),
        7 => "x".repeat(random.random_range(200..400)),
        8 => (0..random.random_range(1..20)).map(|_| random.random::<char>()).collect(),
        _ => TEXTS.choose(random).copied().unwrap_or_default().to_owned(),
    }
}

/// A number, as it is written.
pub(super) fn number(random: &mut impl Rng) -> &'static str {
    let numbers = if random.random_bool(0.8) { &NUMBERS[..GOOD_NUMBERS] } else { NUMBERS };
    numbers.choose(random).copied().unwrap_or_default()
}
