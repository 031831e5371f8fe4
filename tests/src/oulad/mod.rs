//! The Open University Learning Analytics Dataset (OULAD): real results of real students, and the numbers that must come
//! of them.
//!
//! | module | what lives there |
//! |---|---|
//! | [`files`] | the CSV files and their rows |
//! | [`mapping`] | what the rows become: a CMA is a quiz, a TMA is an assignment, exams are left out |
//! | [`load`] | loading all of it into a running server, over GraphQL alone |
//! | [`progress`] | how far a load is |
//! | [`expected`] | all profiles and weeks, computed from the files in another way than the product does it |
//! | [`generated`] | small invented files of the same shape |
//!
//! The dataset: J. Kuzilek, M. Hlosta, Z. Zdrahal, "Open University Learning Analytics dataset", Sci. Data 4:170171 (2017),
//! <https://analyse.kmi.open.ac.uk/open_dataset>, CC BY 4.0.

pub mod expected;
pub mod files;
pub mod generated;
pub mod load;
pub mod mapping;
mod page;
pub mod progress;
mod weeks;
