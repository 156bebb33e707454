//! Who may call `Admin` besides root: polkit says, by the action of the method.
//!
//! ```text
//! caller ──► Admin.Unlock ──► CheckAuthorization(system-bus-name, org.twinlock1.unlock) ──► polkitd
//!                 ▲                                                                            │
//!                 └── yes: the call goes on │ no, no polkit, too late, caller gone: refused ◄──┘
//! ```
//!
//! It is asked before the caller's turn and before any lock, because a person may have to type a
//! password meanwhile. Whatever is not a clear yes is a no. Where a call concerns one user alone, their
//! name is among the details: a rule may let somebody reset others than root.

use std::{
    collections::{BTreeSet, HashMap},
    future::poll_fn,
    pin::Pin,
    time::Duration,
};

use tokio::time::timeout;
use twinlock_bus_api::error::Error;
use twinlock_core::{
    audit::{AuditEvent, Happening},
    login::User,
};
use zbus::{
    Connection, Variant,
    export::futures_core::Stream,
    fdo::DBusProxy,
    message::{Flags, Header},
};

use super::{
    account::Accounts,
    caller::{Caller, Identity},
    errors,
};

/// How long polkit may take where nobody is asked for a password.
const UNATTENDED: Duration = Duration::from_secs(5);

/// How long a person may take to type one; less than a client waits that lets them be asked.
const ATTENDED: Duration = Duration::from_secs(120);

/// `CheckAuthorizationFlags`: the person may be asked for a password.
const ALLOW_USER_INTERACTION: u32 = 1;

/// A subject of polkit: its kind, and what names it.
type Subject<'a> = (&'a str, HashMap<&'a str, Variant<'a>>);

/// Authorised, could be with a password, and details.
type Answer = (bool, bool, HashMap<String, String>);

/// The part of polkit that is used: see the reference of `org.freedesktop.PolicyKit1.Authority`.
#[zbus::proxy(
    interface = "org.freedesktop.PolicyKit1.Authority",
    default_service = "org.freedesktop.PolicyKit1",
    default_path = "/org/freedesktop/PolicyKit1/Authority"
)]
trait Authority {
    fn check_authorization(
        &self,
        subject: &Subject<'_>,
        action_id: &str,
        details: &HashMap<&str, &str>,
        flags: u32,
        cancellation_id: &str,
    ) -> zbus::Result<Answer>;

    #[zbus(no_reply)]
    fn cancel_check_authorization(&self, cancellation_id: &str) -> zbus::Result<()>;
}

/// Why somebody may not call a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Refusal {
    /// No action is known for it: root alone calls it.
    #[error("for root alone")]
    RootAlone,
    /// Polkit says no, or the person could not or would not type the password.
    #[error("polkit does not allow it")]
    Denied,
    /// Nobody to ask.
    #[error("polkit cannot be asked")]
    Unavailable,
    /// No answer in time.
    #[error("polkit did not answer in time")]
    TooLate,
    /// The caller did not wait for the answer.
    #[error("the caller went away")]
    Gone,
}

/// Methods that polkit is never asked about: the secrets of everybody go through them, many calls
/// after one another.
pub(super) const ROOT_ALONE: [&str; 6] =
    ["BeginBackup", "ReadBackup", "BeginRestore", "WriteRestore", "PlanRestore", "CommitRestore"];

/// The action of a method of `Admin`; `None` for [`ROOT_ALONE`], and for one that nobody thought of.
pub(super) fn action(method: &str) -> Option<&'static str> {
    Some(match method {
        "Status" | "Statuses" | "ListUsers" | "ListResets" | "ConfigurationStatus" => {
            "org.twinlock1.status"
        }
        "Log" | "Find" => "org.twinlock1.log",
        "ExplainPolicy" => "org.twinlock1.explain-policy",
        "BeginEnrolment" | "ConfirmEnrolment" | "CancelEnrolment" => "org.twinlock1.enroll",
        "Verify" => "org.twinlock1.verify",
        "RemoveFactor" => "org.twinlock1.remove-factor",
        "Reset" | "ApproveReset" | "RefuseReset" => "org.twinlock1.reset",
        "ForgetUser" => "org.twinlock1.forget",
        "Unlock" => "org.twinlock1.unlock",
        "SetSwitch" => "org.twinlock1.switch",
        "Invite" => "org.twinlock1.invite",
        "NewRecoveryCodes" => "org.twinlock1.recovery",
        "ClearTrusted" => "org.twinlock1.trusted",
        "ImportFactors" => "org.twinlock1.import",
        "SetContact" => "org.twinlock1.contact",
        "IssueBypass" => "org.twinlock1.bypass",
        _ => return None,
    })
}

impl Accounts {
    /// The caller, if an administrator, when it is their turn. `about` is the user whom the call
    /// concerns, where it is one alone: rules of polkit may tell users apart by it.
    pub(super) async fn administrator(
        &self,
        header: &Header<'_>,
        connection: &Connection,
        about: Option<&str>,
    ) -> Result<Caller, Error> {
        let known = self.identify(header, connection).await?;
        if !known.is_root() {
            self.demand_leave(&known, header, connection, about).await?;
        }
        Ok(self.in_turn(known).await)
    }

    async fn demand_leave(
        &self,
        known: &Identity,
        header: &Header<'_>,
        connection: &Connection,
        about: Option<&str>,
    ) -> Result<(), Error> {
        if let Err(refusal) = ask(connection, header, about).await {
            let method = header.member().map_or("", |member| member.as_str());
            let cause = format!("uid {} may not call Admin.{method}: {refusal}", known.uid);
            self.engine.audit(AuditEvent::new(Happening::CallRefused, "", cause));
            return Err(Error::NotAuthorized(format!(
                "Only an administrator may do that ({refusal}); use sudo."
            )));
        }
        Ok(())
    }

    /// The caller, if an administrator of this user, and then the user.
    pub(super) async fn administrator_of(
        &self,
        name: &str,
        header: &Header<'_>,
        connection: &Connection,
    ) -> Result<(Caller, User), Error> {
        let caller = self.administrator(header, connection, Some(name)).await?;
        let user = self.user(name).await?;
        check_spelling(&caller, name, &user)?;
        Ok((caller, user))
    }

    /// The caller, if an administrator of each of these users: polkit is asked about one after the
    /// other, so that a rule about one holds in a list as well.
    pub(super) async fn administrator_of_all(
        &self,
        names: &[String],
        header: &Header<'_>,
        connection: &Connection,
    ) -> Result<Caller, Error> {
        let known = self.identify(header, connection).await?;
        if known.is_root() {
            return Ok(self.in_turn(known).await);
        }
        if names.is_empty() {
            self.demand_leave(&known, header, connection, None).await?;
        }
        for name in names.iter().collect::<BTreeSet<_>>() {
            self.demand_leave(&known, header, connection, Some(name)).await?;
        }
        let caller = self.in_turn(known).await;
        for name in names {
            match self.user(name).await {
                Ok(user) => check_spelling(&caller, name, &user)?,
                // Told of in the answer.
                Err(Error::UnknownUser(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(caller)
    }

    /// The caller, if an administrator of the user whose request this is, and who that is; nobody, where
    /// none waits. To be looked up it takes the caller's turn: it reads every record.
    pub(super) async fn administrator_of_request(
        &self,
        request: &str,
        header: &Header<'_>,
        connection: &Connection,
    ) -> Result<(Caller, Option<String>), Error> {
        let looking = self.caller(header, connection).await?;
        let user = self.who_asked(request).await.ok().map(|user| user.name);
        drop(looking);
        let caller = self.administrator(header, connection, user.as_deref()).await?;
        Ok((caller, user))
    }

    /// The caller, if an administrator of the user whose enrolment this is.
    pub(super) async fn administrator_of_enrolment(
        &self,
        enrolment: u64,
        header: &Header<'_>,
        connection: &Connection,
    ) -> Result<Caller, Error> {
        let sender = header.sender().map_or("", |sender| sender.as_str());
        let user = self.enrolments.user_of(sender, enrolment);
        self.administrator(header, connection, user.as_deref()).await
    }
}

/// What polkit was asked about is the name as it was given. The user database may take several for one
/// account, and a rule that knows one of them is not to be got round by another.
fn check_spelling(caller: &Caller, name: &str, user: &User) -> Result<(), Error> {
    if caller.is_root() || user.name == name {
        return Ok(());
    }
    Err(errors::another_name(name, &user.name))
}

/// Asks whether the sender of this message may call its method about this user.
async fn ask(
    connection: &Connection,
    header: &Header<'_>,
    about: Option<&str>,
) -> Result<(), Refusal> {
    let method = header.member().map_or("", |member| member.as_str());
    let action = action(method).filter(|_| !ROOT_ALONE.contains(&method));
    let action = action.ok_or(Refusal::RootAlone)?;
    let sender = header.sender().ok_or(Refusal::Denied)?.as_str();
    let attended = header.primary().flags().contains(Flags::ALLOW_INTERACTIVE_AUTH);
    let authority = AuthorityProxy::new(connection).await.map_err(|_| Refusal::Unavailable)?;
    let question = Question {
        authority,
        sender,
        action,
        details: about.map(|user| ("user", user)).into_iter().collect(),
        // Its own for each call: a serial is given out once by each connection.
        cancellation: format!("{sender} {}", header.primary().serial_num()),
    };
    let asking = async {
        // Without the person first: a polkit that hangs is found out before anybody waits for long.
        match question.put(0, UNATTENDED).await? {
            (true, ..) => Ok(()),
            (false, true, _) if attended => {
                match question.put(ALLOW_USER_INTERACTION, ATTENDED).await? {
                    (true, ..) => Ok(()),
                    (false, ..) => Err(Refusal::Denied),
                }
            }
            (false, ..) => Err(Refusal::Denied),
        }
    };
    let answer = tokio::select! {
        answer = asking => answer,
        () = gone(connection, sender) => Err(Refusal::Gone),
    };
    if matches!(answer, Err(Refusal::TooLate | Refusal::Gone)) {
        question.take_back().await;
    }
    answer
}

/// What polkit is asked.
struct Question<'a> {
    authority: AuthorityProxy<'a>,
    sender: &'a str,
    action: &'static str,
    details: HashMap<&'static str, &'a str>,
    cancellation: String,
}

impl Question<'_> {
    async fn put(&self, flags: u32, limit: Duration) -> Result<Answer, Refusal> {
        let subject = ("system-bus-name", HashMap::from([("name", Variant::from(self.sender))]));
        let Self { authority, action, details, cancellation, .. } = self;
        let asking = authority.check_authorization(&subject, action, details, flags, cancellation);
        match timeout(limit, asking).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(Refusal::Unavailable),
            Err(_) => Err(Refusal::TooLate),
        }
    }

    /// A dialogue for a call that is over is not to stay on anybody's screen.
    async fn take_back(&self) {
        let _ = timeout(UNATTENDED, self.authority.cancel_check_authorization(&self.cancellation))
            .await;
    }
}

/// Ends when this connection has left the bus; never, where the bus does not tell.
async fn gone(connection: &Connection, name: &str) {
    let watch = async {
        let bus = DBusProxy::new(connection).await?;
        let mut changes = bus.receive_name_owner_changed_with_args(&[(0, name)]).await?;
        let is_there = bus.name_has_owner(name.try_into()?).await?;
        if is_there {
            poll_fn(|context| Pin::new(&mut changes).poll_next(context)).await;
        }
        Ok::<_, zbus::Error>(())
    };
    if watch.await.is_err() {
        std::future::pending::<()>().await;
    }
}
