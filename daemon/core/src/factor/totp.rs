//! Time-based one-time passwords, RFC 6238 over RFC 4226.
//!
//! A code is accepted at most once: the factor keeps the last accepted time step, and only a
//! greater one passes (RFC 6238 section 5.2). So a code that was seen is worthless, and of two
//! neighbouring codes the earlier one dies with the later.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use totp_rs::{Builder, Totp};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::time::Timestamp;

/// Seconds of a time step in what Twinlock enrols itself.
pub const PERIOD: u64 = 30;

/// Bytes of a shared secret that Twinlock makes: 160 bits, as RFC 4226 section 4 recommends.
pub const SECRET_BYTES: usize = 20;

/// How far from now a wrong code is looked for to tell the administrator that a clock is off:
/// ten minutes either side. Nobody at the prompt learns of it.
const DRIFT_STEPS: u16 = 20;

/// The HMAC's hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// SHA-1, the only one that every app knows.
    #[default]
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl From<Algorithm> for totp_rs::Algorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha1 => Self::SHA1,
            Algorithm::Sha256 => Self::SHA256,
            Algorithm::Sha512 => Self::SHA512,
        }
    }
}

/// A shared secret. Wiped when dropped, never printed: it has no `Debug`.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes the bytes over.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes, for the HMAC.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Base32 without padding (RFC 4648), as apps show and take it.
    pub fn to_base32(&self) -> Zeroizing<String> {
        Zeroizing::new(data_encoding::BASE32_NOPAD.encode(&self.0))
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_base32())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        data_encoding::BASE32_NOPAD
            .decode(text.as_bytes())
            .map(Self)
            .map_err(|_| serde::de::Error::custom("a shared secret is not base32"))
    }
}

/// Why parameters cannot be those of a TOTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ParameterError {
    /// RFC 4226 knows 6 to 8.
    #[error("a code has 6 to 8 digits, not {0}")]
    Digits(u8),
    /// A step is at least a second and at most an hour.
    #[error("a time step has 1 to 3600 seconds, not {0}")]
    Period(u64),
    /// No token was ever pressed so often.
    #[error("a counter cannot be {0}")]
    Counter(u64),
    /// An empty secret would make every account's codes alike.
    #[error("the shared secret is empty")]
    EmptySecret,
}

/// The verifier's side of one authenticator.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct TotpFactor {
    secret: Secret,
    algorithm: Algorithm,
    digits: u8,
    period: u64,
    last_step: Option<u64>,
}

/// What a record holds, before it has been checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    secret: Secret,
    algorithm: Algorithm,
    digits: u8,
    period: u64,
    last_step: Option<u64>,
}

impl TryFrom<Stored> for TotpFactor {
    type Error = ParameterError;

    fn try_from(stored: Stored) -> Result<Self, ParameterError> {
        let mut factor =
            Self::imported(stored.secret, stored.algorithm, stored.digits, stored.period)?;
        factor.last_step = stored.last_step;
        Ok(factor)
    }
}

/// What a code turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Check {
    /// Right and fresh. Nothing is accepted before the step has been kept with
    /// [`TotpFactor::accept`] and the record committed.
    Fresh {
        /// The matched time step.
        step: u64,
    },
    /// Right, but of a step that is not after the last accepted one.
    Used,
    /// Wrong.
    Wrong {
        /// It would have been right this many steps from now: somebody's clock is off.
        drift: Option<i64>,
    },
}

impl TotpFactor {
    /// What Twinlock enrols: SHA-1, six digits, 30 seconds.
    pub const fn new(secret: Secret) -> Self {
        Self { secret, algorithm: Algorithm::Sha1, digits: 6, period: PERIOD, last_step: None }
    }

    /// A factor with parameters of its own, from elsewhere.
    pub fn imported(
        secret: Secret,
        algorithm: Algorithm,
        digits: u8,
        period: u64,
    ) -> Result<Self, ParameterError> {
        if !(6..=8).contains(&digits) {
            return Err(ParameterError::Digits(digits));
        }
        if !(1..=3600).contains(&period) {
            return Err(ParameterError::Period(period));
        }
        if secret.0.is_empty() {
            return Err(ParameterError::EmptySecret);
        }
        Ok(Self { secret, algorithm, digits, period, last_step: None })
    }

    /// The shared secret, to be shown once at enrolment.
    pub const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Whether any code of it was ever accepted, the confirming one included.
    pub const fn is_confirmed(&self) -> bool {
        self.last_step.is_some()
    }

    /// Tries a code, `window` steps either side of now. Says what it is and changes nothing.
    pub fn check(&self, code: &str, window: u16, now: Timestamp) -> Check {
        let time = now.as_secs().min(i64::MAX as u64);
        match self.verifier(window).check(code, time) {
            Some(step) if self.last_step.is_none_or(|last| step > last) => Check::Fresh { step },
            Some(_) => Check::Used,
            None => Check::Wrong { drift: self.drift(code, time) },
        }
    }

    /// Keeps an accepted step. It never goes back.
    pub fn accept(&mut self, step: u64) {
        self.last_step = self.last_step.max(Some(step));
    }

    /// Keeps every step as accepted that is accepted at this time, `window` steps after it included.
    pub fn accept_until(&mut self, now: Timestamp, window: u16) {
        self.accept((now.as_secs() / self.period).saturating_add(u64::from(window)));
    }

    /// Whether it is the same key with the same time steps. Of fewer digits a code is the end of the
    /// longer one, so that digits make no difference (RFC 4226 section 5.3).
    pub fn is_same_app(&self, other: &Self) -> bool {
        self.secret == other.secret && self.period == other.period
    }

    /// Keeps the step that another factor of the same app has come to.
    pub fn go_on_from(&mut self, other: &Self) {
        if self.is_same_app(other) {
            self.last_step = self.last_step.max(other.last_step);
        }
    }

    /// The last accepted step; `None` if none ever was.
    pub const fn last_step(&self) -> Option<u64> {
        self.last_step
    }

    /// The `otpauth://` URI of the key, for a QR code.
    ///
    /// A colon separates issuer and account there, so it becomes a dash within either.
    pub fn uri(&self, issuer: &str, account: &str) -> Option<Zeroizing<String>> {
        let part = |text: &str| text.replace(':', "-");
        self.builder(0)
            .with_issuer(Some(part(issuer)))
            .with_account_name(part(account))
            .build_noncompliant()
            .to_url()
            .ok()
            .map(Zeroizing::new)
    }

    fn drift(&self, code: &str, time: u64) -> Option<i64> {
        let step = self.verifier(DRIFT_STEPS).check(code, time)?;
        Some(step.cast_signed() - (time / self.period).cast_signed())
    }

    fn verifier(&self, window: u16) -> Totp {
        self.builder(window).build_noncompliant()
    }

    fn builder(&self, window: u16) -> Builder {
        Builder::new()
            .with_algorithm(self.algorithm.into())
            .with_digits(self.digits)
            .with_skew(window)
            .with_step_duration(self.period)
            .with_secret(self.secret.0.clone().into_boxed_slice())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    fn rfc_secret(length: usize) -> Secret {
        Secret::new(b"1234567890".iter().copied().cycle().take(length).collect::<Vec<_>>())
    }

    /// RFC 6238 appendix B, all eighteen rows.
    #[test]
    fn the_vectors_of_rfc_6238_pass() {
        let rows: [(u64, [&str; 3]); 6] = [
            (59, ["94287082", "46119246", "90693936"]),
            (1_111_111_109, ["07081804", "68084774", "25091201"]),
            (1_111_111_111, ["14050471", "67062674", "99943326"]),
            (1_234_567_890, ["89005924", "91819424", "93441116"]),
            (2_000_000_000, ["69279037", "90698825", "38618901"]),
            (20_000_000_000, ["65353130", "77737706", "47863826"]),
        ];
        let modes = [(Algorithm::Sha1, 20), (Algorithm::Sha256, 32), (Algorithm::Sha512, 64)];
        for (time, codes) in rows {
            for ((algorithm, length), code) in modes.into_iter().zip(codes) {
                let factor = TotpFactor::imported(rfc_secret(length), algorithm, 8, 30).unwrap();
                let step = time / 30;
                assert_eq!(
                    factor.check(code, 0, at(time)),
                    Check::Fresh { step },
                    "{algorithm:?} at {time}"
                );
            }
        }
    }

    /// RFC 4226 appendix D: the HOTP values of counters 0 to 9, which TOTP yields at those steps.
    #[test]
    fn the_vectors_of_rfc_4226_pass() {
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583",
            "399871", "520489",
        ];
        let factor = TotpFactor::new(rfc_secret(20));
        for (step, code) in (0u64..).zip(codes) {
            assert_eq!(factor.check(code, 0, at(step * 30)), Check::Fresh { step });
        }
    }

    #[test]
    fn a_code_is_accepted_once_and_an_earlier_one_dies_with_it() {
        let mut factor = TotpFactor::new(rfc_secret(20));
        // The codes of the steps 1 and 2, asked at step 2.
        assert_eq!(factor.check("359152", 1, at(60)), Check::Fresh { step: 2 });
        factor.accept(2);
        assert_eq!(factor.check("359152", 1, at(60)), Check::Used);
        assert_eq!(factor.check("287082", 1, at(60)), Check::Used);
        assert_eq!(factor.check("969429", 1, at(60)), Check::Fresh { step: 3 });
        factor.accept(1);
        assert_eq!(factor.check("359152", 1, at(60)), Check::Used, "the last step never goes back");
    }

    #[test]
    fn a_code_outside_the_window_is_wrong_and_its_drift_is_known() {
        let factor = TotpFactor::new(rfc_secret(20));
        assert_eq!(factor.check("755224", 1, at(3 * 30)), Check::Wrong { drift: Some(-3) });
        assert_eq!(factor.check("520489", 1, at(3 * 30)), Check::Wrong { drift: Some(6) });
        assert_eq!(factor.check("000000", 1, at(3 * 30)), Check::Wrong { drift: None });
    }

    #[test]
    fn only_the_right_number_of_ascii_digits_is_a_code() {
        let factor = TotpFactor::new(rfc_secret(20));
        for code in ["", "75522", "7552244", "+75522", "75522\0", "755 24", "７55224", "-55224"] {
            assert_eq!(factor.check(code, 1, at(0)), Check::Wrong { drift: None }, "{code:?}");
        }
    }

    #[test]
    fn the_uri_names_issuer_and_account_and_escapes_both() {
        let factor = TotpFactor::new(rfc_secret(20));
        let uri = factor.uri("web1", "alice&secret=x@web1").unwrap();
        assert!(uri.starts_with("otpauth://totp/web1:alice%26secret%3Dx%40web1?"), "{}", *uri);
        assert!(uri.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), "{}", *uri);
        assert!(uri.contains("issuer=web1"), "{}", *uri);
    }

    #[test]
    fn a_stored_factor_with_parameters_that_cannot_be_is_refused() {
        let json =
            r#"{"secret":"GEZDGNBV","algorithm":"sha1","digits":10,"period":30,"last_step":null}"#;
        let error = serde_json::from_str::<TotpFactor>(json).err().unwrap().to_string();
        assert!(error.contains("6 to 8 digits"), "{error}");
    }

    proptest! {
        /// Whatever codes come at whatever times, the accepted steps only ever rise.
        #[test]
        fn accepted_steps_strictly_increase(
            tries in proptest::collection::vec((0u64..2_000, 0u64..2_000), 1..100),
        ) {
            let mut factor = TotpFactor::new(rfc_secret(20));
            let generator = factor.verifier(0);
            let mut accepted = Vec::new();
            for (code_time, now) in tries {
                let code = generator.generate(code_time).to_string();
                if let Check::Fresh { step } = factor.check(&code, 1, at(now)) {
                    factor.accept(step);
                    accepted.push(step);
                }
            }
            prop_assert!(accepted.windows(2).all(|pair| pair[0] < pair[1]));
        }

        #[test]
        fn no_answer_panics(code in ".*", window in 0u16..12, now in any::<u64>()) {
            let _ = TotpFactor::new(rfc_secret(20)).check(&code, window, at(now));
        }
    }
}
