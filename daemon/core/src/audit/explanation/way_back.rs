//! Invitations, and requests for a reset: why one did not do.

use super::{Explanation, Remedy};

pub(super) fn explain(cause: &str, remedy: &Remedy) -> Option<Explanation> {
    Some(match cause {
        "not an invitation code" => Explanation::new(
            "The user must set up a second factor with an invitation, and what was typed has not the \
             form of one: four groups of four characters. Often it is the password, or a code of an \
             app that was reset.",
            remedy.invite_the_user(),
        ),
        "an invitation code, and the user has no invitation" => Explanation::new(
            "An invitation was typed, and there is none for this user: it was used already, a later \
             one or a reset took its place, or it is another user's.",
            remedy.invite_the_user(),
        ),
        "the invitation has expired" => {
            Explanation::new("The invitation was typed after its time.", remedy.invite_the_user())
        }
        "wrong invitation code" | "the invitation is not valid any more" => Explanation::new(
            "The invitation is not the one that holds for this user: a later one has taken its \
             place, it was used meanwhile, or it was copied wrongly.",
            remedy.invite_the_user(),
        ),
        "the second factors were changed in between" => Explanation::new(
            "While this login went on, the second factors of the user were reset or changed. What the \
             login had shown does not hold any more.",
            "Log in again.",
        ),
        "asks for a reset" => Explanation::new(
            "Whoever logged in said that every second factor is lost, and asked for a reset. They had \
             shown the first factor; nothing was changed.",
            remedy.decide_the_request(),
        ),
        "a reset request is open already" | "a reset was asked for less than a day ago" => {
            Explanation::new(
                "Whoever logged in said that every second factor is lost. A reset had been asked for \
                 already, so that no further request was made.",
                remedy.decide_the_request(),
            )
        }
        "asks for a reset without a first factor" => Explanation::new(
            "Whoever was at the prompt asked for a reset, and had shown neither a password nor a key. \
             Nobody was told, and no request was made.",
            "Put pam_twinlock after the module that takes the password.",
        ),
        _ => return None,
    })
}
