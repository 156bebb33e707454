//! `twinlock enroll`: a new factor, shown once and proved with a first code.
//!
//! ```text
//! file for the picture ─► Begin ─(CodeRequired)─► fresh code ─► Begin
//!                           ├─(InvitationRequired)─► invitation ─► Begin
//!                           └─► key and QR code ─► first code, three tries ─► Confirm
//! ```
//! Whatever ends it before the confirmation cancels the enrolment and removes the picture.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;
use twinlock_bus_api::error::Error;
use twinlock_qr::{Glyphs, QrCode, Screen};

use crate::client::{CallError, Client, Enrolled, Offer, Subject};
use crate::escape;
use crate::failure::Failure;
use crate::picture_file::PictureFile;
use crate::render::enrolment::{self, Shown};
use crate::render::{json, recovery};
use crate::secret::Secret;
use crate::surroundings::Surroundings;

use super::fresh_code::{with_fresh_code, with_invitation};
use super::{CODE_PROMPT, TRIES, check_code, contact};

const JSON_ENROLMENT: &str = "JSON: {user, factor, secret, uri}, one line, printed before the \
                              confirming code is asked for; the code is then read from standard \
                              input, or from a prompt. A first factor brings recovery codes, \
                              which a second line shows: {user, recovery_codes}. Of a contact: {user, \
                              factor: email|sms, address}, with recovery_codes where it is the \
                              first factor, printed at the end. Exit code 0 says that the factor is \
                              enrolled.";

/// Set up a second factor
///
/// Shows a new key once, as a QR code and as text, and enrols it when a first code has shown that
/// an authenticator app has it. Who has a factor already gives a code of it first; who has none, as
/// after a reset, is asked for the invitation, where one is needed. With '--method
/// email' or '--method sms' it is as 'twinlock contact set': behind a factor that there is already,
/// the address is proved with a code that is sent there.
#[derive(clap::Args)]
#[command(after_long_help = JSON_ENROLMENT)]
pub struct Args {
    /// For whom (administrators only); yourself where it is left out
    user: Option<String>,

    /// What kind of factor
    #[arg(long, value_enum, default_value_t = Method::Totp)]
    method: Method,

    /// Where codes are sent by e-mail or as text messages; asked for where it is left out
    #[arg(long, value_name = "ADDRESS")]
    address: Option<String>,

    /// What to call the factor, for example 'phone'
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    label: String,

    /// Where the QR code goes: utf8 (the terminal), png=FILE, svg=FILE (new files, for you
    /// alone) or none
    #[arg(long, value_name = "FORM", default_value = "utf8")]
    qr: QrForm,

    /// Enrol without a confirming code (administrators only)
    #[arg(long, requires = "user")]
    no_confirm: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Args {
    fn into_contact(self) -> contact::Enrolment {
        contact::Enrolment { user: self.user, address: self.address, json: self.json }
    }
}

/// Kinds of factors that can be enrolled.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    /// Codes of an authenticator app (RFC 6238)
    Totp,
    /// Codes that are sent by e-mail
    Email,
    /// Codes that are sent as text messages
    Sms,
}

/// Where the QR code goes.
#[derive(Clone, PartialEq, Eq)]
enum QrForm {
    Utf8,
    Png(PathBuf),
    Svg(PathBuf),
    None,
}

impl FromStr for QrForm {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            None if text == "utf8" => Ok(Self::Utf8),
            None if text == "none" => Ok(Self::None),
            Some(("png", file)) if !file.is_empty() => Ok(Self::Png(file.into())),
            Some(("svg", file)) if !file.is_empty() => Ok(Self::Svg(file.into())),
            _ => Err("one of utf8, png=FILE, svg=FILE, none is expected"),
        }
    }
}

/// Enrols.
///
/// # Errors
/// [`Failure`]: no factor was enrolled, unless the sentence says that this is not known.
pub fn run(args: Args, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    match (args.method, &args.address) {
        (Method::Totp, None) => {}
        (Method::Totp, Some(_)) => {
            return Err(Failure::refused(
                "An authenticator app has no address. Add '--method email' or '--method sms'.",
            ));
        }
        (Method::Email, _) => return contact::enroll("email", args.into_contact(), client, around),
        (Method::Sms, _) => return contact::enroll("sms", args.into_contact(), client, around),
    }
    let mut picture = match &args.qr {
        QrForm::Png(path) | QrForm::Svg(path) => Some(PictureFile::create(path)?),
        QrForm::Utf8 | QrForm::None => None,
    };
    let subject = Subject::from(args.user.clone());
    let offer = open(&subject, &args, client, around)?;
    let proved = show(&offer, &args, picture.as_mut(), around)
        .and_then(|()| prove(&subject, &offer, &args, client, around));
    if let Some(picture) = &mut picture
        && is_perhaps_enrolled(&offer, &proved)
    {
        picture.keep();
    }
    match proved {
        Ok(Some(enrolled)) if args.json && !enrolled.recovery_codes.is_empty() => {
            let codes = json::RecoveryCodes::of(&offer.user, &enrolled.recovery_codes);
            around.print_bytes(&json::line(&codes)?)
        }
        Ok(_) if args.json => Ok(()),
        Ok(Some(enrolled)) => {
            around.print(&enrolment::confirmed(&offer.user, &enrolled.factor))?;
            match enrolled.recovery_codes.as_slice() {
                [] => Ok(()),
                codes => around.print(recovery::codes(codes).expose()),
            }
        }
        Ok(None) => around.print(&enrolment::unconfirmed(&offer)),
        Err(failure) => {
            if offer.enrolment != 0 && !matches!(failure, Failure::Unreachable(_)) {
                // What cannot be cancelled ends with the connection.
                let _ = client.cancel_enrolment(&subject, offer.enrolment);
            }
            Err(failure)
        }
    }
}

/// Whether the key may be in use, so that a picture of it is worth keeping.
const fn is_perhaps_enrolled(offer: &Offer, proved: &Result<Option<Enrolled>, Failure>) -> bool {
    offer.enrolment == 0 || matches!(proved, Ok(_) | Err(Failure::Unreachable(_)))
}

/// Opens the enrolment, with a code of a factor or an invitation where the daemon wants one.
fn open(
    subject: &Subject,
    args: &Args,
    client: &mut Client,
    around: &mut Surroundings,
) -> Result<Offer, Failure> {
    let none = Secret::default();
    match client.begin_enrolment(subject, &args.label, &none, args.no_confirm) {
        Err(CallError::Refused(Error::CodeRequired(_))) => {}
        Err(CallError::Refused(Error::InvitationRequired(_))) => {
            return with_invitation(client, around, |client, code| {
                client.begin_enrolment(subject, &args.label, code, args.no_confirm)
            });
        }
        other => return Ok(other?),
    }
    let question = match subject {
        Subject::Oneself => "Code of a factor that you have already".to_owned(),
        Subject::User(user) => format!("Code of a factor that {} has already", escape::line(user)),
    };
    let status = client.status(subject)?;
    with_fresh_code(&question, &status, client, around, |client, code| {
        client.begin_enrolment(subject, &args.label, code, args.no_confirm)
    })
}

/// Shows the key, first where it cannot fail to be readable: as text.
fn show(
    offer: &Offer,
    args: &Args,
    picture: Option<&mut PictureFile>,
    around: &mut Surroundings,
) -> Result<(), Failure> {
    if args.json {
        around.print_bytes(&json::line(&json::Enrolment::from(offer))?)?;
    } else {
        around.print(&enrolment::instruction(&match (&args.qr, &picture) {
            (_, Some(picture)) => Shown::File(picture.path()),
            (QrForm::Utf8, None) => Shown::Here,
            (_, None) => Shown::Nowhere,
        }))?;
        if args.qr == QrForm::Utf8 {
            draw(offer, Screen::Dark, around)?;
        }
        around.print(enrolment::key(offer).expose())?;
    }
    match (picture, &args.qr) {
        (Some(picture), QrForm::Svg(_)) => picture.write(&twinlock_qr::svg(&qr_code(offer)?)),
        (Some(picture), _) => picture.write(&twinlock_qr::png(&qr_code(offer)?)),
        (None, _) => Ok(()),
    }
}

fn qr_code(offer: &Offer) -> Result<QrCode, Failure> {
    QrCode::encode(offer.uri.expose()).map_err(|cause| {
        Failure::refused(format!(
            "No QR code can be made of this account: {cause}. Use --qr none and type the key in by \
             hand."
        ))
    })
}

/// Draws the code on the terminal, or says why not; the key stands below it as text anyway.
fn draw(offer: &Offer, screen: Screen, around: &mut Surroundings) -> Result<(), Failure> {
    let code = match qr_code(offer) {
        Ok(code) => code,
        Err(failure) => return around.print(&format!("({failure})\n")),
    };
    match (around.columns)() {
        Some(columns) if columns < code.columns() => {
            around.print(&enrolment::too_narrow(code.columns(), columns))
        }
        _ => {
            around.print("\n")?;
            around.print(&code.draw(Glyphs::HalfBlocks, screen))?;
            around.print("\n\n")
        }
    }
}

/// Asks for the first code of the new key. None where the factor is enrolled without one.
fn prove(
    subject: &Subject,
    offer: &Offer,
    args: &Args,
    client: &mut Client,
    around: &mut Surroundings,
) -> Result<Option<Enrolled>, Failure> {
    if offer.enrolment == 0 {
        return Ok(None);
    }
    let is_drawn = args.qr == QrForm::Utf8 && !args.json;
    let mut screen = Screen::Dark;
    let mut left = TRIES;
    loop {
        let answer = around.prompt.ask(if !is_drawn {
            CODE_PROMPT
        } else if screen == Screen::Dark {
            "Verification code (i: redraw for a light screen): "
        } else {
            "Verification code (i: redraw for a dark screen): "
        })?;
        if is_drawn && answer.expose().eq_ignore_ascii_case("i") {
            screen = screen.inverted();
            draw(offer, screen, around)?;
            around.print(enrolment::key(offer).expose())?;
            continue;
        }
        let sentence = match check_code(&answer) {
            Err(failure) => failure.to_string(),
            Ok(()) => match client.confirm_enrolment(subject, offer.enrolment, &answer) {
                Ok(enrolled) => return Ok(Some(enrolled)),
                Err(error @ CallError::Refused(Error::WrongCode(_) | Error::UsedCode(_))) => {
                    escape::line(&error.sentence())
                }
                Err(error) => return Err(error.into()),
            },
        };
        left -= 1;
        if left == 0 {
            return Err(Failure::refused(format!(
                "{sentence} No factor was enrolled, because {TRIES} codes were not right. Delete \
                 the account from the app, check that the phone's clock is right, and run \
                 'twinlock enroll' again for a new key."
            )));
        }
        around.prompt.tell(&sentence)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_of_the_qr_code_is_a_word_or_a_file() {
        assert!(QrForm::from_str("utf8") == Ok(QrForm::Utf8));
        assert!(QrForm::from_str("none") == Ok(QrForm::None));
        assert!(QrForm::from_str("png=a=b") == Ok(QrForm::Png("a=b".into())));
        assert!(QrForm::from_str("svg=x") == Ok(QrForm::Svg("x".into())));
        for wrong in ["", "png", "png=", "utf8=x", "gif=x", "UTF8"] {
            assert!(QrForm::from_str(wrong).is_err(), "{wrong}");
        }
    }
}
