//! Logins: the private socket, the interface on it, and the desk behind it.

pub mod desk;
mod doors;
pub mod interface;
pub mod listener;
mod password;
pub mod places;
mod refusal;
mod reply;
pub mod request;
mod session;
mod sessions;
pub mod slots;
pub mod stack;
mod staging;
#[cfg(test)]
mod tests;
pub mod tickets;
