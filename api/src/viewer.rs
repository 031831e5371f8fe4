//! Who is asking.

use crate::auth::{Identity, Role};

/// Whoever made the request, as a valid token said.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Viewer(Identity);

impl Viewer {
    /// The viewer that a token identified.
    pub const fn new(identity: Identity) -> Self {
        Self(identity)
    }

    /// The viewer's role.
    pub fn role(&self) -> Role {
        self.0.role()
    }

    /// The viewer's own `sourcedId` among those of the role.
    pub fn subject(&self) -> &str {
        self.0.subject()
    }

    /// Whether the viewer is an admin.
    pub fn is_admin(&self) -> bool {
        self.role() == Role::Admin
    }

    /// Whether the viewer may write facts.
    pub fn writes_facts(&self) -> bool {
        matches!(self.role(), Role::Admin | Role::Service)
    }

    /// Whether the viewer may see every student.
    pub fn sees_everybody(&self) -> bool {
        matches!(self.role(), Role::Admin | Role::Service)
    }
}
