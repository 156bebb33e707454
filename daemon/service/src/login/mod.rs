//! Logins: the private socket, the interface on it, and the desk behind it.

pub mod desk;
pub mod interface;
pub mod listener;
pub mod request;
pub mod slots;
pub mod tickets;
