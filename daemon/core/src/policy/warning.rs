//! What a policy may say and yet seldom means.

use std::fmt;

use ipnet::IpNet;
use serde::Serialize;

use super::{
    FirstFactorKind, Level, Place, Policy, Profile, Rule, SecondFactor,
    covering::can_match,
    network::{covers, overlap},
};

/// A warning about a policy, with the place that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// What is odd.
    #[serde(flatten)]
    pub kind: WarningKind,
    /// Where it stands; `None` where the rule has no place.
    pub place: Option<Place>,
}

/// What is odd about a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "warning", rename_all = "kebab-case")]
pub enum WarningKind {
    /// A block of one list of `[network]` says nothing beside another list.
    NetworkWithoutEffect {
        /// The block.
        network: IpNet,
        /// Its list.
        list: Rule,
        /// The list that goes over it.
        under: Rule,
    },
    /// `[network] exempt` takes in every address of a family.
    ExemptsEverybody {
        /// The block.
        network: IpNet,
    },
    /// A level is redefined to ask nothing of anybody.
    LevelSwitchedOff {
        /// The level.
        level: Level,
    },
    /// A profile has `mfa = false`.
    SwitchedOff {
        /// The profile.
        profile: String,
        /// Its level.
        level: Level,
    },
    /// A profile can never match: its own exclusions leave nothing.
    MatchesNobody {
        /// The profile.
        profile: String,
    },
    /// A profile can never match: an earlier one takes all of it.
    NeverReached {
        /// The profile.
        profile: String,
        /// The earlier one.
        by: String,
        /// Where the earlier one stands.
        by_place: Place,
    },
    /// A profile has a date or a grace, and requires nothing.
    DateWithoutEffect {
        /// The profile.
        profile: String,
    },
    /// Hosts are trusted where a second factor is asked for at every login.
    RememberedAlways {
        /// The profile; `None` for the level itself.
        profile: Option<String>,
        /// The level.
        level: Level,
    },
    /// A second factor is required, and no method that counts can be set up.
    NothingToEnrol {
        /// The profile; `None` for the level itself.
        profile: Option<String>,
        /// The level.
        level: Level,
    },
    /// A profile that lets keys through does not hold for logins by key alone, of which sshd does
    /// not say which kind of key it was.
    KeyNotCertain {
        /// The profile.
        profile: String,
    },
}

impl Policy {
    /// Everything odd about the policy: networks, levels, then profiles from top to bottom.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = self.network_warnings();
        for &level in Level::ALL {
            self.warn_of_level(level, &mut warnings);
        }
        for (index, profile) in self.profiles.iter().enumerate() {
            let (earlier, _) = self.profiles.split_at(index);
            let kinds = self.oddities(profile).chain(self.unreached(profile, earlier));
            let place = Some(profile.place.clone());
            warnings.extend(kinds.map(|kind| Warning { kind, place: place.clone() }));
        }
        warnings
    }

    fn network_warnings(&self) -> Vec<Warning> {
        let lists = &self.network;
        let denied = |block: IpNet| lists.deny.networks.iter().any(|&net| covers(net, block));
        let outside = |block: IpNet| {
            !lists.allow.is_empty() && !lists.allow.networks.iter().any(|&net| overlap(net, block))
        };
        let mut warnings = Vec::new();
        let mut warn = |kind, place: &Option<Place>| {
            warnings.push(Warning { kind, place: place.clone() });
        };
        for &network in &lists.allow.networks {
            if denied(network) {
                let (list, under) = (Rule::AllowList, Rule::DenyList);
                let kind = WarningKind::NetworkWithoutEffect { network, list, under };
                warn(kind, &lists.allow.place);
            }
        }
        for &network in &lists.exempt.networks {
            let list = Rule::ExemptList;
            let under = if denied(network) {
                Some(Rule::DenyList)
            } else {
                outside(network).then_some(Rule::AllowList)
            };
            if let Some(under) = under {
                let kind = WarningKind::NetworkWithoutEffect { network, list, under };
                warn(kind, &lists.exempt.place);
            } else if network.prefix_len() == 0 {
                warn(WarningKind::ExemptsEverybody { network }, &lists.exempt.place);
            }
        }
        warnings
    }

    fn warn_of_level(&self, level: Level, warnings: &mut Vec<Warning>) {
        let rules = self.levels.rules(level);
        let mut warn = |kind| warnings.push(Warning { kind, place: rules.place.clone() });
        if rules.second_factor == SecondFactor::Off {
            warn(WarningKind::LevelSwitchedOff { level });
        }
        if rules.second_factor == SecondFactor::Always && rules.remember.duration().is_some() {
            warn(WarningKind::RememberedAlways { profile: None, level });
        }
        if rules.second_factor.is_required() && rules.methods.enrollable().is_empty() {
            warn(WarningKind::NothingToEnrol { profile: None, level });
        }
    }

    /// What is odd about a profile by itself.
    fn oddities(&self, profile: &Profile) -> impl Iterator<Item = WarningKind> {
        let level = profile.level.unwrap_or(self.level);
        let rules = self.levels.rules(level);
        let demand = self.second_factor_of(profile);
        let name = || profile.name.clone();
        let off = profile.is_off().then(|| WarningKind::SwitchedOff { profile: name(), level });
        let dated = profile.enforce_from.is_some() || profile.grace.is_some();
        let date = (dated && !demand.is_required())
            .then(|| WarningKind::DateWithoutEffect { profile: name() });
        let remembered = profile.remember.is_some_and(|it| it.duration().is_some());
        let remember = (demand == SecondFactor::Always && remembered)
            .then(|| WarningKind::RememberedAlways { profile: Some(name()), level });
        let methods = profile.methods.unwrap_or(rules.methods);
        // What the level itself says is warned about once, at the level.
        let own = profile.methods.is_some() || !rules.second_factor.is_required();
        let nothing = (demand.is_required() && own && methods.enrollable().is_empty())
            .then(|| WarningKind::NothingToEnrol { profile: Some(name()), level });
        let key = (!demand.is_required() && names_some_keys(profile))
            .then(|| WarningKind::KeyNotCertain { profile: name() });
        [off, date, remember, nothing, key].into_iter().flatten()
    }

    fn unreached(&self, profile: &Profile, earlier: &[Profile]) -> Option<WarningKind> {
        if !can_match(profile) {
            return Some(WarningKind::MatchesNobody { profile: profile.name.clone() });
        }
        let by = earlier.iter().find(|earlier| self.takes_all_of(earlier, profile))?;
        Some(WarningKind::NeverReached {
            profile: profile.name.clone(),
            by: by.name.clone(),
            by_place: by.place.clone(),
        })
    }
}

/// Whether the list names one or two of the three that `key` stands for.
fn names_some_keys(profile: &Profile) -> bool {
    let included = &profile.first_factor.included;
    let named = FirstFactorKind::KEYS.iter().filter(|kind| included.contains(kind)).count();
    (1..3).contains(&named) && !included.contains(&FirstFactorKind::Key)
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl fmt::Display for WarningKind {
    /// One sentence, without the place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |name: &str| format!("\"{}\"", name.escape_debug());
        let whose = |profile: &Option<String>, level: &Level| match profile {
            Some(name) => format!("the profile {}", quoted(name)),
            None => format!("the level {level}"),
        };
        match self {
            Self::NetworkWithoutEffect { network, list, under: Rule::DenyList } => {
                write!(f, "{network} in {list} has no effect: network.deny refuses all of it")
            }
            Self::NetworkWithoutEffect { network, list, .. } => {
                write!(f, "{network} in {list} has no effect: network.allow has none of it")
            }
            Self::ExemptsEverybody { network } => {
                write!(f, "{network} in network.exempt asks no second factor of anybody")
            }
            Self::LevelSwitchedOff { level } => {
                write!(f, "the level {level} asks no second factor of anybody")
            }
            Self::SwitchedOff { profile, level: Level::VeryHigh } => write!(
                f,
                "the profile {} asks no second factor, although its level is very-high",
                quoted(profile)
            ),
            Self::SwitchedOff { profile, .. } => {
                write!(f, "the profile {} asks no second factor", quoted(profile))
            }
            Self::MatchesNobody { profile } => write!(
                f,
                "the profile {} can never match: its exclusions take out all that it names",
                quoted(profile)
            ),
            Self::NeverReached { profile, by, by_place } => write!(
                f,
                "the profile {} can never match: {} at {by_place} takes all of it",
                quoted(profile),
                quoted(by)
            ),
            Self::DateWithoutEffect { profile } => write!(
                f,
                "enforce_from and grace have no effect in the profile {}, which requires nothing",
                quoted(profile)
            ),
            Self::RememberedAlways { profile, level } => write!(
                f,
                "{} trusts hosts, although {level} asks for a second factor at every login",
                whose(profile, level)
            ),
            Self::NothingToEnrol { profile, level } => write!(
                f,
                "{} requires a second factor, and none of its methods can be set up",
                whose(profile, level)
            ),
            Self::KeyNotCertain { profile } => write!(
                f,
                "the profile {} does not hold for logins by key alone, of which sshd does not say \
                 which kind it was; name \"key\" in its first_factor",
                quoted(profile)
            ),
        }
    }
}
