//! Everything that is done durably, cut off at each of its steps; whatever can be left of the disk then
//! is started again, and held to the ledger.

use super::acts::{Act, Size};
use super::house::{BATCH, House};
use super::runtime;
use crate::clock::DAY;
use crate::commit::incoming;
use crate::disk::Disk as _;
use crate::disk::faulty::Survives;

/// What a scene begins with, and what is cut off in it.
struct Scene {
    grace: u32,
    before: &'static [Act],
    act: Deed,
    /// No upload is left when it was done.
    clears: bool,
}

#[derive(Debug, Clone, Copy)]
enum Deed {
    Act(Act),
    /// A start, of what a server has left that was killed.
    Start,
}

const SMALL: Act = Act::Begin(Size::Small(1));
/// An upload with an address, of which some is there.
const BEGUN: &[Act] = &[SMALL, Act::Send(0, 0), Act::Send(0, 300)];

impl Scene {
    const fn new(before: &'static [Act], act: Act) -> Self {
        Self {
            grace: 0,
            before,
            act: Deed::Act(act),
            clears: false,
        }
    }

    const fn with_grace(mut self, days: u32) -> Self {
        self.grace = days;
        self
    }

    const fn start(before: &'static [Act]) -> Self {
        Self {
            grace: 0,
            before,
            act: Deed::Start,
            clears: false,
        }
    }

    const fn that_clears(mut self) -> Self {
        self.clears = true;
        self
    }

    /// The house in which it plays, with a server that has just started.
    async fn ready(&self) -> House {
        let mut house = House::new(self.grace);
        assert!(house.start());
        for act in self.before {
            house.perform(*act).await.unwrap();
        }
        house
    }

    async fn perform(&self, house: &mut House) {
        match self.act {
            // What a tick meets ends a server; whether it was cut off the disk knows.
            Deed::Act(act) => drop(house.perform(act).await),
            Deed::Start => {
                house.end(Survives::Everything);
                house.start();
            }
        }
    }

    /// Cuts it at each step, looks at whatever may be left, and does it again there.
    async fn play(&self) -> Tally {
        let mut tally = Tally::default();
        let mut ready = self.ready().await;
        ready.intake = None;
        if matches!(self.act, Deed::Act(_)) {
            ready.disk.sync_all();
        }
        for steps in 0.. {
            let mut house = ready.on(ready.disk.after(Survives::Everything));
            if matches!(self.act, Deed::Act(_)) {
                assert!(house.start());
            }
            house.disk.stop_after(steps);
            match self.act {
                Deed::Act(_) => self.perform(&mut house).await,
                Deed::Start => drop(house.start()),
            }
            let whole = house.disk.unharmed();
            house.intake = None;
            tally.cuts += 1;
            for left in house.disk.all_after() {
                tally.disks += 1;
                self.begin_again(house.on(left)).await;
            }
            if whole {
                assert!(steps > 0, "nothing is durable here");
                return tally;
            }
        }
        unreachable!("it is cut off until it ends uncut")
    }

    async fn begin_again(&self, mut house: House) {
        assert!(house.start(), "the server does not start");
        house.check().await;
        // Whoever had no answer asks again, and then the power goes.
        self.perform(&mut house).await;
        house.end(Survives::Synced);
        assert!(house.start(), "the server does not start");
        house.check().await;
        if self.clears {
            assert_eq!(house.disk.list(&incoming()).unwrap(), []);
        }
    }
}

#[derive(Debug, Default)]
struct Tally {
    cuts: u64,
    disks: u64,
}

fn play(what: &str, scenes: &[Scene]) {
    runtime(0).block_on(async {
        for scene in scenes {
            let tally = scene.play().await;
            eprintln!("{what}: {:?} cut: {tally:?}", scene.act);
        }
    });
}

#[test]
fn an_upload_is_what_was_acknowledged_wherever_its_sending_is_cut_off() {
    play(
        "upload",
        &[
            Scene::new(&[SMALL], Act::Send(0, 300)),
            Scene::new(&[SMALL], Act::Send(0, 1_000)),
            Scene::new(BEGUN, Act::Send(0, 500)),
            Scene::new(BEGUN, Act::Send(0, 1_000)),
            Scene::new(&[Act::Begin(Size::Large(1))], Act::Send(0, 1_000)),
            Scene::new(&[], Act::HandIn(1_000)),
            Scene::new(&[], Act::HandIn(900)),
            Scene::new(BEGUN, Act::TakeBack(0)),
        ],
    );
}

const LANES: Act = Act::Begin(Size::Lanes(2, 1));

#[test]
fn lanes_are_lanes_or_one_drop_wherever_their_joining_is_cut_off() {
    play(
        "lanes",
        &[
            Scene::new(&[LANES, Act::Send(0, 1_000)], Act::Send(0, 1_000)),
            Scene::new(
                &[LANES, Act::Send(0, 1_000), Act::Send(0, 1_000)],
                Act::Send(0, 1_000),
            ),
        ],
    );
}

#[test]
fn a_boundary_and_the_end_of_a_day_lose_and_show_nothing_twice_wherever_they_are_cut_off() {
    play(
        "boundary",
        &[
            Scene::new(
                &[SMALL, Act::Send(0, 1_000), Act::HandIn(1_000)],
                Act::Pass(BATCH),
            ),
            Scene::new(
                &[SMALL, Act::Send(0, 1_000), Act::Pass(BATCH)],
                Act::Pass(BATCH),
            ),
            Scene::new(BEGUN, Act::Pass(DAY)),
        ],
    );
}

const SHOWN: &[Act] = &[
    SMALL,
    Act::Send(0, 1_000),
    Act::HandIn(1_000),
    Act::Pass(BATCH),
];

#[test]
fn a_receipt_removes_its_drop_and_no_other_wherever_it_is_cut_off() {
    const SIGNED: &[Act] = &[
        SMALL,
        Act::Send(0, 1_000),
        Act::HandIn(1_000),
        Act::Pass(BATCH),
        Act::SignOff(0),
        Act::Pass(2 * DAY),
    ];
    play(
        "receipt",
        &[
            Scene::new(SHOWN, Act::SignOff(0)),
            Scene::new(SHOWN, Act::SignOff(0)).with_grace(2),
            Scene::new(SIGNED, Act::Pass(DAY)).with_grace(2),
        ],
    );
}

#[test]
fn an_epoch_is_burned_or_not_wherever_that_is_cut_off() {
    const SECOND: &[Act] = &[
        Act::Begin(Size::Small(2)),
        Act::Send(0, 1_000),
        Act::Pass(BATCH),
        Act::Begin(Size::Small(2)),
        Act::Send(1, 0),
        Act::Send(1, 300),
    ];
    play(
        "burn",
        &[
            Scene::new(SECOND, Act::Burn),
            Scene::new(SECOND, Act::Burn).with_grace(2),
        ],
    );
}

#[test]
fn papers_and_couriers_are_the_old_or_the_new_ones_wherever_they_are_cut_off() {
    play(
        "papers",
        &[
            Scene::new(&[], Act::NextCharter),
            Scene::new(&[Act::NextCharter], Act::Sheets),
            Scene::new(&[], Act::Admit(1)),
            Scene::new(&[Act::Admit(1)], Act::Revoke(1)),
        ],
    );
}

#[test]
fn a_reply_is_shown_or_erased_as_was_said_wherever_that_is_cut_off() {
    play(
        "reply",
        &[
            Scene::new(&[], Act::Reply(0)),
            Scene::new(&[Act::Reply(0), Act::Reply(1)], Act::Erase(0)),
        ],
    );
}

#[test]
fn uploads_whose_days_are_over_go_wherever_that_is_cut_off() {
    const OVER: &[Act] = &[
        SMALL,
        Act::Send(0, 0),
        Act::Send(0, 300),
        Act::Pass(14 * DAY),
    ];
    play(
        "expiry",
        &[Scene::new(OVER, Act::Pass(2 * DAY)).that_clears()],
    );
}

#[test]
fn a_start_that_is_cut_off_loses_nothing_that_the_next_one_does_not_find() {
    play(
        "start",
        &[Scene::start(&[
            SMALL,
            Act::Send(0, 1_000),
            SMALL,
            Act::Send(1, 0),
            Act::Send(1, 300),
            LANES,
            Act::Send(2, 1_000),
            Act::Reply(0),
        ])],
    );
}
