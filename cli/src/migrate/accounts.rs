//! Which account here is which account there: those of one e-mail address.

use cloudalbum_aws::table::Table;
use cloudalbum_domain::OwnerId;

use crate::terminal::plain;

/// How many accounts are read at once.
const PAGE: u16 = 100;

/// An account of this machine.
pub(super) struct Account {
    pub(super) from: OwnerId,
    /// Its owner there; `None` when that is not one account.
    pub(super) to: Option<OwnerId>,
    /// The address, or the id where there is none.
    pub(super) name: String,
    /// How many accounts have its address there.
    found: usize,
}

impl Account {
    /// What is missing before its photos can move.
    pub(super) fn advice(&self) -> String {
        match self.found {
            0 => "no such account there; make it, sign in with it once, and run this again"
                .to_owned(),
            found => format!("{found} accounts have that address there; leave one"),
        }
    }
}

/// All accounts here, each with its account there.
pub(super) async fn pair(here: &Table, there: &Table) -> anyhow::Result<Vec<Account>> {
    let (mut accounts, mut after) = (Vec::new(), None);
    loop {
        let (owners, next) = here.owners(after.as_deref(), PAGE).await?;
        for from in owners {
            let known = here.account(&from).await?;
            let mut owners = match &known.email {
                Some(email) => there.owners_of(email).await?,
                None => Vec::new(),
            };
            let found = owners.len();
            let to = owners.pop().filter(|_| found == 1);
            let name = plain(known.email.as_deref().unwrap_or(from.as_str()));
            accounts.push(Account {
                from,
                to,
                name,
                found,
            });
        }
        after = next;
        if after.is_none() {
            return Ok(accounts);
        }
    }
}
