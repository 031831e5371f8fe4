//! The families: who goes to the school, and who may look after whom.

use chrono::{DateTime, TimeDelta, Utc};

use super::named;
use crate::service::facts::{GrantGuardianship, RevokeGuardianship, UpsertGuardian, UpsertStudent};

/// Since when a guardian may see the family's children.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Right {
    Holds,
    Revoked,
    NotYet,
}

use Right::{Holds, NotYet, Revoked};

struct Family {
    surname: &'static str,
    guardians: &'static [(&'static str, Right)],
    children: &'static [&'static str],
}

const fn family(
    surname: &'static str,
    guardians: &'static [(&'static str, Right)],
    children: &'static [&'static str],
) -> Family {
    Family { surname, guardians, children }
}

/// Students and guardians are numbered in this order, from 1. The first family is the one to look at first: its four
/// children differ in everything that a dashboard shows (see [`super::pupils`]).
const FAMILIES: [Family; 21] = [
    family("Quillfeather", &[("Imani", Holds)], &["Zuri", "Tendai", "Kofi", "Nia"]),
    family("Marlowood", &[("Hana", Holds), ("Piotr", Holds)], &["Jun", "Mina", "Oskar"]),
    family("Brightwater", &[("Noor", Holds)], &["Samir", "Layla", "Idris"]),
    family("Thistledown", &[("Fergus", Holds), ("Ailsa", Holds)], &["Isla", "Rowan", "Callum"]),
    family("Moonharrow", &[("Chidi", Holds)], &["Adaeze", "Emeka", "Ngozi"]),
    family("Cinnabar-Vale", &[("Lucía", Holds), ("Mateo", Holds)], &["Inés", "Tomás"]),
    family("Emberlane", &[("Anh", Holds)], &["Linh", "Minh"]),
    family("Copperfinch", &[("Wanjiru", Holds), ("Daniel", Holds)], &["Achieng", "Baraka"]),
    family("Saltmeadow", &[("Ingrid", Holds), ("Henrik", Revoked)], &["Freja", "Aksel"]),
    family("Lanternhill", &[("Priya", Holds), ("Arjun", Holds)], &["Kavya", "Rohan"]),
    family("Pebblebrook", &[("Olena", Holds)], &["Danylo", "Solomiia"]),
    family("Nightingrove", &[("Mele", Holds), ("Sione", Holds)], &["Talia", "Viliami"]),
    family("Windermoss", &[("Aroha", Holds)], &["Kahu", "Marama"]),
    family("Jadewhistle", &[("Wei Ling", Holds)], &["Jia"]),
    family("Juniperson", &[("Björk", Holds)], &["Ari"]),
    family("Hazelmount", &[("Yusuf", Holds), ("Maryam", Holds)], &["Bilal"]),
    family("Clockwell", &[("Dolores", Holds)], &["Xiomara"]),
    family("Riverstitch", &[("Kateri", Holds)], &["Elan"]),
    family("Dovecastle", &[("Tariq", Holds)], &["Salma"]),
    family("Oakenshade", &[("Giulia", Holds)], &["Enzo"]),
    family("Plumwick", &[("Sunita", Holds), ("Anil", NotYet)], &["Dev"]),
];

/// The `sourcedId` of a student.
pub fn student_id(number: usize) -> String {
    format!("demo-student-{number:02}")
}

/// The `sourcedId` of a guardian.
pub fn guardian_id(number: usize) -> String {
    format!("demo-guardian-{number:02}")
}

/// Everybody, and who may see whom.
#[derive(Debug, Default)]
pub struct People {
    /// The students, in the order of their numbers.
    pub students: Vec<UpsertStudent>,
    /// The guardians, in the order of their numbers.
    pub guardians: Vec<UpsertGuardian>,
    /// The rights that hold, or will.
    pub grants: Vec<GrantGuardianship>,
    /// Rights that are granted and then revoked.
    pub former: Vec<(GrantGuardianship, RevokeGuardianship)>,
}

/// The people of the school whose term ends at `now`.
pub fn people(now: DateTime<Utc>) -> People {
    let mut people = People::default();
    for family in &FAMILIES {
        let first_child = people.students.len() + 1;
        for child in family.children {
            let id = student_id(people.students.len() + 1);
            people.students.push(UpsertStudent {
                student: named(id),
                display_name: Some(format!("{child} {}", family.surname)),
                occurred_at: None,
            });
        }
        for (guardian, right) in family.guardians {
            let id = guardian_id(people.guardians.len() + 1);
            people.guardians.push(UpsertGuardian {
                guardian: named(id.clone()),
                display_name: Some(format!("{guardian} {}", family.surname)),
                occurred_at: None,
            });
            for child in first_child..=people.students.len() {
                people.grant(&id, &student_id(child), *right, now);
            }
        }
    }
    people
}

impl People {
    fn grant(&mut self, guardian: &str, student: &str, right: Right, now: DateTime<Utc>) {
        let valid_from = if right == NotYet { now + TimeDelta::days(30) } else { now - TimeDelta::days(365) };
        let grant = GrantGuardianship {
            student: named(student),
            guardian: named(guardian),
            valid_from: Some(valid_from),
            valid_until: None,
            occurred_at: None,
        };
        if right == Revoked {
            let revocation =
                RevokeGuardianship { student: named(student), guardian: named(guardian), occurred_at: None };
            self.former.push((grant, revocation));
        } else {
            self.grants.push(grant);
        }
    }
}
