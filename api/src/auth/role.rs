//! The roles of callers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a caller is, which decides what it may see and do. Written `ADMIN`, `SERVICE`, `GUARDIAN`, `STUDENT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// Runs the service: sees and does everything.
    Admin,
    /// A learning system: writes facts.
    Service,
    /// Reads the children it has a guardianship of.
    Guardian,
    /// Reads itself.
    Student,
}

impl Role {
    /// Every role, most powerful first.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Service, Self::Guardian, Self::Student];

    /// The role's name in tokens, in the API and in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "ADMIN",
            Self::Service => "SERVICE",
            Self::Guardian => "GUARDIAN",
            Self::Student => "STUDENT",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text names no [`Role`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown role: expected ADMIN, SERVICE, GUARDIAN or STUDENT")]
pub struct ParseRoleError;

impl FromStr for Role {
    type Err = ParseRoleError;

    // Issuers and command lines disagree about case, and no two roles differ by case alone.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.as_str().eq_ignore_ascii_case(text)).ok_or(ParseRoleError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_one_spelling_everywhere() {
        for role in Role::ALL {
            assert_eq!(role.to_string(), role.as_str());
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
            assert_eq!(serde_json::from_value::<Role>(role.as_str().into()).unwrap(), role);
            assert_eq!(role.as_str().parse(), Ok(role));
        }
    }

    #[test]
    fn case_does_not_matter_but_everything_else_does() {
        assert_eq!("Guardian".parse(), Ok(Role::Guardian));
        assert_eq!("sErViCe".parse(), Ok(Role::Service));
        for text in ["", " ADMIN", "ADMINS", "PARENT", "ADM\u{131}N"] {
            assert_eq!(text.parse::<Role>(), Err(ParseRoleError), "{text:?}");
        }
    }

    #[test]
    fn display_honours_width() {
        assert_eq!(format!("[{:>8}]", Role::Admin), "[   ADMIN]");
    }
}
