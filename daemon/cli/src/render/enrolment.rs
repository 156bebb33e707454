//! The words around an enrolment.

use std::path::Path;

use zeroize::Zeroizing;

use super::factors;
use crate::client::Offer;
use crate::escape;
use crate::secret::Secret;
use twinlock_bus_api::account::FactorInfo;

/// Where the QR code is to be found.
pub enum Shown<'a> {
    /// Above the key, on the terminal.
    Here,
    /// In a file.
    File(&'a Path),
    /// Nowhere.
    Nowhere,
}

/// What to do with the code and the key.
pub fn instruction(shown: &Shown<'_>) -> String {
    match shown {
        Shown::Here => {
            "Scan this with an authenticator app, or type the key in by hand.\n".to_owned()
        }
        Shown::File(path) => format!(
            "Scan the QR code in {} with an authenticator app, or type the key in by hand. Delete \
             the file then: whoever reads it has the key.\n",
            escape::line(&path.display().to_string())
        ),
        Shown::Nowhere => "Type this key into an authenticator app.\n".to_owned(),
    }
}

/// Account and key as text, for apps without a camera and screens without half blocks.
pub fn key(offer: &Offer) -> Secret {
    Secret::new(format!(
        "Account: {}    Key: {}\n",
        escape::line(&offer.account),
        *grouped(&escape::line(offer.secret.expose()))
    ))
}

/// In groups of four, which is how people copy it.
fn grouped(key: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(key.len() * 2));
    for (position, character) in key.chars().enumerate() {
        if position > 0 && position % 4 == 0 {
            text.push(' ');
        }
        text.push(character);
    }
    text
}

/// The end of a confirmed enrolment.
pub fn confirmed(user: &str, factor: &FactorInfo) -> String {
    format!("Done. {} has a new factor: {}.\n", escape::line(user), factors::named(factor))
}

/// The end of an administrator's enrolment without a code.
pub fn unconfirmed(offer: &Offer) -> String {
    let user = escape::line(&offer.user);
    format!(
        "Done. {user} has a new factor (id {}), and nobody has shown yet that an app has its key: \
         'twinlock verify {user}' tries a code.\n",
        escape::line(&offer.factor)
    )
}

/// In place of a code that would wrap into nonsense.
pub fn too_narrow(needed: usize, columns: usize) -> String {
    format!(
        "(The QR code needs {needed} columns and this terminal has {columns}: make it wider and \
         answer i, or type the key in by hand.)\n"
    )
}
