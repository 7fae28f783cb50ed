//! Every default of the file, in one place. The reasons stand in the sample, knothole-server.toml.

use std::num::{NonZeroU32, NonZeroUsize};

use super::Queue;

pub(super) fn listen() -> String {
    "tor".to_owned()
}
pub(super) fn batch() -> String {
    "24h".to_owned()
}
pub(super) fn messages() -> String {
    "256MiB".to_owned()
}
pub(super) fn replies() -> String {
    "256MiB".to_owned()
}
pub(super) fn grace() -> String {
    "7d".to_owned()
}
pub(super) fn uploads() -> NonZeroUsize {
    NonZeroUsize::MIN.saturating_add(1023)
}
pub(super) fn connections() -> NonZeroUsize {
    NonZeroUsize::MIN.saturating_add(255)
}
pub(super) fn circuits() -> NonZeroUsize {
    NonZeroUsize::MIN.saturating_add(255)
}
pub(super) fn streams_per_circuit() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(15)
}
pub(super) fn introductions_per_second(queue: Queue) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(match queue {
        Queue::ByWork => 249,
        Queue::ByChance => 24,
    })
}
pub(super) fn introductions_at_once(queue: Queue) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(match queue {
        Queue::ByWork => 2_499,
        Queue::ByChance => 199,
    })
}
pub(super) fn proof_of_work() -> bool {
    true
}
pub(super) fn probe_every() -> String {
    "10m".to_owned()
}
