//! What users would notice: everything here goes through HTTP and GraphQL, on both databases.

mod cases;
