use proptest::prelude::*;

use super::*;
use crate::finding::{MOST_WORDS, Words};

fn report() -> Report {
    Report {
        kind: Kind::Jpeg,
        findings: vec![
            Finding::new(What::Place, "48 N"),
            Finding::new(What::Sealed, ""),
        ],
        limits: vec![Limit::Partly],
        cleaning: Cleaning::By(
            Plan::new(
                9,
                vec![
                    Piece::Kept {
                        offset: 0,
                        length: 2,
                    },
                    Piece::New(vec![1, 2]),
                    Piece::Zeros(3),
                ],
            )
            .unwrap(),
        ),
        hash: Some([7; 32]),
        walls: Walls::Both,
    }
}

#[test]
fn a_report_comes_out_of_the_pipe_as_it_went_in() {
    let report = report();
    let bytes = report.encode().unwrap();
    assert_eq!(Report::decode(&bytes, 9), Ok(report));
}

#[test]
fn a_report_about_another_file_or_with_a_byte_more_or_less_is_refused() {
    let bytes = report().encode().unwrap();
    assert_eq!(Report::decode(&bytes, 8), Err(ReportError::Form));
    assert!(Report::decode(&bytes[..bytes.len() - 1], 9).is_err());
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(Report::decode(&longer, 9), Err(ReportError::Form));
}

#[test]
fn a_plan_that_reaches_outside_the_file_is_refused() {
    let mut out = Encoder::new(Vec::new());
    out.array(6).unwrap().u8(2).unwrap();
    out.array(0).unwrap().array(0).unwrap();
    out.array(2).unwrap().u64(9).unwrap();
    out.array(2).unwrap().u64(8).unwrap().u64(2).unwrap();
    out.bytes(&[]).unwrap().u8(1).unwrap();
    let refused = Report::decode(&out.into_writer(), 9);
    assert_eq!(refused, Err(ReportError::Plan(PlanError::Outside)));
}

#[test]
fn a_list_that_claims_more_than_its_bound_is_refused_before_it_is_made() {
    for claim in [65_u64, 1 << 40, u64::MAX] {
        let mut out = Encoder::new(Vec::new());
        out.array(6).unwrap().u8(2).unwrap().array(claim).unwrap();
        assert_eq!(
            Report::decode(&out.into_writer(), 9),
            Err(ReportError::Form)
        );
    }
}

#[test]
fn words_of_a_hostile_child_are_cut_and_shown_as_what_they_are() {
    let mut out = Encoder::new(Vec::new());
    out.array(6).unwrap().u8(2).unwrap().array(1).unwrap();
    let long = format!("\u{1b}]0;x\u{7}\u{202e}{}", "a".repeat(100_000));
    out.array(2).unwrap().u8(4).unwrap().str(&long).unwrap();
    out.array(0).unwrap().array(0).unwrap();
    out.bytes(&[]).unwrap().u8(1).unwrap();
    let report = Report::decode(&out.into_writer(), 9).unwrap();
    let words = report.findings[0].words.as_str();
    assert!(words.starts_with("\u{fffd}]0;x\u{fffd}\u{fffd}a"));
    assert_eq!(words.chars().count(), MOST_WORDS + 1);
    assert_eq!(report.findings[0].words, Words::new(&long));
}

proptest! {
    #[test]
    fn no_bytes_bring_the_reader_of_reports_down(bytes: Vec<u8>, length: u64) {
        if let Ok(report) = Report::decode(&bytes, length) {
            prop_assert!(report.encode().is_ok());
        }
    }

    #[test]
    fn no_changed_report_brings_the_reader_down(at in 0_usize..60, byte: u8) {
        let mut bytes = report().encode().unwrap();
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        drop(Report::decode(&bytes, 9));
    }
}
