//! What a valid token says about its bearer.

use super::role::Role;
use super::token::TokenError;

/// A caller, as a valid token names it: what it is, and which one.
///
/// The fields are private so that whoever holds an identity knows that its subject is fit to be stored, compared
/// and logged.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    role: Role,
    subject: String,
}

impl Identity {
    /// The most characters that a subject can have.
    pub const MAX_SUBJECT_CHARS: usize = 255;

    /// An identity, or [`TokenError::Subject`] unless `subject` has 1 to [`Self::MAX_SUBJECT_CHARS`] characters,
    /// none of them a control character.
    pub fn new(role: Role, subject: impl Into<String>) -> Result<Self, TokenError> {
        let subject = subject.into();
        let length = subject.chars().count();
        if length == 0 || length > Self::MAX_SUBJECT_CHARS || subject.chars().any(char::is_control) {
            return Err(TokenError::Subject);
        }
        Ok(Self { role, subject })
    }

    /// What the caller is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Which one it is: the `sourcedId` of the person or of the system.
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_bounded_in_characters_not_bytes() {
        let longest = "ü".repeat(Identity::MAX_SUBJECT_CHARS);
        assert_eq!(Identity::new(Role::Student, longest.as_str()).unwrap().subject(), longest);
        assert_eq!(Identity::new(Role::Student, format!("{longest}x")), Err(TokenError::Subject));
        assert_eq!(Identity::new(Role::Student, ""), Err(TokenError::Subject));
    }

    #[test]
    fn control_characters_are_refused() {
        for subject in ["a\nb", "a\0", "\u{7f}", "\u{85}x"] {
            assert_eq!(Identity::new(Role::Admin, subject), Err(TokenError::Subject), "{subject:?}");
        }
    }
}
