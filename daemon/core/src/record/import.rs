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
            () if !self.factors.is_empty() && !replace => return Err(ImportError::HasFactors),
            () => {}
        }
        if *replace {
            for old in std::mem::take(&mut self.factors) {
                self.news.change(Change::Removed(old.label), now);
            }
            self.recovery.clear();
            self.spent.clear();
            self.distrust();
        }
        self.scratch = scratch.clone();
        for (id, label, kind) in factors {
            self.news.change(Change::Enrolled(label.clone()), now);
            self.factors.push(Factor {
                id: id.clone(),
                label: label.clone(),
                enrolled_at: now,
                last_used_at: None,
                kind: kind.clone(),
            });
        }
        self.enrolment = None;
        Ok(())
    }
}
