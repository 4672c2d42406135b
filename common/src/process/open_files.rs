//! How many files, sockets included, the process may have open.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the soft limit to the hard one: the soft one is 1,024 on most systems, for the sake of programs that use select(2).
pub(crate) fn raise() {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the number of open files stays as limited as it was");
    }
}

/// How many the process may have open, once it is [raised](raise); `None` where there is no limit.
pub(crate) fn limit() -> Option<usize> {
    let maximum = getrlimit(Resource::Nofile).maximum?;
    Some(usize::try_from(maximum).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_becomes_the_hard_one() {
        raise();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
