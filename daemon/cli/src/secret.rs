//! Text that is wiped when it is no longer needed and that nothing prints by accident.

use zeroize::Zeroizing;

/// A code, a shared key or a picture of one. No `Debug` and no `Display`: showing it takes
/// [`Secret::expose`], which a reader of the code sees.
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over; the allocation is wiped on drop.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::new(text.to_owned()))
    }
}
