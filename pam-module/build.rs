//! How the module is linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // libpam unloads modules at pam_end; code that a destructor of this thread may still run stays.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    // Nothing is left writable that a corrupted login process could redirect.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,relro,-z,now");
    // Only the libraries that the code calls.
    println!("cargo:rustc-cdylib-link-arg=-Wl,--as-needed");
}
