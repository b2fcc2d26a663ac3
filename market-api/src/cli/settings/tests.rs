//! Which of several settings holds, and which are refused.

use super::*;

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    flags: Flags,
}

fn file(text: &str) -> Given {
    toml::from_str(text).unwrap()
}

#[test]
fn what_nobody_gives_has_a_default() {
    let settings = Settings::complete(Given::default(), Given::default()).unwrap();
    assert_eq!(settings.limits, Limits::default());
    assert_eq!((settings.metrics_listen, settings.otlp_endpoint), (None, None));
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.database, "sqlite:market-data/market.db");
    assert!(!settings.log_json);
    assert_eq!(settings.publisher, Publisher::default());
    assert_eq!(settings.keep_asked_days, 180);
    assert!(settings.fonts.is_empty());
    assert_eq!(settings.webhook_rules, AddressRules::default());
    assert_eq!((settings.access_minutes, settings.second_factor_for.len()), (15, 0));
    assert_eq!(settings.server_key, PathBuf::from("market-data/server.key"));
}

#[test]
fn only_what_this_machine_alone_reaches_has_plain_cookies() {
    let of = |listen: &str, url: &str| {
        let file = file(&format!("listen = '{listen}'\npublic_url = '{url}'"));
        Settings::complete(Given::default(), file).unwrap().web().secure_cookies
    };
    assert!(!of("127.0.0.1:80", "http://127.0.0.1"));
    assert!(of("0.0.0.0:80", "http://market.example"));
    assert!(of("127.0.0.1:80", "https://market.example"));
}

#[test]
fn a_server_key_is_made_once_and_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.key");
    let keys: Vec<_> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..4).map(|_| scope.spawn(|| server_key(&path))).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    let first = server_key(&path).unwrap().reveal();
    for key in keys {
        assert_eq!(*key.unwrap().reveal(), *first);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    fs::write(&path, "nonsense").unwrap();
    assert!(server_key(&path).is_err());
}

#[test]
fn fonts_keep_their_order() {
    let settings = Settings::complete(Given::default(), file("font = ['b.ttc', 'a.otf']")).unwrap();
    assert_eq!(settings.fonts, ["b.ttc", "a.otf"].map(PathBuf::from));
    let line = ["market", "--font", "b.ttc", "--font", "a.otf"];
    let given = <Line as clap::Parser>::try_parse_from(line).unwrap().flags.given;
    let settings = Settings::complete(given, file("font = ['c.ttc']")).unwrap();
    assert_eq!(settings.fonts, ["b.ttc", "a.otf"].map(PathBuf::from));
}

#[test]
fn a_flag_goes_before_the_file() {
    let given = Given { log: Some("debug".to_owned()), ..Given::default() };
    let file = file("log = 'warn'\nlisten = '0.0.0.0:80'\ndata = '/srv/a?b'\n");
    let settings = Settings::complete(given, file).unwrap();
    assert_eq!(settings.log, "debug");
    assert_eq!(settings.listen.to_string(), "0.0.0.0:80");
    assert_eq!(settings.database, "sqlite:/srv/a%3fb/market.db");
    assert_eq!(settings.publisher.url, "http://0.0.0.0:80");
}

#[test]
fn networks_inside_are_named_one_by_one() {
    let settings = Settings::complete(
        Given::default(),
        file("webhook_allow = ['10.20.0.0/16']\nwebhook_port = [9443]"),
    )
    .unwrap();
    assert_eq!(settings.webhook_rules.allowed, ["10.20.0.0/16".parse().unwrap()]);
    assert_eq!(settings.webhook_rules.ports, [9443]);
    assert!(toml::from_str::<Given>("webhook_allow = ['10.20.0.1/16']").is_err());
    let line = ["market", "--webhook-allow", "10.20.0.0/16,fd00::/8"];
    let given = <Line as clap::Parser>::try_parse_from(line).unwrap().flags.given;
    assert_eq!(given.webhook_allow.unwrap().len(), 2);
}

#[test]
fn limits_are_of_the_file_and_rates_can_be_switched_off() {
    let text = "rate_limits = true\n[limits.per_actor.write]\nburst = 7";
    let given = Given { rate_limits: Some(false), ..Given::default() };
    let settings = Settings::complete(given, file(text)).unwrap();
    assert!(!settings.limits.rates);
    assert_eq!(settings.limits.per_actor.write.burst.get(), 7);
    let bad = Settings::complete(Given::default(), file("[limits.per_actor]\nwrote = 1"));
    let Err(Failure::Usage(why)) = bad else { panic!("{bad:?}") };
    assert!(why.starts_with("limits.per_actor.wrote: unknown field"), "{why}");
}

#[test]
fn traces_go_to_a_collector_nearby() {
    let bad = Settings::complete(Given::default(), file("otlp_endpoint = 'https://a.b'"));
    assert!(matches!(bad, Err(Failure::Usage(why)) if why.starts_with("otlp_endpoint")));
}

#[test]
fn keys_are_kept_as_long_as_promised() {
    let of = |text| Settings::complete(Given::default(), file(text)).unwrap().checked();
    assert_eq!(of("").unwrap().keep_keys_hours, 72);
    assert_eq!(of("keep_keys_hours = 100").unwrap().keep_keys_hours, 100);
    let why = of("keep_keys_hours = 71").unwrap_err();
    assert!(format!("{why:?}").contains("keep_keys_hours: must be at least 72"), "{why:?}");
}

#[test]
fn what_no_server_does_is_refused_wherever_it_stands() {
    for (text, why) in [
        ("access_minutes = 0", "access_minutes: must be from 1 to 1440"),
        ("access_minutes = 1441", "access_minutes: "),
        ("browser_minutes = 0", "browser_minutes: "),
        ("public_url = 'market.example.cn'", "public_url: must begin with http:// or https://"),
        ("public_url = 'https://'", "public_url: "),
    ] {
        let bad = Settings::complete(Given::default(), file(text)).unwrap().checked();
        assert!(matches!(&bad, Err(Failure::Usage(said)) if said.starts_with(why)), "{bad:?}");
    }
    let good = file("access_minutes = 1440\npublic_url = 'https://market.example.cn/'");
    Settings::complete(Given::default(), good).unwrap().checked().unwrap();
}

#[test]
fn the_page_has_every_setting() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operations.md");
    let page = fs::read_to_string(path).unwrap();
    let command = <Line as clap::CommandFactory>::command();
    let flags: Vec<_> = command.get_arguments().filter_map(clap::Arg::get_long).collect();
    for flag in &flags {
        assert!(page.contains(&format!("| `--{flag}` | ")), "{flag}");
    }
    assert_eq!(page.matches("\n| `--").count(), flags.len());
    for argument in command.get_arguments() {
        let Some(flag) = argument.get_long() else { continue };
        let variable = format!("MARKET_{}", flag.to_uppercase().replace('-', "_"));
        assert_eq!(argument.get_env().and_then(std::ffi::OsStr::to_str), Some(&*variable));
    }
}

#[test]
fn a_misspelt_setting_is_refused() {
    assert!(toml::from_str::<Given>("lisen = '0.0.0.0:80'").is_err());
}

#[test]
fn mail_goes_where_it_is_said() {
    let of = |text| Settings::complete(Given::default(), file(text)).unwrap().mailer();
    assert!(of("").unwrap().is_none());
    let folder = tempfile::tempdir().unwrap();
    let text = format!("mail = 'file:{}'", folder.path().join("mail").display());
    assert!(of(&text).unwrap().is_some() && folder.path().join("mail").is_dir());
    for (text, name) in [
        ("mail = 'mailto:u:secret@mail.example'\nmail_from = 'a@b.cn'", "mail: "),
        ("mail = 'smtp://localhost'\nmail_from = 'nobody'", "mail_from: "),
        ("mail = 'smtps://mail.example'", "mail_from: "),
        ("mail = 'smtps://a.b'\nmail_from = 'a@b.cn'\nmail_ca = '/nowhere'", "mail_ca: "),
    ] {
        let Err(Failure::Usage(why)) = of(text) else { panic!("{text}") };
        assert!(why.starts_with(name) && !why.contains("secret"), "{why}");
    }
}

#[test]
fn a_provider_is_named_whole_or_refused() {
    let of = |more: &str| {
        let text = format!(
            "[[provider]]\nkey = 'zwfw'\nname = '政务服务网'\nissuer = 'https://id.example'\n\
             client_id = 'market'\n{more}"
        );
        let settings = Settings::complete(Given::default(), file(&text)).unwrap();
        settings.checked().and_then(|settings| settings.providers())
    };
    of("").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    fs::write(&path, " secret\n").unwrap();
    let shown = format!("{:?}", of(&format!("client_secret_file = '{}'", path.display())).unwrap());
    assert!(!shown.contains("secret"), "{shown}");
    fs::write(&path, "\n").unwrap();
    for (more, field) in [
        (&*format!("client_secret_file = '{}'", path.display()), "[0].client_secret_file"),
        ("client_secret_file = '/nowhere'", "[0].client_secret_file"),
        ("client_secret_env = 'MARKET_NO_SUCH_SECRET'", "[0].client_secret_env"),
        ("client_secret_file = 'a'\nclient_secret_env = 'B'", "[0].client_secret_env"),
        ("ca = '/nowhere'", "[0].ca"),
        ("[[provider]]\nkey = 'Zwfw'\nname = 'a'\nissuer = 'b'\nclient_id = 'c'", "[1].key"),
        ("[[provider]]\nkey = 'zwfw'\nname = 'a'\nissuer = 'b'\nclient_id = 'c'", "[1].key"),
        ("[[provider]]\nkey = 'a'\nname = ' '\nissuer = 'b'\nclient_id = 'c'", "[1].name"),
        (
            "[[provider]]\nkey = 'a'\nname = 'a'\nissuer = 'http://b.c'\nclient_id = 'c'",
            "[1].issuer",
        ),
    ] {
        let Err(Failure::Usage(why)) = of(more) else { panic!("{more}") };
        assert!(why.starts_with(&format!("provider{field}: ")), "{more}: {why}");
    }
    assert!(toml::from_str::<Given>("[[provider]]\nkey = 'zwfw'").is_err());
}
