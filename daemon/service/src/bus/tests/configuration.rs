//! What an administrator is told of the configuration in force.

use twinlock_bus_api::{account::AdminProxy, policy::BROKEN};
use twinlock_core::policy::Policy;

use super::*;

#[tokio::test]
async fn exemptions_are_those_in_force_whatever_the_files_say() {
    let bus = Bus::start(Gate::Shipped).await;
    let connection = bus.connect().await;
    let admin = AdminProxy::new(&connection).await.unwrap();
    let status = admin.configuration_status().await.unwrap();
    assert_eq!((status.files.as_str(), &status.exemptions[..]), (BROKEN, &[][..]));
    let problem = status.problem.unwrap();
    assert!(problem.contains("/nonexistent/twinlock.toml"), "{problem}");

    let engine = &bus.accounts.engine;
    let mut settings = (*engine.settings()).clone();
    let mut policy = Policy::default();
    policy.network.exempt.networks.push("192.0.2.0/24".parse().unwrap());
    settings.policy = policy;
    engine.replace_settings(settings);
    let status = admin.configuration_status().await.unwrap();
    let [exempt] = &status.exemptions[..] else { panic!("{status:?}") };
    assert_eq!((exempt.rule.as_str(), exempt.name.as_str()), ("network", "192.0.2.0/24"));
}
