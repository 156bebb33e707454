//! What a verdict of the daemon means to PAM.

use pamsm::PamError;
use twinlock_bus_api::login::{Phase, Verdict};

/// The return code of a hook whose dialogue ended with this verdict.
///
/// In the auth, account and password phases this file is the one place that yields `PAM_SUCCESS` and
/// `PAM_IGNORE`. A stack in which every module ignores is a refusal, so `skip` opens nothing that
/// no other module opened. The session phase shows text and decides nothing.
pub const fn return_code(phase: Phase, verdict: Verdict) -> PamError {
    match (phase, verdict) {
        (Phase::Session, _) => PamError::IGNORE,
        (_, Verdict::Allow) => PamError::SUCCESS,
        (_, Verdict::Skip) => PamError::IGNORE,
        (Phase::Account, Verdict::Deny) => PamError::PERM_DENIED,
        (Phase::Auth | Phase::Password, Verdict::Deny) => PamError::AUTH_ERR,
        (_, Verdict::Locked) => PamError::MAXTRIES,
    }
}

/// The return code of the update of a password change, whose check ended in a verdict that lets it
/// happen and gave a ticket for this. libpam writes the password before this hook or after it, and
/// whatever this one returns: an error here would only say, falsely, that the password is the old one.
pub const fn after_check(verdict: Option<Verdict>) -> PamError {
    match verdict {
        Some(Verdict::Allow) => PamError::SUCCESS,
        Some(Verdict::Skip | Verdict::Deny | Verdict::Locked) | None => PamError::IGNORE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERDICTS: [Verdict; 4] = [Verdict::Allow, Verdict::Skip, Verdict::Deny, Verdict::Locked];

    fn codes(phase: Phase) -> [PamError; 4] {
        VERDICTS.map(|verdict| return_code(phase, verdict))
    }

    #[test]
    fn the_auth_phase_maps_every_verdict() {
        assert_eq!(
            codes(Phase::Auth),
            [PamError::SUCCESS, PamError::IGNORE, PamError::AUTH_ERR, PamError::MAXTRIES]
        );
    }

    #[test]
    fn the_account_phase_denies_with_perm_denied() {
        assert_eq!(
            codes(Phase::Account),
            [PamError::SUCCESS, PamError::IGNORE, PamError::PERM_DENIED, PamError::MAXTRIES]
        );
    }

    #[test]
    fn what_follows_the_check_of_a_password_change_never_says_that_it_failed() {
        assert_eq!(after_check(Some(Verdict::Allow)), PamError::SUCCESS);
        for verdict in [Some(Verdict::Skip), Some(Verdict::Deny), Some(Verdict::Locked), None] {
            assert_eq!(after_check(verdict), PamError::IGNORE);
        }
    }

    #[test]
    fn the_password_phase_maps_every_verdict() {
        assert_eq!(
            codes(Phase::Password),
            [PamError::SUCCESS, PamError::IGNORE, PamError::AUTH_ERR, PamError::MAXTRIES]
        );
    }

    #[test]
    fn the_session_phase_decides_nothing() {
        assert_eq!(codes(Phase::Session), [PamError::IGNORE; 4]);
    }

    #[test]
    fn only_allow_is_success() {
        for phase in [Phase::Auth, Phase::Account, Phase::Password, Phase::Session] {
            for verdict in VERDICTS {
                if return_code(phase, verdict) == PamError::SUCCESS {
                    assert_eq!(verdict, Verdict::Allow);
                }
            }
        }
    }
}
