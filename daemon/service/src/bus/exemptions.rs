//! Rules of the policy that let people in without a second factor, in words for an auditor.

use std::fmt::Display;

use twinlock_bus_api::policy::Exemption;
use twinlock_core::policy::Policy;

/// In the order in which the policy is read.
pub(super) fn of(policy: &Policy) -> Vec<Exemption> {
    let place = |place: &dyn Display| Some(place.to_string());
    let exempt = &policy.network.exempt;
    let networks = exempt.networks.iter().map(|network| Exemption {
        rule: "network".to_owned(),
        name: network.to_string(),
        whom: "remote logins from there".to_owned(),
        asks: "nothing, but at level very-high".to_owned(),
        place: exempt.place.as_ref().and_then(|at| place(at)),
    });
    let profiles = policy.profiles.iter().filter_map(|profile| {
        let level = profile.level.unwrap_or(policy.level);
        let asks = match profile.mfa {
            Some(true) => None,
            Some(false) => Some("nothing"),
            None => asks(policy.levels.rules(level).second_factor.as_str()),
        };
        let later = profile
            .enforce_from
            .map(|from| format!("nothing of who is not enrolled, before {}", from.date()));
        let lists = [
            ("service", words(&profile.services.included, &profile.services.excluded)),
            ("user", words(&profile.users.included, &profile.users.excluded)),
            ("group", words(&profile.groups.included, &profile.groups.excluded)),
            ("network", words(&profile.networks.included, &profile.networks.excluded)),
            ("first factor", words(&profile.first_factor.included, &profile.first_factor.excluded)),
        ];
        let whom: Vec<_> = lists
            .into_iter()
            .filter(|it| !it.1.is_empty())
            .map(|it| format!("{} {}", it.0, it.1))
            .collect();
        Some(Exemption {
            rule: "profile".to_owned(),
            name: profile.name.clone(),
            whom: if whom.is_empty() { "everybody".to_owned() } else { whom.join("; ") },
            asks: asks.map(str::to_owned).or(later)?,
            place: place(&profile.place),
        })
    });
    let level =
        asks(policy.levels.rules(policy.level).second_factor.as_str()).map(|asks| Exemption {
            rule: "level".to_owned(),
            name: policy.level.to_string(),
            whom: "everybody whom no profile matches".to_owned(),
            asks: asks.to_owned(),
            place: policy.level_place.as_ref().and_then(|at| place(at)),
        });
    networks.chain(profiles).chain(level).collect()
}

/// What is asked where it is not required; none where it is.
fn asks(second_factor: &str) -> Option<&'static str> {
    match second_factor {
        "off" => Some("nothing"),
        "voluntary" => Some("nothing, unless they chose to enrol"),
        "enrolled" => Some("nothing of who is not enrolled"),
        _ => None,
    }
}

/// `staff, !robots`
fn words<T: Display>(included: &[T], excluded: &[T]) -> String {
    let excluded = excluded.iter().map(|entry| format!("!{entry}"));
    included.iter().map(T::to_string).chain(excluded).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, String, String, String)> {
        let text = format!("version = 1\n{text}");
        let loaded = twinlock_config::parse(&[("twinlock.toml", &text)]);
        of(&loaded.unwrap().config.policy)
            .into_iter()
            .map(|it| (it.rule, it.name, it.whom, it.asks))
            .collect()
    }

    #[test]
    fn the_default_policy_lets_nobody_in_without() {
        assert_eq!(found(""), []);
        assert_eq!(of(&Policy::default()), []);
    }

    #[test]
    fn networks_profiles_and_levels_that_ask_for_less_are_found() {
        let text = "level = \"medium\"\nnetwork.exempt = [\"192.0.2.0/24\"]\n\
                    [[profile]]\nname = \"service accounts\"\ngroups = [\"robots\", \"!staff\"]\n\
                    first_factor = [\"key\"]\nmfa = false\n\
                    [[profile]]\nname = \"strict\"\nusers = [\"root\"]\nlevel = \"high\"\n\
                    [[profile]]\nname = \"soon\"\nlevel = \"high\"\nenforce_from = 2027-01-01\n";
        let all = found(text);
        let rules: Vec<_> =
            all.iter().map(|it| (it.0.as_str(), it.1.as_str(), it.2.as_str())).collect();
        assert_eq!(
            rules,
            [
                ("network", "192.0.2.0/24", "remote logins from there"),
                ("profile", "service accounts", "group robots, !staff; first factor key"),
                ("profile", "soon", "everybody"),
                ("level", "medium", "everybody whom no profile matches"),
            ]
        );
        let asks: Vec<_> = all.iter().map(|it| it.3.as_str()).collect();
        assert_eq!(
            asks,
            [
                "nothing, but at level very-high",
                "nothing",
                "nothing of who is not enrolled, before 2027-01-01",
                "nothing of who is not enrolled",
            ]
        );
    }
}
