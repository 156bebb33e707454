//! Errors of the system-bus interfaces. The description is one sentence for the person: what,
//! why, what to do.

use zbus::DBusError;

/// An error of `org.twinlock1.Self` or `org.twinlock1.Admin`.
#[derive(Debug, DBusError)]
#[zbus(prefix = "org.twinlock1.Error")]
pub enum Error {
    /// The bus itself failed.
    #[zbus(error)]
    Bus(zbus::Error),
    /// The caller may not do this.
    NotAuthorized(String),
    /// NSS knows no such user.
    UnknownUser(String),
    /// The user has no second factor.
    NotEnrolled(String),
    /// The user has no factor of this id.
    NoSuchFactor(String),
    /// The user trusts no host of this id.
    NoSuchHost(String),
    /// No code can be sent, or none counts, by this method here.
    MethodUnavailable(String),
    /// A code was sent a moment ago, or as many as a day allows; the description says how long to
    /// wait.
    Throttled(String),
    /// A code that is asked for within the call was not given.
    CodeRequired(String),
    /// The code is wrong.
    WrongCode(String),
    /// The code was used before.
    UsedCode(String),
    /// Too many wrong codes; the description says how long to wait.
    Locked(String),
    /// No such enrolment is open for this caller: it ended, expired, or was another's.
    NoSuchEnrolment(String),
    /// The policy does not let this user enrol by themselves.
    EnrolmentClosed(String),
    /// The user can enrol with the invitation that they were given, and none was given in the call.
    InvitationRequired(String),
    /// A reset was asked for already, a short time ago.
    ResetRequested(String),
    /// No request for a reset of this id waits for an administrator.
    NoSuchRequest(String),
    /// The user has a second factor already: an invitation to enrol is of no use, and an import
    /// does not take its place unless it is told to.
    AlreadyEnrolled(String),
    /// The stored record belongs to an earlier account of the same name.
    RecordMismatch(String),
    /// The stored record of this one user is damaged. 'Reset' and 'ForgetUser' take it away.
    RecordUnreadable(String),
    /// An argument is not of the form that it must have.
    InvalidArgument(String),
    /// The store, the user database or the configuration could not be read; nothing was changed.
    Unavailable(String),
}

/// Short form.
pub type Result<T> = std::result::Result<T, Error>;
