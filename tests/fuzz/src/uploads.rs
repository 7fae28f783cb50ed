//! Requests of a tus client, true ones and false ones, with restarts between, held against a model.
//!
//! What was acknowledged stays: an offset never goes back, a refused request changes nothing, and
//! what becomes a drop is, byte for byte, what was acknowledged.

use crate::dice::Dice;
use crate::house::{DROP, Ending, House, Side, tree};

/// An input may make so many requests.
const MOST_STEPS: usize = 24;

/// What the sender knows of its upload.
struct Upload {
    path: String,
    /// Every byte that the server acknowledged.
    held: Vec<u8>,
    /// Whether it was given up.
    gone: bool,
}

struct Answer {
    status: u16,
    head: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }

    fn offset(&self) -> Option<usize> {
        self.header("upload-offset")?.parse().ok()
    }
}

fn ask(house: &House, line: &str, headers: &str, body: &[u8], declared: usize) -> Answer {
    let head = format!(
        "{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTus-Resumable: 1.0.0\r\n{headers}Content-Length: {declared}\r\n\r\n"
    );
    let answer = house.say(
        Side::Public,
        &[head.as_bytes(), body].concat(),
        if body.len() < declared {
            Ending::Cut
        } else {
            Ending::Theirs
        },
    );
    let end = answer.windows(4).position(|part| part == b"\r\n\r\n");
    let head = String::from_utf8(answer[..end.unwrap_or(0)].to_vec()).unwrap();
    let status = head
        .split(' ')
        .nth(1)
        .map_or(0, |status| status.parse().unwrap());
    Answer { status, head }
}

pub(crate) fn run(bytes: &[u8]) {
    let mut dice = Dice::new(bytes);
    let mut house = House::new();
    let mut uploads: Vec<Upload> = Vec::new();
    for _ in 0..MOST_STEPS {
        if dice.is_empty() {
            break;
        }
        match dice.byte() % 8 {
            0 if uploads.len() < 4 => uploads.extend(create(&house, &mut dice)),
            5 => house = house.restart(),
            6 => {
                let which = dice.below(uploads.len().max(1));
                if let Some(upload) = uploads.get_mut(which) {
                    give_up(&house, upload);
                }
            }
            _ => {
                let which = dice.below(uploads.len().max(1));
                if let Some(upload) = uploads.get_mut(which) {
                    append(&house, upload, &mut dice);
                }
            }
        }
        for upload in &mut uploads {
            look(&house, upload);
        }
    }
}

fn create(house: &House, dice: &mut Dice<'_>) -> Option<Upload> {
    let whole = DROP.0.len();
    let length = if dice.byte().is_multiple_of(8) {
        dice.below(whole)
    } else {
        whole
    };
    let answer = ask(
        house,
        "POST /drops",
        &format!("Upload-Length: {length}\r\n"),
        &[],
        0,
    );
    let path = answer.header("location").map(str::to_owned);
    assert_eq!(path.is_some(), answer.status == 201);
    path.map(|path| Upload {
        path,
        held: Vec::new(),
        gone: false,
    })
}

fn append(house: &House, upload: &mut Upload, dice: &mut Dice<'_>) {
    let whole = &DROP.0;
    let held = upload.held.len();
    let how = dice.byte();
    let offset = if how & 1 == 0 {
        held
    } else {
        dice.below(whole.len() + 1)
    };
    let left = whole.len() - offset;
    let len = if how & 2 == 0 {
        left
    } else {
        dice.below(left + 1)
    };
    let mut body = whole[offset..][..len].to_vec();
    if how & 4 != 0 && !body.is_empty() {
        let place = dice.below(body.len());
        body[place] ^= 1;
    }
    let mut headers =
        format!("Upload-Offset: {offset}\r\nContent-Type: application/offset+octet-stream\r\n");
    let wrong = how & 8 != 0;
    if wrong {
        headers += "Upload-Checksum: sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n";
    }
    // A connection that is cut: more was announced than comes.
    let cut = how & 16 != 0;
    let declared = if cut { (len + 100).min(left) } else { len };
    let answer = ask(
        house,
        &format!("PATCH {}", upload.path),
        &headers,
        &body,
        declared,
    );
    let done = held == whole.len();
    if !cut && wrong && !done {
        assert_ne!(answer.status, 204, "a wrong checksum passed");
    }
    if upload.gone {
        assert_eq!(answer.status, 404);
    } else if offset != held && !upload.gone {
        assert_ne!(answer.status, 204, "a gap was taken");
        return;
    }
    if answer.status == 204 {
        assert_eq!(answer.offset(), Some(offset + len));
    }
    // What the server holds of it shows at the next look; until then the bytes are remembered.
    let now = ask(house, &format!("HEAD {}", upload.path), "", &[], 0);
    let now = now.offset().unwrap_or(held);
    assert!(now >= held, "an offset went back");
    assert!(
        now == held || offset == held,
        "a refused request left bytes"
    );
    upload.held.extend_from_slice(&body[..now - held]);
}

fn give_up(house: &House, upload: &mut Upload) {
    let answer = ask(house, &format!("DELETE {}", upload.path), "", &[], 0);
    if answer.status == 204 {
        assert!(upload.held.len() < DROP.0.len(), "a drop was given up");
        upload.gone = true;
    }
}

fn look(house: &House, upload: &mut Upload) {
    let answer = ask(house, &format!("HEAD {}", upload.path), "", &[], 0);
    if upload.gone {
        assert_eq!(answer.status, 404);
        return;
    }
    if answer.status != 200 {
        // Refused at the gate and forgotten; or nothing had come before a restart.
        assert_eq!(answer.status, 404, "{}", answer.head);
        assert_eq!(upload.held.len(), 0, "acknowledged bytes are lost");
        upload.gone = true;
        return;
    }
    assert_eq!(answer.offset(), Some(upload.held.len()));
    if let Some(arrived) = answer.header("knothole-tree") {
        assert_eq!(arrived, tree(&upload.held).to_string());
        assert_eq!(upload.held.len(), DROP.0.len());
    }
}

pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("whole", vec![0, 1, 1, 0, 0, 0, 0]),
        ("twice", vec![0, 1, 1, 0, 0, 0, 2, 1, 0, 0, 1, 0, 0, 0, 0]),
        (
            "restart",
            vec![0, 1, 1, 0, 0, 0, 2, 8, 0, 0, 5, 1, 0, 0, 0, 0],
        ),
        ("wrong-offset", vec![0, 1, 1, 0, 0, 0, 1, 0, 1, 0]),
        ("altered", vec![0, 1, 1, 0, 0, 0, 4, 3, 0, 0]),
        ("checksum", vec![0, 1, 1, 0, 0, 0, 8]),
        ("cut", vec![0, 1, 1, 0, 0, 0, 18, 8, 0, 0, 1, 0, 0, 0, 0]),
        ("given-up", vec![0, 1, 1, 0, 0, 0, 2, 8, 0, 0, 6, 0, 0, 0]),
        ("two", vec![0, 1, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0]),
    ]
}
