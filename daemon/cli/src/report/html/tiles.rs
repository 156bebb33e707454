//! The numbers at the top of the page.

use super::super::Totals;

/// A tile for each; what should be nought is in a colour where it is not.
pub(super) fn tiles(totals: &Totals) -> String {
    let Totals { users, enrolled, pending, locked, exempt, bypasses, trusted_hosts, .. } = *totals;
    [
        "<section class=\"tiles\" aria-label=\"In numbers\">".to_owned(),
        tile(users, "", one_or_more(users, "user", "users")),
        share(enrolled, users),
        tile(pending, "fair", "still to enrol"),
        tile(exempt, "fair", "let in without one now"),
        tile(locked, "bad", "locked"),
        tile(bypasses, "fair", one_or_more(bypasses, "bypass code", "bypass codes")),
        tile(trusted_hosts, "", one_or_more(trusted_hosts, "trusted host", "trusted hosts")),
        "</section>".to_owned(),
    ]
    .concat()
}

const fn one_or_more<'a>(number: usize, one: &'a str, more: &'a str) -> &'a str {
    if number == 1 { one } else { more }
}

fn tile(number: usize, class: &str, label: &str) -> String {
    let class = if number == 0 { "" } else { class };
    format!("<div class=\"tile\"><b class=\"{class}\">{number}</b><span>{label}</span></div>")
}

/// How many of how many, as a number and as a bar.
fn share(part: usize, all: usize) -> String {
    let Some(percent) = (part * 100).checked_div(all) else {
        return tile(part, "", "enrolled");
    };
    format!(
        "<div class=\"tile\"><b>{part} <small>{percent} %</small></b><svg class=\"meter\" viewBox=\"0 \
         0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"all\" width=\"100\" \
         height=\"4\"/><rect class=\"part\" width=\"{percent}\" height=\"4\"/></svg><span>enrolled\
         </span></div>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_nothing_is_no_share() {
        assert!(share(2, 3).contains("66 %") && !share(0, 0).contains('%'));
    }
}
