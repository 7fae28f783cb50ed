use super::*;

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("/etc/knothole"))
}

#[test]
fn the_sample_file_is_a_configuration() {
    let text = include_str!("../../knothole-server.toml");
    let config = parse(text).unwrap();
    assert_eq!(config.listen, Listen::Tor);
    assert_eq!(config.batch, Batch::DAY);
}

#[test]
fn the_bounds_are_those_of_the_intake_unless_they_are_set() {
    let config = parse("data = \"d\"").unwrap();
    let settings = knothole_intake::Settings::default();
    assert_eq!(config.connections.get(), settings.most_public_connections);
    assert_eq!(config.uploads.get(), settings.most_uploads);
    assert_eq!(config.messages, settings.messages_reserve);
    assert_eq!(config.replies, settings.replies_reserve);
    assert_eq!(config.ingest_per_hour, settings.most_bytes_per_hour);
    let text = "data = \"d\"\ningest_per_hour = \"20GiB\"\nconnections = 64";
    let config = parse(text).unwrap();
    assert_eq!(config.ingest_per_hour, Some(20 << 30));
    assert_eq!(config.connections.get(), 64);
    assert!(parse("data = \"d\"\nconnections = 0").is_err());
    assert!(parse("data = \"d\"\ningest_per_hour = \"0GiB\"").is_err());
}

#[test]
fn a_data_folder_is_enough() {
    let config = parse("data = \"data\"").unwrap();
    assert_eq!(config.data, Path::new("/etc/knothole/data"));
    assert!(config.proof_of_work);
}

#[test]
fn a_key_that_nobody_knows_is_refused() {
    assert!(matches!(
        parse("data = \"data\"\nbach = \"24h\""),
        Err(ConfigError::NotToml(_))
    ));
}

#[test]
fn a_batch_below_an_hour_must_be_called_dangerous() {
    assert!(parse("data = \"d\"\nbatch = \"59m\"").is_err());
    assert!(parse("data = \"d\"\nbatch = \"1h\"").is_ok());
    let config = parse("data = \"d\"\ndanger_batch = \"10s\"").unwrap();
    assert_eq!(config.batch.length(), Duration::from_secs(10));
}

#[test]
fn a_batch_beyond_a_day_is_refused_whatever_it_is_called() {
    for key in ["batch", "danger_batch"] {
        assert!(parse(&format!("data = \"d\"\n{key} = \"24h\"")).is_ok());
        assert!(parse(&format!("data = \"d\"\n{key} = \"1441m\"")).is_err());
    }
}

#[test]
fn a_grace_is_a_week_unless_it_is_set_and_may_be_none() {
    let week = Duration::from_secs(7 * 86_400);
    assert_eq!(parse("data = \"d\"").unwrap().grace, week);
    let none = parse("data = \"d\"\ngrace = \"0d\"").unwrap();
    assert_eq!(none.grace, Duration::ZERO);
    assert!(parse("data = \"d\"\ngrace = \"91d\"").is_err());
    assert!(parse("data = \"d\"\nreplies = \"64\"").is_err());
}

#[test]
fn a_socket_folder_stands_behind_another_tor() {
    let config = parse("data = \"d\"\nlisten = \"unix:/run/knothole\"").unwrap();
    assert_eq!(
        config.listen,
        Listen::Unix {
            folder: "/run/knothole".into(),
            public: None,
            collection: None
        }
    );
    assert!(parse("data = \"d\"\nlisten = \"unix:s\"\ncircuit_ids = true").is_ok());
    assert!(parse("data = \"d\"\ncircuit_ids = true").is_err());
    assert!(parse("data = \"d\"\nlisten = \"unix:\"").is_err());
    assert!(parse("data = \"d\"\nlisten = \"tcp:80\"").is_err());
}

#[test]
fn what_is_said_of_the_newsroom_is_text_alone_and_the_error_does_not_repeat_it() {
    let silent = parse("data = \"d\"").unwrap();
    assert_eq!(silent.masthead, Masthead::default());
    let text = "data = \"d\"\nnewsroom_name = \"Paper\"\nleave_to = \"https://a.example/\"\n\
                newsroom_words = \"\"\"\nOne.\nTwo.\n\"\"\"";
    let masthead = parse(text).unwrap().masthead;
    assert_eq!(masthead.name, NewsroomName::new("Paper").unwrap());
    assert_eq!(masthead.words, NewsroomWords::new("One.\nTwo.").unwrap());
    assert_eq!(
        masthead.leave_to,
        LeaveTo::new("https://a.example/").unwrap()
    );
    for wrong in [
        "newsroom_name = \"two\\nlines\"",
        "newsroom_words = \"turned \\u202e\"",
        "leave_to = \"javascript:f()\"",
    ] {
        let (key, value) = wrong.split_once(" = ").unwrap();
        let said = parse(&format!("data = \"d\"\n{wrong}"))
            .unwrap_err()
            .to_string();
        assert!(
            said.contains(key) && !said.contains(value.trim_matches('"')),
            "{said}"
        );
    }
}

#[test]
fn tor_settings_may_be_one_file_or_several() {
    assert_eq!(
        parse("data = \"d\"\ntor = \"a.toml\"").unwrap().tor.len(),
        1
    );
    let two = parse("data = \"d\"\ntor = [\"a.toml\", \"b.toml\"]").unwrap();
    assert_eq!(two.tor.len(), 2);
}

#[test]
fn what_is_accepted_has_a_name_that_check_knows() {
    assert!(parse("data = \"d\"").unwrap().accepted.is_empty());
    let one = parse("data = \"d\"\naccepted = [\"disk-encryption\"]").unwrap();
    assert_eq!(one.accepted, [Subject::DiskEncryption]);
    assert!(parse("data = \"d\"\naccepted = [\"rights\"]").is_err());
    assert!(parse("data = \"d\"\naccepted = \"swap\"").is_err());
}
