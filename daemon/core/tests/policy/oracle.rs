//! Which profile matches a login, written from the documentation a second time, without a thought
//! of speed or reasons. For logins whose methods are all known by kind.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use twinlock_core::{
    login::{FirstFactor, LoginContext, Source},
    policy::{FirstFactorKind, List, Policy, Profile},
};

/// The index of the first profile that matches.
pub fn first_match(policy: &Policy, login: &LoginContext) -> Option<usize> {
    policy.profiles.iter().position(|profile| matches(policy, profile, login))
}

fn matches(policy: &Policy, profile: &Profile, login: &LoginContext) -> bool {
    let groups = |name: &String| login.user.groups.contains(name);
    takes(&profile.services, |name| *name == login.service)
        && takes(&profile.users, |name| *name == login.user.name)
        && takes(&profile.groups, groups)
        && match login.source {
            Source::Address(address) => takes(&profile.networks, |&block| in_block(block, address)),
            _ => profile.networks == List::default(),
        }
        && first_factor(policy, profile, &login.first_factors)
}

fn takes<T>(list: &List<T>, is: impl Fn(&T) -> bool) -> bool {
    !list.excluded.iter().any(&is) && (list.included.is_empty() || list.included.iter().any(&is))
}

fn in_block(block: IpNet, address: IpAddr) -> bool {
    match block {
        IpNet::V6(v6) if v6.addr().to_ipv4_mapped().is_some() => {
            let v4 = v6.addr().to_ipv4_mapped().unwrap();
            IpNet::V4(Ipv4Net::new(v4, v6.prefix_len() - 96).unwrap()).contains(&address)
        }
        block => block.contains(&address),
    }
}

fn first_factor(policy: &Policy, profile: &Profile, used: &[FirstFactor]) -> bool {
    let list = &profile.first_factor;
    if *list == List::default() {
        return true;
    }
    let of_level = policy.levels.rules(profile.level.unwrap_or(policy.level)).second_factor;
    let demands = profile.mfa.unwrap_or(of_level.is_required());
    if demands {
        takes(list, |&kind| used.iter().any(|factor| names(kind, factor)))
    } else {
        let known = |factor: &FirstFactor| !matches!(factor, FirstFactor::Other(_));
        let all = |factor| known(factor) && takes(list, |&kind| names(kind, factor));
        !used.is_empty() && used.iter().all(all)
    }
}

fn names(kind: FirstFactorKind, factor: &FirstFactor) -> bool {
    use FirstFactorKind as Kind;
    match factor {
        FirstFactor::Password => kind == Kind::Password,
        FirstFactor::PublicKey { .. } => kind == Kind::PublicKey || kind == Kind::Key,
        FirstFactor::Gssapi => kind == Kind::Gssapi || kind == Kind::Key,
        FirstFactor::HostBased => kind == Kind::HostBased || kind == Kind::Key,
        FirstFactor::Key => panic!("a key of an unknown kind"),
        FirstFactor::Other(_) => false,
    }
}
