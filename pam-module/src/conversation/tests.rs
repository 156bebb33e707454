//! Conversation functions as applications write them, well and badly, and what becomes of their
//! memory. The allocator's side is checked too: what is freed is wiped, and all of it is freed.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::CString;

use twinlock_bus_api::login::Style;

use super::*;

unsafe extern "C" {
    fn malloc(size: usize) -> *mut c_void;
    fn calloc(count: usize, size: usize) -> *mut c_void;
}

const CONV_ERR: c_int = 19;

thread_local! {
    /// What the application allocated and nobody freed yet: by address.
    static LIVE: RefCell<HashMap<usize, Memory>> = RefCell::new(HashMap::new());
    /// What the application was asked to show.
    static SEEN: RefCell<Vec<(c_int, String)>> = const { RefCell::new(Vec::new()) };
}

/// Memory that the application hands over.
enum Memory {
    Array,
    /// A string of so many bytes with its NUL.
    Text(usize),
}

/// What the application does.
struct Application {
    code: c_int,
    /// The answers, or no array at all.
    answers: Option<Vec<Option<Vec<u8>>>>,
}

unsafe extern "C" fn conversation(
    count: c_int,
    messages: *mut *const PamMessage,
    responses: *mut *mut PamResponse,
    data: *mut c_void,
) -> c_int {
    // SAFETY: the tests pass an `Application` as the data, and `converse` the rest as documented.
    unsafe {
        let application = &*data.cast::<Application>();
        let count = usize::try_from(count).unwrap();
        for at in 0..count {
            let message = &**messages.add(at);
            // Both readings of the array agree: Linux-PAM's and Solaris's.
            let solaris = &*(*messages).add(at);
            assert!(ptr::eq(message, solaris));
            let text = CStr::from_ptr(message.msg).to_str().unwrap().to_owned();
            SEEN.with_borrow_mut(|seen| seen.push((message.msg_style, text)));
        }
        assert!((*responses).is_null(), "pam_conv(3) starts from null");
        if let Some(answers) = &application.answers {
            let array = calloc(count, size_of::<PamResponse>()).cast::<PamResponse>();
            remember(array.cast(), Memory::Array);
            for (at, answer) in answers.iter().enumerate() {
                if let Some(answer) = answer {
                    let text = CString::new(answer.clone()).unwrap();
                    let size = answer.len() + 1;
                    let copy = malloc(size).cast::<c_char>();
                    ptr::copy_nonoverlapping(text.as_ptr(), copy, size);
                    remember(copy.cast(), Memory::Text(size));
                    (*array.add(at)).resp = copy;
                }
            }
            *responses = array;
        }
        application.code
    }
}

fn remember(memory: *mut c_void, kind: Memory) {
    LIVE.with_borrow_mut(|live| live.insert(memory as usize, kind));
}

/// free(3) that looks first: strings must be all zero, and nothing is freed twice.
unsafe extern "C" fn wiped_free(memory: *mut c_void) {
    let kind = LIVE.with_borrow_mut(|live| live.remove(&(memory as usize)));
    // SAFETY: a string has the size that it was allocated with, and either kind came from here.
    unsafe {
        if let Memory::Text(size) = kind.expect("freed once, and only what was handed over") {
            let bytes = std::slice::from_raw_parts(memory.cast::<u8>(), size);
            assert!(bytes.iter().all(|byte| *byte == 0), "an answer is wiped before it is freed");
        }
        free(memory);
    }
}

fn lines() -> Vec<Line> {
    vec![
        Line { style: Style::Info, text: "Hello.".to_owned() },
        Line { style: Style::PromptEcho, text: "Code: ".to_owned() },
    ]
}

fn talk(
    code: c_int,
    answers: Option<Vec<Option<Vec<u8>>>>,
) -> Result<Option<Zeroizing<Vec<u8>>>, ConversationError> {
    let mut application = Application { code, answers };
    let conv = PamConv {
        conv: Some(conversation),
        appdata_ptr: ptr::from_mut(&mut application).cast::<c_void>(),
    };
    let answer = converse(conv, &lines(), wiped_free);
    LIVE.with_borrow(|live| assert!(live.is_empty(), "everything is freed"));
    answer
}

fn text(answer: Result<Option<Zeroizing<Vec<u8>>>, ConversationError>) -> Option<Vec<u8>> {
    answer.expect("an answer").map(|bytes| bytes.to_vec())
}

#[test]
fn several_messages_are_one_call_and_the_prompt_s_answer_comes_back() {
    let answer = talk(PAM_SUCCESS, Some(vec![None, Some(b"123456".to_vec())]));
    assert_eq!(text(answer).unwrap(), b"123456");
    SEEN.with_borrow(|seen| {
        assert_eq!(seen[..], [(4, "Hello.".to_owned()), (2, "Code: ".to_owned())]);
    });
}

#[test]
fn an_answer_to_a_text_is_wiped_and_not_taken_for_the_prompt_s() {
    let answer = talk(PAM_SUCCESS, Some(vec![Some(b"noise".to_vec()), None]));
    assert_eq!(text(answer), None);
}

#[test]
fn no_answer_at_all_is_none() {
    assert_eq!(text(talk(PAM_SUCCESS, None)), None);
    assert_eq!(text(talk(PAM_SUCCESS, Some(vec![None, None]))), None);
}

#[test]
fn an_empty_answer_is_empty() {
    assert_eq!(text(talk(PAM_SUCCESS, Some(vec![None, Some(vec![])]))).unwrap(), b"");
}

#[test]
fn ten_megabytes_are_wiped_and_cut() {
    let long = vec![b'7'; 10 * 1024 * 1024];
    let answer = talk(PAM_SUCCESS, Some(vec![None, Some(long)]));
    assert_eq!(text(answer).unwrap().len(), MAX_RESPONSE + 1);
}

#[test]
fn bytes_that_are_no_text_come_back_as_they_are() {
    let answer = talk(PAM_SUCCESS, Some(vec![None, Some(b"\xff\x1b\x80".to_vec())]));
    assert_eq!(text(answer).unwrap(), b"\xff\x1b\x80");
}

#[test]
fn answers_of_a_call_that_failed_are_wiped_and_freed_too() {
    let answer = talk(CONV_ERR, Some(vec![Some(b"a".to_vec()), Some(b"123456".to_vec())]));
    assert_eq!(answer.err(), Some(ConversationError::Refused(CONV_ERR)));
    assert_eq!(talk(CONV_ERR, None).err(), Some(ConversationError::Refused(CONV_ERR)));
}

#[test]
fn a_program_without_a_conversation_function_is_an_error() {
    let conv = PamConv { conv: None, appdata_ptr: ptr::null_mut() };
    let answer = converse(conv, &lines(), wiped_free);
    assert_eq!(answer.err(), Some(ConversationError::NoFunction));
}

#[test]
fn more_messages_than_applications_take_are_not_sent() {
    let mut application = Application { code: PAM_SUCCESS, answers: None };
    let conv = PamConv {
        conv: Some(conversation),
        appdata_ptr: ptr::from_mut(&mut application).cast::<c_void>(),
    };
    let many = vec![lines().remove(0); MAX_MESSAGES + 1];
    assert_eq!(converse(conv, &many, wiped_free).err(), Some(ConversationError::TooMany));
}

#[test]
fn a_stored_ticket_comes_back_and_its_clean_up_wipes_it() {
    for digits in ["0".to_owned(), "c0ffee".repeat(10), "e".repeat(MAX_DIGITS)] {
        let ticket = Ticket::parse(Zeroizing::new(digits.clone())).unwrap();
        let mut stored = StoredTicket::new(&ticket);
        assert_eq!(stored.ticket().unwrap().as_str(), digits);
        // SAFETY: the value consists of plain bytes that stay valid when they are wiped, so reading
        // them afterwards and wiping them once more is sound.
        unsafe {
            ptr::drop_in_place(&raw mut *stored);
        }
        assert!(stored.digits.iter().all(|digit| *digit == 0) && stored.length == 0);
    }
}

#[test]
fn a_stored_length_out_of_bounds_is_no_ticket() {
    let stored = StoredTicket { length: MAX_DIGITS + 1, digits: [b'e'; MAX_DIGITS] };
    assert!(stored.ticket().is_none());
}
