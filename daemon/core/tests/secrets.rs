//! What holds a secret cannot be printed.

use std::fmt::Debug;

/// Fails to compile where the type has a `Debug`: two implementations would then fit the call, and
/// the compiler cannot say which is meant.
macro_rules! has_no_debug {
    ($($type:ty),+ $(,)?) => {
        $(const _: () = {
            struct Printable;
            trait OneWay<Marker> {
                const CHOSEN: () = ();
            }
            impl<T: ?Sized> OneWay<()> for T {}
            impl<T: ?Sized + Debug> OneWay<Printable> for T {}
            <$type as OneWay<_>>::CHOSEN
        };)+
    };
}

has_no_debug!(
    twinlock_core::factor::totp::Secret,
    twinlock_core::factor::totp::TotpFactor,
    twinlock_core::factor::Factor,
    twinlock_core::factor::Kind,
    twinlock_core::record::UserRecord,
    twinlock_core::response::Response,
    twinlock_core::fresh::Fresh,
    twinlock_core::dialogue::Dialogue,
    twinlock_core::dialogue::Step,
    twinlock_core::dialogue::Turn,
);

#[test]
fn a_staged_enrolment_shows_its_factor_and_not_its_key() {
    use twinlock_core::{
        dialogue::{Staged, StagedEnrolment},
        factor::totp::{Secret, TotpFactor},
        time::Timestamp,
    };
    let secret = Secret::new(b"canary-canary-canary");
    let shown = secret.to_base32();
    let staged = Staged::Enrol(Box::new(StagedEnrolment {
        factor: "7F3KQ2".to_owned(),
        totp: TotpFactor::new(secret),
        recovery: Vec::new(),
        invitation: None,
        beside: Vec::new(),
        epoch: 0,
        at: Timestamp::EPOCH,
    }));
    let text = format!("{staged:?}");
    assert!(text.contains("7F3KQ2") && !text.contains(shown.as_str()), "{text}");
    assert!(!text.contains("canary") && !text.contains("99, 97, 110"), "{text}");
}
