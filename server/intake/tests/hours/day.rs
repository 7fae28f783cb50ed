//! A day of arrivals, by a clock that the test sets.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test that cannot go on ends"
)]

use knothole_intake::{Settings, UnixSeconds};

use super::newsroom::{self, BATCH, DAY, House};
use super::probe;
use super::wire::{PATCH, Wire};

/// How many drops come in a day. The more, the weaker an order is seen.
const DROPS: usize = 48;

/// How much of a drop comes before its line breaks.
const HALF: usize = 500_000;

/// What the test knows, and the disk must not tell.
pub struct Arrivals {
    /// Before the first one, by the file system's clock.
    pub began: u128,
    /// After the last one.
    pub ended: u128,
    /// In the order in which they came.
    pub ids: Vec<String>,
}

pub struct Day {
    pub house: House,
    pub began: u128,
    now: u64,
    /// The same bytes for all, so that nothing but the moment differs.
    sealed: Vec<u8>,
}

fn settings() -> Settings {
    let mut settings = newsroom::settings();
    settings.pool_uploads = 2 * DROPS;
    settings.pool_messages = 2 * DROPS;
    settings.pool_segments = DROPS;
    // Enough for the messages, and for no segment.
    settings.pool_bytes = 104 << 20;
    settings
}

impl Day {
    pub async fn begin() -> Self {
        let house = House::with(settings()).await;
        let (sealed, _) = house.drop(10);
        let day = Self {
            house,
            began: probe(),
            now: DAY,
            sealed,
        };
        day.tick().await;
        day
    }

    async fn tick(&self) {
        let now = UnixSeconds::new(self.now);
        self.house.intake.tick(now).await.unwrap();
    }

    /// So many seconds go by.
    pub async fn wait(&mut self, seconds: u64) {
        self.now += seconds;
        self.tick().await;
    }

    /// The boundary.
    pub async fn end(&mut self) {
        self.now = DAY + BATCH;
        self.tick().await;
    }

    /// A drop in one request. Gives its name at the server.
    pub async fn send_message(&self) -> String {
        let before = self.waiting();
        let length = self.sealed.len().to_string();
        let headers = [("Upload-Length", length.as_str()), PATCH];
        let mut wire = Wire::public(&self.house.intake);
        let sent = wire.tus("POST /drops", &headers, &self.sealed).await;
        assert_eq!(sent.status, 201, "{}", sent.text());
        self.arrived(&before)
    }

    /// The first half of a drop, whose line then breaks. Gives its path.
    async fn send_half(&self) -> String {
        let length = self.sealed.len().to_string();
        let mut wire = Wire::public(&self.house.intake);
        let made = wire
            .tus("POST /drops", &[("Upload-Length", &length)], b"")
            .await;
        let path = made.header("location").unwrap().to_owned();
        let sent = wire.patch(&path, 0, &self.sealed[..HALF]).await;
        assert_eq!(sent.status, 204);
        path
    }

    /// A drop that is begun and not ended. Gives its name at the server.
    pub async fn begin_one(&self) -> String {
        let before = self.names("incoming");
        self.send_half().await;
        fresh(&before, self.names("incoming"))
    }

    /// A drop whose line breaks, and that goes on a minute later.
    async fn send_in_two(&mut self) -> String {
        let before = self.waiting();
        let path = self.send_half().await;
        self.now += 61;
        self.tick().await;
        let mut wire = Wire::public(&self.house.intake);
        let sent = wire.patch(&path, HALF, &self.sealed[HALF..]).await;
        assert_eq!(sent.status, 204);
        self.arrived(&before)
    }

    /// A drop by the form, which has no address.
    async fn hand_in(&self) -> String {
        let before = self.waiting();
        let mut body =
            b"--xYz\r\nContent-Disposition: form-data; name=\"sealed\"; filename=\"a\"\r\n\r\n"
                .to_vec();
        body.extend_from_slice(&self.sealed);
        body.extend_from_slice(b"\r\n--xYz--\r\n");
        let kind = ("Content-Type", "multipart/form-data; boundary=xYz");
        let mut wire = Wire::public(&self.house.intake);
        let sent = wire.ask("POST /", &[kind], &body).await;
        assert_eq!(sent.status, 303);
        self.arrived(&before)
    }

    /// Everything that comes within the batch.
    pub async fn play(&mut self) -> Arrivals {
        let mut ids = Vec::new();
        for number in 0..DROPS {
            ids.push(match number % 12 {
                3 => self.send_in_two().await,
                7 => self.hand_in().await,
                _ => self.send_message().await,
            });
            self.wait(50).await;
        }
        Arrivals {
            began: self.began,
            ended: probe(),
            ids,
        }
    }

    fn waiting(&self) -> Vec<String> {
        self.names("drops")
    }

    fn names(&self, room: &str) -> Vec<String> {
        let folder = std::fs::read_dir(self.house.folder.path().join(room)).unwrap();
        let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    fn arrived(&self, before: &[String]) -> String {
        fresh(before, self.waiting())
    }
}

/// The one name that was not there before.
fn fresh(before: &[String], mut now: Vec<String>) -> String {
    now.retain(|name| !before.contains(name));
    assert_eq!(now.len(), 1);
    now.remove(0)
}
