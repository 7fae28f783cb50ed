use http::header::CONTENT_TYPE;
use http_body_util::BodyExt as _;

use super::*;
use crate::clock::BatchNumber;
use crate::forge::{arrive, arrive_in_lanes, content, id, seeded, smallest, store};
use crate::segments::{self, SEGMENT};
use crate::shelf::Shelf;

struct Desk {
    _folder: tempfile::TempDir,
    disk: Arc<dyn Disk>,
    shelf: Shelf,
}

fn desk(fill: impl FnOnce(&dyn Disk)) -> Desk {
    let (folder, disk) = store();
    fill(&disk);
    let (shelf, _) = Shelf::open(&disk, BatchNumber(11), &mut seeded(1)).unwrap();
    Desk {
        _folder: folder,
        disk: Arc::new(disk),
        shelf,
    }
}

impl Desk {
    fn ask(&self, method: &Method, name: &str, range: Option<&str>) -> Answer {
        let mut headers = HeaderMap::new();
        if let Some(range) = range {
            headers.insert(http::header::RANGE, HeaderValue::from_str(range).unwrap());
        }
        sealed(&self.disk, &self.shelf.visible(), name, method, &headers)
    }

    async fn read(&self, byte: u8, range: Option<&str>) -> (StatusCode, Vec<u8>) {
        let answer = self.ask(&Method::GET, &id(byte).to_string(), range);
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap();
        (status, body.to_bytes().to_vec())
    }
}

#[tokio::test]
async fn a_drop_is_served_whole_and_in_any_stretch_across_segments_and_lanes() {
    let long = SEGMENT + 700_000;
    let desk = desk(|disk| {
        arrive(disk, 1, &content(1, long), Some(BatchNumber(10)));
        arrive_in_lanes(disk, 2, &content(2, smallest()), 300_001);
    });
    for (byte, length) in [(1, long), (2, smallest())] {
        let bytes = content(byte, length);
        let (status, whole) = desk.read(byte, None).await;
        assert_eq!(status, StatusCode::OK);
        assert!(whole == bytes);
        for (first, last) in [
            (0, 0),
            (0, 12_287),
            (299_999, 300_002),
            (262_143, 600_000),
            (length - 5, length - 1),
            (length.min(SEGMENT) - 3, length.min(SEGMENT + 3) - 1),
        ] {
            let range = format!("bytes={first}-{last}");
            let (status, part) = desk.read(byte, Some(&range)).await;
            assert_eq!(status, StatusCode::PARTIAL_CONTENT);
            let (first, last) = (
                usize::try_from(first).unwrap(),
                usize::try_from(last).unwrap(),
            );
            assert!(part == bytes[first..=last], "{range}");
        }
    }
}

#[tokio::test]
async fn a_stretch_says_which_it_is_and_head_says_the_length() {
    let desk = desk(|disk| {
        arrive(disk, 1, &content(1, smallest()), Some(BatchNumber(10)));
    });
    let name = id(1).to_string();
    let answer = desk.ask(&Method::GET, &name, Some("bytes=10-19"));
    assert_eq!(answer.headers()[CONTENT_RANGE], "bytes 10-19/1060864");
    assert_eq!(answer.headers()[CONTENT_TYPE], SEALED);
    let answer = desk.ask(&Method::GET, &name, Some("bytes=1060864-"));
    assert_eq!(answer.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(answer.headers()[CONTENT_RANGE], "bytes */1060864");
    let answer = desk.ask(&Method::HEAD, &name, None);
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[CONTENT_LENGTH], "1060864");
    assert_eq!(answer.headers()[ACCEPT_RANGES], "bytes");
    let answer = desk.ask(&Method::DELETE, &name, None);
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn what_is_not_on_the_shelf_is_not_there() {
    let desk = desk(|disk| {
        arrive(disk, 1, &content(1, smallest()), Some(BatchNumber(11)));
    });
    let text = async |name: &str| {
        let answer = desk.ask(&Method::GET, name, None);
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        answer.into_body().collect().await.unwrap().to_bytes()
    };
    let waiting = text(&id(1).to_string()).await;
    for name in [
        id(2).to_string(),
        id(1).to_string().to_uppercase(),
        "../trust".to_owned(),
        String::new(),
    ] {
        assert_eq!(text(&name).await, waiting);
    }
}

#[tokio::test]
async fn a_drop_that_vanishes_while_it_is_read_is_cut_off_and_not_made_up() {
    let long = SEGMENT + 1_000;
    let desk = desk(|disk| {
        arrive(disk, 1, &content(1, long), Some(BatchNumber(10)));
    });
    let answer = desk.ask(&Method::GET, &id(1).to_string(), None);
    let folder = commit::folder_of(&commit::shelf(), &id(1));
    desk.disk
        .remove_file(&segments::segment_place(&folder, 1))
        .unwrap();
    let mut body = answer.into_body();
    let mut read = 0;
    let failed = loop {
        match body.frame().await {
            Some(Ok(frame)) => read += frame.into_data().unwrap().len(),
            Some(Err(error)) => break error,
            None => panic!("the end came without an error"),
        }
    };
    assert_eq!(failed.kind(), std::io::ErrorKind::NotFound);
    assert_eq!(u64::try_from(read).unwrap(), SEGMENT);
}
