//! What a user brings along from another program: all of it at once, or nothing.

use crate::{
    factor::{Factor, Kind},
    news::Change,
    record::{MAX_FACTORS, UserRecord},
    scratch_codes::ScratchCodes,
    time::Timestamp,
};

/// Factors and scratch codes of one user, from another program.
#[derive(Clone)]
pub struct Import {
    /// Id, label and kind of each factor.
    pub factors: Vec<(String, String, Kind)>,
    /// Scratch codes.
    pub scratch: ScratchCodes,
    /// Whether they take the place of what the user has.
    pub replace: bool,
}

/// Why nothing is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Scratch codes alone are no factor, and nothing at all is a mistake.
    #[error("there is no factor to import")]
    Nothing,
    /// More than a record holds.
    #[error("a user has at most {MAX_FACTORS} factors")]
    TooManyFactors,
    /// A code of theirs would be accepted by each of them.
    #[error("two of the factors have the same key")]
    SameKey,
    /// What the user has set up here is not passed over in silence.
    #[error("the user has a factor already")]
    HasFactors,
}

impl UserRecord {
    /// Takes over what another program knew of the user. With `replace` it takes the place of every
    /// factor and recovery code, and no host is trusted any longer.
    ///
    /// # Errors
    /// [`ImportError`]; then nothing was changed.
    pub fn import(&mut self, import: &Import, now: Timestamp) -> Result<(), ImportError> {
        let Import { factors, scratch, replace } = import;
        match () {
            () if factors.is_empty() => return Err(ImportError::Nothing),
            () if factors.len() > MAX_FACTORS => return Err(ImportError::TooManyFactors),
            () if has_twins(factors) => return Err(ImportError::SameKey),
            () if !self.factors.is_empty() && !replace => return Err(ImportError::HasFactors),
            () => {}
        }
        // A code that was used here is used, though the files know nothing of it.
        let known = std::mem::take(&mut self.factors);
        let mut factors = factors.clone();
        for (_, _, kind) in &mut factors {
            known.iter().for_each(|known| kind.go_on_from(&known.kind));
        }
        if *replace {
            for old in known {
                self.news.change(Change::Removed(old.label), now);
            }
            self.recovery.clear();
            self.spent.clear();
            self.distrust();
        }
        self.scratch = scratch.clone();
        for (id, label, kind) in factors {
            self.news.change(Change::Enrolled(label.clone()), now);
            let last_used_at = None;
            self.factors.push(Factor { id, label, enrolled_at: now, last_used_at, kind });
        }
        self.enrolment = None;
        Ok(())
    }
}

fn has_twins(factors: &[(String, String, Kind)]) -> bool {
    factors.iter().enumerate().any(|(index, (_, _, kind))| {
        factors[..index].iter().any(|(_, _, earlier)| kind.is_same_key(earlier))
    })
}
