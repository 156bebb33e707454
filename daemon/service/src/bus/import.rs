//! Factors and scratch codes from another program: one user's in one step.
//!
//! What is imported accepts codes from now on: of a TOTP nothing of an earlier time step, and of
//! either kind nothing that the other program is known to have accepted.

use std::collections::BTreeSet;

use data_encoding::BASE32_NOPAD;
use twinlock_bus_api::{
    error::{Error, Result},
    import::{AccountImport, ImportedFactor},
};
use twinlock_core::{
    audit::{AuditEvent, Happening},
    factor::{
        Kind, hotp,
        hotp::HotpFactor,
        totp::{self, Algorithm, PERIOD, Secret, TotpFactor},
    },
    login::User,
    record::{Import, ImportError, MAX_FACTORS},
    scratch_codes::{ScratchCodeError, ScratchCodes},
    time::Timestamp,
};
use zeroize::Zeroizing;

use super::{account::Accounts, caller::Caller, enrolling::label};

/// Bytes of a secret: 80 bits are the fewest that an authenticator app was ever given.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 10..=128;

/// How many time steps either side of now a last code is looked for.
const LAST_CODE_WINDOW: u16 = 20;

impl Accounts {
    /// Takes over what another program knew of a user, all of it or nothing.
    pub(super) async fn import_factors(
        &self,
        user: &User,
        caller: &Caller,
        import: &AccountImport,
    ) -> Result<()> {
        let origin = label(import.origin.as_deref().unwrap_or("another program"))?;
        let given = import.factors.as_deref().unwrap_or_default();
        if given.len() > MAX_FACTORS {
            return Err(refused(user, ImportError::TooManyFactors));
        }
        let now = self.engine.now().wall;
        let kinds = given.iter().map(|factor| kind(factor, now)).collect::<Result<Vec<_>>>()?;
        let labels = given.iter().map(|factor| label(factor.label.as_deref().unwrap_or_default()));
        let labels = labels.collect::<Result<Vec<_>>>()?;
        let ids = self.ids(kinds.len());
        let codes = import.scratch_codes.as_deref().unwrap_or_default();
        let mut hashed: Option<std::result::Result<ScratchCodes, ScratchCodeError>> = None;
        self.change(user, |record, world, events| {
            // The digests are slow: where the step is run again, they are not made again.
            let scratch = hashed.get_or_insert_with(|| {
                let salt = world.fresh.printed_codes().next().map(|(_, salt)| salt);
                let codes = codes.iter().map(String::as_str);
                ScratchCodes::new(codes, salt.unwrap_or_default(), world.hashing)
            });
            let scratch = scratch.clone().map_err(invalid)?;
            let factors =
                ids.iter().cloned().zip(labels.iter().cloned()).zip(kinds.iter().cloned());
            let factors = factors.map(|((id, label), kind)| (id, label, kind)).collect();
            let replace = import.replace.unwrap_or_default();
            let had = record.factors.len();
            let import = Import { factors, scratch, replace };
            record.import(&import, world.now).map_err(|error| refused(user, error))?;
            let mut cause = format!(
                "{} factors and {} scratch codes from {origin}",
                import.factors.len(),
                import.scratch.len()
            );
            if had > 0 {
                cause.push_str(&format!(", in place of {had} factors"));
            }
            let event = AuditEvent::new(Happening::UserImported, user.name.clone(), cause);
            events.push(Self::by(caller, user, event));
            Ok(())
        })
        .await
    }

    /// As many ids, each its own.
    fn ids(&self, count: usize) -> BTreeSet<String> {
        let mut ids = BTreeSet::new();
        // Two of 32^6 seldom meet. Should the generator fail, they all do, and too few are no
        // import.
        for _ in 0..2 * count {
            if ids.len() < count {
                ids.insert(self.engine.reference().to_string());
            }
        }
        ids
    }
}

/// The verifier's side of what came.
fn kind(factor: &ImportedFactor, now: Timestamp) -> Result<Kind> {
    let text = Zeroizing::new(factor.secret.clone().unwrap_or_default());
    let bytes = BASE32_NOPAD.decode(text.as_bytes()).map(Zeroizing::new);
    let bytes = bytes.map_err(|_| invalid("a shared secret is not base32"))?;
    if !SECRET_BYTES.contains(&bytes.len()) {
        return Err(invalid("a shared secret has 10 to 128 bytes"));
    }
    let secret = Secret::new(bytes.to_vec());
    let digits = u8::try_from(factor.digits.unwrap_or(6)).unwrap_or(u8::MAX);
    let last_code = factor.last_code.as_deref().unwrap_or_default();
    match factor.counter {
        Some(_) if factor.period.is_some() => Err(invalid("a factor has a period or a counter")),
        Some(counter) => {
            let token = HotpFactor::imported(secret, digits, counter);
            let mut token = token.map_err(invalid)?;
            if let hotp::Check::Fresh { counter } = token.check(last_code) {
                token.accept(counter);
            }
            Ok(Kind::Hotp(token))
        }
        None => {
            let period = factor.period.unwrap_or(PERIOD);
            let app = TotpFactor::imported(secret, Algorithm::Sha1, digits, period);
            let mut app = app.map_err(invalid)?;
            if let totp::Check::Fresh { step } = app.check(last_code, LAST_CODE_WINDOW, now) {
                app.accept(step);
            }
            let step = now.as_secs() / period;
            app.accept(step.saturating_sub(1));
            // A step far in the future would lock the owner out for as long.
            let latest = step.saturating_add(LAST_CODE_WINDOW.into());
            app.accept(factor.last_step.unwrap_or_default().min(latest));
            Ok(Kind::Totp(app))
        }
    }
}

fn invalid(why: impl std::fmt::Display) -> Error {
    Error::InvalidArgument(format!(
        "That cannot be imported: {why}. Mend it in the file, or import without it."
    ))
}

fn refused(user: &User, error: ImportError) -> Error {
    match error {
        ImportError::HasFactors => Error::AlreadyEnrolled(format!(
            "{} has a factor already; reset the user first, or let the import replace what there \
             is.",
            user.name
        )),
        ImportError::Nothing | ImportError::TooManyFactors | ImportError::SameKey => invalid(error),
    }
}
