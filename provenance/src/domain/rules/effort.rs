//! What the records of one group may cost its writer.

/// Steps for all records of one group together: whatever it holds, others wait behind it.
const STEPS_GROUP: usize = 1024;

/// Events that are told in one transaction that a predecessor has arrived, `LINK_MAX` of them of one. A million may wait for an id
/// on purpose: the rest are told in transactions of their own, between those of others.
pub(super) const TOLD_GROUP: usize = 1024;

/// What the records of one group may still cost its writer.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    pub(super) steps: usize,
    pub(super) told: usize,
    pub(super) leaves_arrivals: bool,
}

impl Effort {
    /// That of a whole group.
    pub const fn of_a_group() -> Self {
        Self {
            steps: STEPS_GROUP,
            told: TOLD_GROUP,
            leaves_arrivals: false,
        }
    }

    /// Whether somebody is left to be told later that a predecessor has arrived: see [`tell_more`](super::tell_more).
    pub const fn leaves_arrivals(&self) -> bool {
        self.leaves_arrivals
    }
}
