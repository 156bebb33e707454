//! Trusted hosts: where a user is not asked again for a while.

words! {
    /// What of a login the trust in a host is bound to. It must be known, and match in full.
    pub enum Bind("binding") {
        /// The SSH key where one was used, else the address.
        Auto = "auto",
        /// The address; of IPv6 the first 64 bits.
        Address = "address",
        /// The SSH key, wherever it comes from.
        Key = "key",
        /// Both.
        AddressAndKey = "address+key",
    }
}
