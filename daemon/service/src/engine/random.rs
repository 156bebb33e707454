//! The system's random generator, getrandom(2).

use twinlock_core::fresh::{FRESH_BYTES, Fresh};
use zeroize::Zeroizing;

use super::EngineError;

/// Randomness for one step.
pub(crate) fn fresh() -> Result<Fresh, EngineError> {
    let mut bytes = Zeroizing::new([0; FRESH_BYTES]);
    fill(&mut *bytes)?;
    Ok(Fresh::new(bytes))
}

/// Random bytes.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), EngineError> {
    getrandom::fill(bytes).map_err(|error| EngineError::Random(error.to_string()))
}
