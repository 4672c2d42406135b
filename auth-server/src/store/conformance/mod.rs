//! What every database behind [`Store`](crate::domain::store::Store) has to do; one function a rule, run for each of them.

mod certificates;
mod entries;
mod families;
mod people;
mod sign_ins;

pub(super) use self::{
    certificates::*,
    entries::{AT, event, participant},
    families::*,
    people::*,
    sign_ins::*,
};
