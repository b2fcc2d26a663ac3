//! The `market` program, as people start it.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::{Output, Stdio},
};

use market_core::{Env, sealing::ServerKey};

use crate::server::{Server, market};

pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    market(folder).args(arguments).output().unwrap()
}

pub(crate) fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap().trim_end().to_owned()
}

pub(crate) fn get(address: &str, path: &str, token: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         authorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Posts JSON, and gives the whole answer.
pub(crate) fn post(address: &str, path: &str, body: &serde_json::Value) -> String {
    let (mut stream, body) = (TcpStream::connect(address).unwrap(), body.to_string());
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_another_key_is_not_let_in() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| run(folder.path(), arguments);
    let serve = || Server::ready(market(folder.path()));
    let ends = |server: Server| {
        server.terminate();
        assert_eq!(server.code(), Some(0));
    };
    ends(serve().await);
    let key = folder.path().join("server.key");
    std::fs::write(&key, ServerKey::new(&Env::real()).reveal().as_bytes()).unwrap();
    let refused = run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(1));
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(
        why.contains("server.key: not the key that the servers of this database share"),
        "{why}"
    );
    assert!(printed(&run(&["server-key", "--help"])).contains("accept"));
    printed(&run(&["server-key", "accept"]));
    ends(serve().await);
}

#[test]
fn users_and_tokens_are_managed_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| run(folder.path(), arguments);
    let id = printed(&run(&["user", "create", "li", "--name", "李明", "--party", "operator"]));
    assert_eq!(printed(&run(&["user", "list"])), format!("{id}\tli\t李明\toperator"));
    let token = ["token", "create", "li", "--party", "operator", "--label", "import"];
    let secret = printed(&run(&token));
    assert!(secret.starts_with("mkt_"), "{secret}");
    let listed = printed(&run(&["token", "list", "li"]));
    assert!(listed.ends_with("\toperator\timport\tfor ever"), "{listed}");
    printed(&run(&["token", "revoke", listed.split('\t').next().unwrap()]));
    assert!(printed(&run(&["token", "list", "li"])).contains("revoked"));
}

#[test]
fn a_password_comes_from_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = market(folder.path());
    command.args(["user", "create", "li", "--name", "李明", "--password-stdin"]);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"short\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), complaint.contains("/password")), (Some(2), true));
}

#[test]
fn a_failure_has_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let code = |arguments: &[&str]| run(folder.path(), arguments).status.code();
    assert_eq!(code(&["user", "grant", "nobody", "operator"]), Some(1));
    assert_eq!(code(&["migrate", "--database", "sqlite:/no/such/folder/x.db"]), Some(1));
    assert_eq!(code(&["user", "grant", "nobody", "martian"]), Some(2));
    assert_eq!(code(&["frobnicate"]), Some(2));
    assert_eq!(code(&["migrate", "--config", "no-such-file.toml"]), Some(2));
    std::fs::write(folder.path().join("market.toml"), "lisen = '0.0.0.0:80'").unwrap();
    assert_eq!(code(&["migrate"]), Some(2));
    assert_eq!(code(&["--help"]), Some(0));
}

#[test]
fn the_environment_goes_before_the_file_and_a_flag_before_both() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
    let text = format!("database = '{}'", at("by-file.db"));
    std::fs::write(folder.path().join("market.toml"), text).unwrap();
    let made = |name: &str| folder.path().join(name).exists();
    let migrate = || {
        let mut command = market(folder.path());
        command.arg("migrate");
        command
    };
    assert!(migrate().status().unwrap().success() && made("by-file.db"));
    let by_environment = migrate().env("MARKET_DATABASE", at("by-environment.db")).status();
    assert!(by_environment.unwrap().success() && made("by-environment.db"));
    let mut by_flag = migrate();
    by_flag.env("MARKET_DATABASE", at("unused.db")).args(["--database", &at("by-flag.db")]);
    assert!(by_flag.status().unwrap().success() && made("by-flag.db") && !made("unused.db"));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = market(folder.path());
    let mut child = command.arg("openapi").stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn it_prints_completions_for_every_shell() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(printed(&run(folder.path(), &["completions", shell])).contains("market"));
    }
}

#[test]
fn it_serves_until_it_is_asked_to_end_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(market(folder.path()));
    printed(&run(folder.path(), &["user", "create", "li", "--name", "李", "--party", "operator"]));
    let token = ["token", "create", "li", "--party", "operator", "--label", "x"];
    let token = printed(&run(folder.path(), &token));
    let answer = get(&server.address, "/api/v1/me", &token);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"login\":\"li\""), "{answer}");

    server.terminate();
    assert_eq!(server.code(), Some(0));
    assert!(printed(&run(folder.path(), &["user", "list"])).contains("\tli\t"));
}

/// Who may read a file or a folder.
#[cfg(unix)]
pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[cfg(unix)]
#[test]
fn what_the_program_makes_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["migrate"][..], &["reindex"]] {
        let program = market(folder.path());
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", "umask 022 && exec \"$@\"", "sh"]).arg(program.get_program());
        let set = program.get_envs().filter_map(|(name, value)| Some((name, value?)));
        shell.envs(set).env("MARKET_DATA", "kept/here").current_dir(folder.path());
        assert!(shell.args(arguments).status().unwrap().success());
    }
    let at = |name: &str| mode(&folder.path().join("kept").join(name));
    for made in ["", "here", "here/files", "here/index"] {
        assert_eq!(at(made), 0o700, "{made}");
    }
    assert_eq!((at("here/market.db"), at("here/server.key")), (0o600, 0o600));
}
