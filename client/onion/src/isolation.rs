//! Which streams may share a circuit.

use std::fmt;

use arti_client::IsolationToken;

/// Streams of one isolation may share a circuit; streams of two never do.
///
/// Make a fresh one for every attempt: after a circuit died, arti may refuse every stream of the
/// old isolation for half a minute, while a new one is answered in a second.
#[derive(Clone)]
pub struct Isolation {
    token: IsolationToken,
    user: String,
}

impl Isolation {
    /// An isolation that no other stream has.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "a name that keeps circuits apart, not a key"
    )]
    pub fn fresh() -> Self {
        let mut bytes = [0; 16];
        // Without randomness the name would repeat, and circuits would be shared: the process
        // counter below keeps the names of one process apart even then.
        let token = IsolationToken::new();
        if getrandom::fill(&mut bytes).is_err() {
            return Self {
                token,
                user: format!("{token:?}"),
            };
        }
        Self {
            token,
            user: data_encoding::HEXLOWER.encode(&bytes),
        }
    }

    /// What arti separates circuits by.
    pub(crate) fn token(&self) -> IsolationToken {
        self.token
    }

    /// What a SOCKS port separates circuits by: the user name.
    pub(crate) fn user(&self) -> &str {
        &self.user
    }
}

impl fmt::Debug for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Isolation")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_isolations_never_share_a_circuit() {
        let (a, b) = (Isolation::fresh(), Isolation::fresh());
        assert_ne!(a.token(), b.token());
        assert_ne!(a.user(), b.user());
    }

    #[test]
    fn a_copy_of_an_isolation_shares_its_circuit() {
        let a = Isolation::fresh();
        assert_eq!(a.token(), a.clone().token());
        assert_eq!(a.user(), a.clone().user());
    }
}
