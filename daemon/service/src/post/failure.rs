//! Why a message could not be sent, and whether to try again.

/// Why one try failed. The cause is for the log: short, without a word of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// It may work in a while: a server that is down, busy or slow.
    Passing(String),
    /// It will not work until somebody changes something.
    Lasting(String),
}

impl Failure {
    pub fn passing(cause: impl Into<String>) -> Self {
        Self::Passing(cause.into())
    }

    pub fn lasting(cause: impl Into<String>) -> Self {
        Self::Lasting(cause.into())
    }
}

/// The last reason of an error: what the system or the other side said.
pub(super) fn root_of(error: &(dyn std::error::Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// An error and what it comes from. What an I/O error carries is no source of it, and is one here.
pub(super) fn chain<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'e (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let carried = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        match carried {
            Some(carried) => Some(carried as &(dyn std::error::Error + 'static)),
            None => error.source(),
        }
    })
}
