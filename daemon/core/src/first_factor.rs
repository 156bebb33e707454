//! How the first factor was shown: `SSH_AUTH_INFO_0` and whether a password went through PAM.
//!
//! sshd writes one line a method, `publickey ssh-ed25519 AAAA…` (sshd_config(5), `ExposeAuthInfo`).

use ssh_key::{HashAlg, PublicKey};

use crate::login::FirstFactor;

/// The most methods of one login that are looked at; sshd asks for a handful.
const MOST: usize = 16;

impl FirstFactor {
    /// The methods of a login in the auth phase, in the order of use. `ssh_auth_info` is
    /// `SSH_AUTH_INFO_0` of the PAM environment; `has_authtok` says that a first factor of the
    /// stack has read a password.
    pub fn of_login(ssh_auth_info: Option<&str>, has_authtok: bool) -> Vec<Self> {
        let lines = ssh_auth_info.unwrap_or_default().lines().map(str::trim);
        let mut lines = lines.filter(|line| !line.is_empty());
        let mut methods: Vec<_> = lines.by_ref().take(MOST).map(Self::of_line).collect();
        if lines.next().is_some() {
            // What is not looked at must still count as a method that no list contains.
            methods.push(Self::Other("…".to_owned()));
        }
        if has_authtok && !methods.contains(&Self::Password) {
            methods.push(Self::Password);
        }
        methods
    }

    fn of_line(line: &str) -> Self {
        let (method, rest) = line.split_once(' ').unwrap_or((line, ""));
        match method {
            "password" => Self::Password,
            "publickey" => Self::PublicKey { fingerprint: fingerprint(rest) },
            "gssapi-with-mic" | "gssapi-keyex" => Self::Gssapi,
            "hostbased" => Self::HostBased,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// How the type of a certificate ends (OpenSSH's PROTOCOL.certkeys).
const CERTIFICATE: &str = "-cert-v01@openssh.com";

/// `SHA256:…` as `ssh-keygen -l` prints it: of the key itself, also where a certificate was used.
fn fingerprint(key: &str) -> Option<String> {
    let (algorithm, rest) = key.split_once(' ')?;
    let blob = data_encoding::BASE64.decode(rest.split(' ').next()?.as_bytes()).ok()?;
    let blob = match algorithm.strip_suffix(CERTIFICATE) {
        Some(plain) => key_of_certificate(plain, &blob)?,
        None => blob,
    };
    Some(PublicKey::from_bytes(&blob).ok()?.fingerprint(HashAlg::Sha256).to_string())
}

/// The key within a certificate, in the form of a plain key (RFC 4253 section 6.6): the type, then
/// the key's own fields, which stand behind the certificate's type and nonce.
///
/// The fields are copied as they are, because the `ssh-key` crate refuses a certificate that is
/// good for ever, which is what `ssh-keygen -s` makes by default.
fn key_of_certificate(plain: &str, certificate: &[u8]) -> Option<Vec<u8>> {
    let (algorithm, fields) = match plain {
        "ssh-ed25519" => (plain.to_owned(), 1),
        "ssh-rsa" => (plain.to_owned(), 2),
        _ if plain.starts_with("ecdsa-sha2-") => (plain.to_owned(), 2),
        "sk-ssh-ed25519" => (format!("{plain}@openssh.com"), 2),
        "sk-ecdsa-sha2-nistp256" => (format!("{plain}@openssh.com"), 3),
        _ => return None,
    };
    let length = u32::try_from(algorithm.len()).ok()?;
    let mut blob = [&length.to_be_bytes(), algorithm.as_bytes()].concat();
    let (_type, rest) = split_field(certificate)?;
    let (_nonce, mut rest) = split_field(rest)?;
    for _ in 0..fields {
        let (field, behind) = split_field(rest)?;
        blob.extend_from_slice(field);
        rest = behind;
    }
    Some(blob)
}

/// A `string` of RFC 4251 section 5 with its length, and what follows it.
fn split_field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
    bytes.split_at_checked(usize::try_from(length).ok()?.checked_add(4)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // Keys made for this test; the private halves were thrown away.
    const KEYS: [(&str, &str); 4] = [
        (
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFuaF68IQc2lk+kYYOwQgQzk1oyq4Ud8c73W8wZ63P59",
            "SHA256:5rNhHHjs+S31h/RUiUl2qJWFjnIGEc5t/fBYrAHFz7g",
        ),
        (
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCKUWuX0yvN/M/MbXQTbFA+7ZQCb0UpvsbjV/Trbsv1268B\
             P19X5B4TJ7/Duf7TrZoIBG3rCMMc189MHOpux3l25u+hfgUyTrQL70PpYJVTPQLFOLi1SOsuLHgW/GDpiqZi\
             qgb/9wXsF5XAyg3QwMA+LOFYCWrHq00GNDSaAc3+1z/IOgGH+U1k/K2dhUR+Gy2s0fuxxMK9cvPLhk3LiJIY\
             vKtMLkam5Cw8OinyTiKZPpvpeM3V0J7pUPzGp4rPuVwjHJ6B0lJGMCKAdvVRIy2m2T3dK6Oo+nOli/OKtdRQ\
             GaPDURNGN9AwuX2JVfJbxehaKYxDpPUafRazcgS+6wJV",
            "SHA256:AYtv+1ShA+4HJgpcgB2EGt3yUhs0CqZRE4RAOYIkd0s",
        ),
        (
            "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBFaIQj5jWofG\
             utpqhDe9rkVHMKIS9t5khtTDWqAbQU+PnGs0a3BL7mpx0nEviYlYQrd49YEE30Kg+JHy6ZI+85w=",
            "SHA256:URZi+i/Xa5llT/aNKHqWh5UUbeMIrMF09E1cNiHtstY",
        ),
        (
            "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAA\
             AII8ZVpyL+hLi9R/urn9paOPHwZa0Xm7RfjVzPvrBdlphAAAAIFuaF68IQc2lk+kYYOwQgQzk1oyq4Ud8c73\
             W8wZ63P59AAAAAAAAAAAAAAABAAAAAmlkAAAACQAAAAVhbGljZQAAAAAAAAAA//////////8AAAAAAAAAggA\
             AABVwZXJtaXQtWDExLWZvcndhcmRpbmcAAAAAAAAAF3Blcm1pdC1hZ2VudC1mb3J3YXJkaW5nAAAAAAAAABZ\
             wZXJtaXQtcG9ydC1mb3J3YXJkaW5nAAAAAAAAAApwZXJtaXQtcHR5AAAAAAAAAA5wZXJtaXQtdXNlci1yYwA\
             AAAAAAAAAAAAAMwAAAAtzc2gtZWQyNTUxOQAAACDy/EfkHq3O2C9kNv/Cf7JR8zp7FJRJfkTklU8vTeZcCgA\
             AAFMAAAALc3NoLWVkMjU1MTkAAABA0lkTnZxe0UXO6R4PaJxIAXHGr+3cg2AHYvbmjIwxuv1m0ecma0T6wc9\
             Yce+MAR2gvGKcGc3v5s32JtiY6G4PAg==",
            "SHA256:5rNhHHjs+S31h/RUiUl2qJWFjnIGEc5t/fBYrAHFz7g",
        ),
    ];

    fn methods(info: &str) -> Vec<FirstFactor> {
        FirstFactor::of_login(Some(info), false)
    }

    #[test]
    fn keys_and_certificates_have_the_fingerprint_that_ssh_keygen_prints() {
        for (line, expected) in KEYS {
            let found = methods(&format!("publickey {line}\n"));
            let fingerprint = Some(expected.to_owned());
            assert_eq!(found, [FirstFactor::PublicKey { fingerprint }], "{line}");
        }
    }

    #[test]
    fn every_method_of_several_is_known_in_its_order() {
        let info = "hostbased ssh-ed25519 AAAA\ngssapi-with-mic alice@EXAMPLE.ORG\npassword\n";
        assert_eq!(
            methods(info),
            [FirstFactor::HostBased, FirstFactor::Gssapi, FirstFactor::Password]
        );
    }

    #[test]
    fn a_password_in_the_stack_counts_once_and_nothing_shown_is_nothing() {
        assert_eq!(FirstFactor::of_login(None, true), [FirstFactor::Password]);
        assert_eq!(FirstFactor::of_login(Some("password"), true), [FirstFactor::Password]);
        assert_eq!(FirstFactor::of_login(Some("\n \n"), false), []);
    }

    #[test]
    fn more_methods_than_are_looked_at_leave_one_that_no_list_contains() {
        let found = methods(&"publickey ssh-ed25519 AAAA\n".repeat(MOST + 1));
        assert_eq!(found.last(), Some(&FirstFactor::Other("…".to_owned())));
    }

    #[test]
    fn a_key_that_cannot_be_read_has_no_fingerprint() {
        for key in [
            "",
            "ssh-ed25519",
            "ssh-ed25519 !",
            "ssh-ed25519 AAAA",
            "ssh-rsa-cert-v01@openssh.com AAAA",
        ] {
            let expected = FirstFactor::PublicKey { fingerprint: None };
            assert_eq!(methods(&format!("publickey {key}")), [expected], "{key:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_sshd_could_write_panics(info in any::<String>()) {
            let found = FirstFactor::of_login(Some(&info), false);
            prop_assert!(found.len() <= MOST + 1);
        }
    }
}
