//! What is counted in the text of a document, before anything is built from it: the parser recurses, and keeps what it
//! reads.

use super::document::{DocumentLimits, Exceeded};

/// Refuses a text that has too many tokens, or brackets too deep within each other.
pub(super) fn check(text: &str, limits: &DocumentLimits) -> Result<(), Exceeded> {
    let (mut tokens, mut nesting) = (0, 0_usize);
    let mut rest = text.as_bytes();
    while let Some((token, after)) = next(rest) {
        rest = after;
        tokens += 1;
        match token {
            b'{' | b'[' | b'(' => nesting += 1,
            b'}' | b']' | b')' => nesting = nesting.saturating_sub(1),
            _ => {}
        }
        Exceeded::check("tokens", tokens, limits.tokens)?;
        Exceeded::check("nesting", nesting, limits.nesting)?;
    }
    Ok(())
}

/// The first byte of the next token, and what comes after the token.
fn next(text: &[u8]) -> Option<(u8, &[u8])> {
    let text = skip_ignored(text);
    let first = *text.first()?;
    let length = match first {
        b'"' if text.starts_with(b"\"\"\"") => block_string(text),
        b'"' => string(text),
        b'-' | b'0'..=b'9' => number(text),
        b'.' if text.starts_with(b"...") => 3,
        _ if is_of_name(first) => length_while(text, is_of_name),
        _ => 1,
    };
    Some((first, &text[length..]))
}

/// Leaves out blanks, commas and comments. What is no ASCII can stand in texts and comments alone.
fn skip_ignored(mut text: &[u8]) -> &[u8] {
    loop {
        match text.first() {
            Some(b'#') => text = &text[length_while(text, |byte| !matches!(byte, b'\n' | b'\r'))..],
            Some(byte) if byte.is_ascii_whitespace() || *byte == b',' || !byte.is_ascii() => {
                text = &text[1..];
            }
            _ => return text,
        }
    }
}

fn length_while(text: &[u8], holds: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|byte| !holds(*byte)).unwrap_or(text.len())
}

const fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// A sign belongs to a number at its start, and after an `e`: `1-2` are two numbers.
fn number(text: &[u8]) -> usize {
    let mut length = 1;
    while let Some(byte) = text.get(length) {
        let is_sign = matches!(byte, b'+' | b'-') && matches!(text[length - 1], b'e' | b'E');
        if !is_sign && !is_of_name(*byte) && *byte != b'.' {
            break;
        }
        length += 1;
    }
    length
}

/// A text ends at its quote, or where its line does.
fn string(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            b'\n' | b'\r' => return at,
            _ => at += 1,
        }
    }
    text.len()
}

fn block_string(text: &[u8]) -> usize {
    let mut at = 3;
    while at < text.len() {
        let rest = &text[at..];
        match rest {
            [b'\\', b'"', b'"', b'"', ..] => at += 4,
            [b'"', b'"', b'"', ..] => return at + 3,
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(mut text: &str) -> usize {
        let mut count = 0;
        while let Some((_, rest)) = next(text.as_bytes()) {
            count += 1;
            text = std::str::from_utf8(rest).unwrap();
        }
        count
    }

    #[test]
    fn tokens_are_those_of_the_language() {
        for (text, count) in [
            ("", 0),
            (" ,\t\n\r\u{feff}# { { {", 0),
            ("{ me { role } }", 6),
            ("{a(b:1,c:-1.5e-3)}", 11),
            ("[1-2-3]", 5),
            ("query Q($id: ID! = \"x\") @a { ...F }", 17),
            ("\"{{{ \\\" {{\" a", 2),
            ("\"\"\"{{\"{\\\"\"\"{ü\"\"\" a", 2),
            ("\"no end", 1),
            ("\"\"\"no end", 1),
            ("\"ends with its line\n{", 2),
            ("\"ends in an escape\\", 1),
            ("# a comment\r{", 1),
            ("....", 2),
            ("ü", 0),
        ] {
            assert_eq!(tokens(text), count, "{text}");
        }
    }

    #[test]
    fn brackets_count_as_deep_as_they_are_within_each_other() {
        let limits = DocumentLimits { nesting: 3, ..DocumentLimits::default() };
        for text in ["{a{a{a}}}", "{}{}{}{}{}", "}}}}}}{{{", "{([])}", "\"{{{{{{\"", "#{{{{{"] {
            assert!(check(text, &limits).is_ok(), "{text}");
        }
        for text in ["{a{a{a{", "{a(b:[[", "[[[["] {
            let exceeded = check(text, &limits).unwrap_err();
            assert_eq!((exceeded.limit, exceeded.allowed), ("nesting", 3), "{text}");
        }
    }
}
