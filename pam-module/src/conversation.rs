//! What libpam offers and pamsm does not: the conversation function with several messages a call,
//! `PAM_TTY`, and module data that is wiped.
//!
//! The one file with unsafe code. It trusts libpam and the application to keep the contract of
//! `pam_conv(3)`, `pam_get_item(3)` and `pam_set_data(3)`, as every module has to, and nothing
//! beyond: answers may be missing, endless or garbage.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::fmt;
use std::ptr;

use pamsm::{Pam, PamError};
use twinlock_bus_api::login::MAX_RESPONSE;
use zeroize::{Zeroize, Zeroizing};

use crate::login::Conversation;
use crate::reply::{Line, MAX_MESSAGES};
use crate::ticket::{MAX_DIGITS, Ticket};

#[cfg(test)]
mod tests;

const PAM_SUCCESS: c_int = 0;
const PAM_TTY: c_int = 3;
const PAM_CONV: c_int = 5;

/// The name of the module's data in the PAM handle. The number stands for the layout of
/// [`StoredTicket`].
const TICKET_NAME: &CStr = c"twinlock.ticket.1";

/// `struct pam_message` of `<security/_pam_types.h>`.
#[repr(C)]
struct PamMessage {
    msg_style: c_int,
    msg: *const c_char,
}

/// `struct pam_response`.
#[repr(C)]
struct PamResponse {
    resp: *mut c_char,
    resp_retcode: c_int,
}

type ConvFunction = unsafe extern "C" fn(
    num_msg: c_int,
    msg: *mut *const PamMessage,
    resp: *mut *mut PamResponse,
    appdata_ptr: *mut c_void,
) -> c_int;

/// `struct pam_conv`.
#[repr(C)]
#[derive(Clone, Copy)]
struct PamConv {
    conv: Option<ConvFunction>,
    appdata_ptr: *mut c_void,
}

type RawHandle = *const c_void;

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_get_item(pamh: RawHandle, item_type: c_int, item: *mut *const c_void) -> c_int;
    fn pam_set_data(
        pamh: RawHandle,
        name: *const c_char,
        data: *mut c_void,
        cleanup: Option<unsafe extern "C" fn(RawHandle, *mut c_void, c_int)>,
    ) -> c_int;
    fn pam_get_data(pamh: RawHandle, name: *const c_char, data: *mut *const c_void) -> c_int;
}

unsafe extern "C" {
    // Answers are allocated with malloc(3) by the application and freed by the module.
    fn free(memory: *mut c_void);
}

/// Why the person cannot be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConversationError {
    /// The application set no conversation function.
    NoFunction,
    /// The conversation function failed with this code: nobody is there, the person broke off, or
    /// the program does not pass such prompts on.
    Refused(i32),
    /// The messages do not fit one call.
    TooMany,
}

impl fmt::Display for ConversationError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFunction => out.write_str("the program has no conversation function"),
            Self::Refused(code) => write!(
                out,
                "the program did not pass the prompt on, or the person broke off \
                 (PAM code {code})"
            ),
            Self::TooMany => out.write_str("the messages do not fit one conversation call"),
        }
    }
}

impl std::error::Error for ConversationError {}

/// The PAM handle of one hook.
pub struct Handle<'a> {
    pam: &'a Pam,
}

impl<'a> Handle<'a> {
    /// Wraps the handle that libpam passed to the hook.
    pub const fn new(pam: &'a Pam) -> Self {
        Self { pam }
    }

    const fn raw(&self) -> RawHandle {
        // SAFETY: `Pam` is `repr(transparent)` over the pointer that libpam passed to the hook, so
        // a reference to it points to a readable `RawHandle`; only the pointer is copied out.
        unsafe { *ptr::from_ref::<Pam>(self.pam).cast::<RawHandle>() }
    }

    fn item(&self, item_type: c_int) -> Option<*const c_void> {
        let mut item = ptr::null();
        // SAFETY: the handle is valid while the hook runs, which the lifetime of `self` lies
        // within, and `item` is a place for one pointer.
        let code = unsafe { pam_get_item(self.raw(), item_type, &raw mut item) };
        (code == PAM_SUCCESS && !item.is_null()).then_some(item)
    }

    /// `PAM_TTY`.
    pub fn tty(&self) -> Option<&CStr> {
        // SAFETY: this item is a NUL-terminated string that libpam owns and keeps until the item
        // is set again; the module never sets it, and no application does while a hook runs.
        self.item(PAM_TTY).map(|tty| unsafe { CStr::from_ptr(tty.cast()) })
    }

    fn conv(&self) -> Result<PamConv, ConversationError> {
        let conv = self.item(PAM_CONV).ok_or(ConversationError::NoFunction)?;
        // SAFETY: this item is a `struct pam_conv` that libpam owns; it is copied at once, since
        // the conversation function may set the item anew.
        Ok(unsafe { *conv.cast::<PamConv>() })
    }

    /// Keeps the ticket in the handle until it is replaced or the handle ends, and wipes it then.
    ///
    /// # Errors
    /// The code of `pam_set_data(3)`. The ticket is wiped then.
    pub fn keep_ticket(&self, ticket: &Ticket) -> Result<(), PamError> {
        let data = Box::into_raw(StoredTicket::new(ticket)).cast::<c_void>();
        // SAFETY: the name is NUL-terminated. `data` comes from `Box::into_raw`, and libpam calls
        // `drop_ticket` on it exactly once, when it replaces the data or ends the handle. The
        // module is linked `nodelete`, so the function is still there then.
        let code =
            unsafe { pam_set_data(self.raw(), TICKET_NAME.as_ptr(), data, Some(drop_ticket)) };
        if code == PAM_SUCCESS {
            return Ok(());
        }
        // SAFETY: libpam takes the data over only when it returns PAM_SUCCESS, so the box is still
        // this function's own.
        unsafe { drop_ticket(self.raw(), data, code) };
        Err(PamError::BUF_ERR)
    }

    /// The ticket that an earlier phase of this login kept.
    pub fn ticket(&self) -> Option<Ticket> {
        let mut data = ptr::null();
        // SAFETY: the name is NUL-terminated and `data` is a place for one pointer.
        let code = unsafe { pam_get_data(self.raw(), TICKET_NAME.as_ptr(), &raw mut data) };
        if code != PAM_SUCCESS || data.is_null() {
            return None;
        }
        // SAFETY: only `keep_ticket` stores data under this name, always a `StoredTicket` of this
        // layout, and libpam keeps it at least until the data is set again.
        unsafe { &*data.cast::<StoredTicket>() }.ticket()
    }
}

/// The ticket as it lies in the handle. The layout is fixed, so that two builds of the module in
/// one stack agree about it.
#[repr(C)]
struct StoredTicket {
    length: usize,
    digits: [u8; MAX_DIGITS],
}

impl StoredTicket {
    fn new(ticket: &Ticket) -> Box<Self> {
        let text = ticket.as_str().as_bytes();
        let mut stored = Box::new(Self { length: text.len(), digits: [0; MAX_DIGITS] });
        stored.digits.iter_mut().zip(text).for_each(|(digit, byte)| *digit = *byte);
        stored
    }

    fn ticket(&self) -> Option<Ticket> {
        let text = std::str::from_utf8(self.digits.get(..self.length)?).ok()?;
        Ticket::parse(Zeroizing::new(text.to_owned()))
    }
}

impl Drop for StoredTicket {
    fn drop(&mut self) {
        self.digits.zeroize();
        self.length.zeroize();
    }
}

/// The clean-up function of the ticket: `pam_set_data(3)`.
///
/// # Safety
/// `data` comes from `Box::<StoredTicket>::into_raw` and is not used afterwards.
unsafe extern "C" fn drop_ticket(_: RawHandle, data: *mut c_void, _: c_int) {
    if !data.is_null() {
        // SAFETY: the caller hands over the box that `keep_ticket` made.
        drop(unsafe { Box::from_raw(data.cast::<StoredTicket>()) });
    }
}

impl Conversation for Handle<'_> {
    fn show(&mut self, texts: &[Line]) -> Result<(), ConversationError> {
        converse(self.conv()?, texts, free).map(drop)
    }

    fn ask(&mut self, lines: &[Line]) -> Result<Option<Zeroizing<Vec<u8>>>, ConversationError> {
        converse(self.conv()?, lines, free)
    }
}

/// One call of the conversation function; the answer to the last message, or nothing.
///
/// `free` is free(3), and in tests a function that looks at what it frees.
fn converse(
    conv: PamConv,
    lines: &[Line],
    free: unsafe extern "C" fn(*mut c_void),
) -> Result<Option<Zeroizing<Vec<u8>>>, ConversationError> {
    let function = conv.conv.ok_or(ConversationError::NoFunction)?;
    let count = match c_int::try_from(lines.len()) {
        Ok(count) if lines.len() <= MAX_MESSAGES => count,
        _ => return Err(ConversationError::TooMany),
    };
    // A NUL cannot be in there: `Line` has no control characters. Were it, the text is left out.
    let texts: Vec<CString> =
        lines.iter().map(|line| CString::new(line.text.as_str()).unwrap_or_default()).collect();
    let messages: Vec<PamMessage> = lines
        .iter()
        .zip(&texts)
        .map(|(line, text)| PamMessage { msg_style: line.style as c_int, msg: text.as_ptr() })
        .collect();
    // An array of pointers, as Linux-PAM reads it, into an array of messages, as Solaris does.
    let mut pointers: Vec<*const PamMessage> = messages.iter().map(ptr::from_ref).collect();
    let mut replies = Replies { array: ptr::null_mut(), count: lines.len(), free };
    // SAFETY: `pointers` holds `count` pointers to messages whose texts are NUL-terminated, all of
    // them alive until after the call. `replies.array` is a place for one pointer and null, as
    // pam_conv(3) wants it. The application data is the one that came with the function.
    let code =
        unsafe { function(count, pointers.as_mut_ptr(), &raw mut replies.array, conv.appdata_ptr) };
    if code == PAM_SUCCESS { Ok(replies.last()) } else { Err(ConversationError::Refused(code)) }
}

/// The answers of one conversation call. Wiped and freed on drop, all of them and whatever the
/// function returned, as libpam's own pam_vprompt(3) frees them.
struct Replies {
    array: *mut PamResponse,
    count: usize,
    free: unsafe extern "C" fn(*mut c_void),
}

impl Replies {
    /// The bytes of the last answer, cut one byte after the longest that is sent.
    fn last(&self) -> Option<Zeroizing<Vec<u8>>> {
        if self.array.is_null() {
            return None;
        }
        let at = self.count.checked_sub(1)?;
        // SAFETY: a conversation function that succeeds with an array fills one element for each
        // message, and `at` is below their count.
        let text = unsafe { (*self.array.add(at)).resp };
        if text.is_null() {
            return None;
        }
        // SAFETY: an answer is a NUL-terminated string (pam_conv(3)) that stays until `drop`.
        let bytes = unsafe { CStr::from_ptr(text) }.to_bytes();
        Some(Zeroizing::new(bytes[..bytes.len().min(MAX_RESPONSE + 1)].to_vec()))
    }
}

impl Drop for Replies {
    fn drop(&mut self) {
        if self.array.is_null() {
            return;
        }
        for at in 0..self.count {
            // SAFETY: the array has one element for each message; the place of the string is read
            // and the string is not used again after `free`.
            let text = unsafe { (*self.array.add(at)).resp };
            if text.is_null() {
                continue;
            }
            // SAFETY: an answer is a NUL-terminated string in memory that the module owns, so its
            // bytes may be overwritten; nothing else points to it. It came from malloc(3).
            unsafe {
                let length = CStr::from_ptr(text).count_bytes();
                std::slice::from_raw_parts_mut(text.cast::<u8>(), length).zeroize();
                (self.free)(text.cast());
            }
        }
        // SAFETY: the array came from malloc(3) too, and `self` is at its end.
        unsafe { (self.free)(self.array.cast()) };
    }
}
