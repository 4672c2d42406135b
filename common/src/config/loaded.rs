//! What was read.

/// A configuration, and what was meant for it in vain.
#[derive(Debug)]
pub struct Loaded<C> {
    /// The configuration.
    pub config: C,
    /// Environment variables that override nothing, since no key is called so.
    pub unused: Vec<String>,
}

impl<C> Loaded<C> {
    /// A sentence for each variable that was set in vain.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        self.unused
            .iter()
            .map(|name| format!("the environment variable {name} is not used: no key is called so"))
    }
}
