//! Paths, bus names and interface names. Nothing else in the workspace spells them out.

/// The login socket: root, mode 0600. D-Bus peer to peer, no bus in between.
pub const LOGIN_SOCKET: &str = "/run/twinlock/login.sock";

/// The well-known address of the system bus, never taken from the environment: a caller of `su`
/// can set `DBUS_SYSTEM_BUS_ADDRESS` to a bus of their own.
pub const SYSTEM_BUS_ADDRESS: &str = "unix:path=/run/dbus/system_bus_socket";

/// The name that the daemon owns on the system bus.
pub const BUS_NAME: &str = "org.twinlock1";

/// The one object, on the system bus and on the login socket.
pub const OBJECT_PATH: &str = "/org/twinlock1";

/// Login dialogues, for the PAM module.
pub const LOGIN_INTERFACE: &str = "org.twinlock1.Login";

/// What local users do about themselves.
pub const SELF_INTERFACE: &str = "org.twinlock1.Self";

/// What administrators do about anybody.
pub const ADMIN_INTERFACE: &str = "org.twinlock1.Admin";

/// The configuration file of the daemon and of the command.
pub const CONFIG_FILE: &str = "/etc/twinlock/twinlock.toml";
