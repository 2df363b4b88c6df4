//! TLS: the right CA and client certificate get in, wrong ones do not, and nothing falls back to plain text.

use super::SMALL;
use crate::servers::{OWNER, Postgres};
use crate::tools;
use chatseal::source::postgres::{Patience, PostgresError, Server, Target};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::OnceLock;

/// A certificate authority, and what it signs: `{name}.pem` with `{name}.key` for each name.
pub(crate) fn authority(folder: &Path, authority: &str, signed: &[(&str, &str)]) {
    let openssl = |args: &[&str]| {
        let mut command = std::process::Command::new("openssl");
        command.args(args).current_dir(folder);
        tools::feed("openssl", command, b"").expect_success()
    };
    let (ca, key) = (format!("{authority}.pem"), format!("{authority}.key"));
    let new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    let subject = format!("/CN={authority}");
    openssl(&[&new[..], &["-subj", &subject, "-keyout", &key, "-out", &ca]].concat());
    for (name, common) in signed {
        let (subject, alternative) = (format!("/CN={common}"), format!("subjectAltName=DNS:{common}"));
        let (own, cert) = (format!("{name}.key"), format!("{name}.pem"));
        let by = ["-CA", &ca, "-CAkey", &key, "-addext", &alternative, "-addext", "basicConstraints=CA:FALSE"];
        openssl(&[&new[..], &by, &["-subj", &subject, "-keyout", &own, "-out", &cert]].concat());
        fs::set_permissions(folder.join(own), fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// A server that demands TLS and, of the role `by_certificate`, a client certificate; and its database.
fn server() -> &'static (Postgres, String) {
    static SERVER: OnceLock<(Postgres, String)> = OnceLock::new();
    SERVER.get_or_init(|| {
        let settings =
            "ssl = on\nssl_ca_file = '../ours.pem'\nssl_cert_file = '../server.pem'\nssl_key_file = '../server.key'\n";
        let access =
            "local all all trust\nhostssl all by_certificate 127.0.0.1/32 cert\nhostssl all all 127.0.0.1/32 trust\n";
        let server = Postgres::start_with(settings, access, |folder| {
            authority(folder, "ours", &[("server", "localhost"), ("client", "by_certificate")]);
            authority(folder, "theirs", &[("stranger", "by_certificate")]);
        });
        let database = server.database("tls", SMALL);
        server.sql(
            &database,
            "CREATE ROLE by_certificate LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO by_certificate",
        );
        (server, database)
    })
}

fn open(role: &str, host: &str, options: &str) -> Result<Server, PostgresError> {
    let (server, database) = server();
    let folder = server.folder.display().to_string();
    let url =
        format!("postgres://{role}@{host}:{}/{database}?{}", server.port, options.replace('@', &format!("{folder}/")));
    Server::open(&Target::parse(&url, &|_| None)?, Patience::default(), None)
}

#[test]
fn the_right_authority_and_name_are_accepted() {
    for options in ["sslmode=verify-full&sslrootcert=@ours.pem", "sslrootcert=@ours.pem"] {
        let server = open(OWNER, "localhost", options).unwrap();
        assert!(server.identity().tls.as_ref().unwrap().starts_with("TLSv1.3 "), "{:?}", server.identity().tls);
        server.beside(None).unwrap();
    }
    // The certificate names `localhost`; only `verify-full` minds.
    open(OWNER, "127.0.0.1", "sslmode=verify-ca&sslrootcert=@ours.pem").unwrap();
    open(OWNER, "127.0.0.1", "sslmode=require").unwrap();
    open(OWNER, "127.0.0.1", "").unwrap();
    for options in ["sslmode=verify-full&sslrootcert=@ours.pem", "sslrootcert=@ours.pem"] {
        let error = open(OWNER, "127.0.0.1", options).unwrap_err();
        assert!(matches!(error, PostgresError::Tls { .. }), "{error:?}");
    }
}

#[test]
fn a_wrong_authority_is_refused_whatever_the_mode() {
    for mode in ["verify-full", "verify-ca", "require", "prefer"] {
        let error = open(OWNER, "localhost", &format!("sslmode={mode}&sslrootcert=@theirs.pem")).unwrap_err();
        assert!(matches!(error, PostgresError::Tls { .. }), "{mode}: {error:?}");
    }
    let error = open(OWNER, "localhost", "sslmode=verify-full").unwrap_err();
    assert!(matches!(error, PostgresError::Tls { .. }), "{error:?}");
}

#[test]
fn a_client_certificate_opens_the_door() {
    let ca = "sslmode=verify-full&sslrootcert=@ours.pem";
    let server = open("by_certificate", "localhost", &format!("{ca}&sslcert=@client.pem&sslkey=@client.key")).unwrap();
    assert_eq!(server.identity().role, "by_certificate");
    let error = open("by_certificate", "localhost", ca).unwrap_err();
    assert!(matches!(error, PostgresError::Authentication { .. }), "{error:?}");
    let error =
        open("by_certificate", "localhost", &format!("{ca}&sslcert=@stranger.pem&sslkey=@stranger.key")).unwrap_err();
    assert!(matches!(error, PostgresError::Tls { .. } | PostgresError::Unreachable { .. }), "{error:?}");
    // The key of another certificate.
    let error =
        open("by_certificate", "localhost", &format!("{ca}&sslcert=@client.pem&sslkey=@server.key")).unwrap_err();
    assert!(matches!(error, PostgresError::Tls { .. }), "{error:?}");
}

#[test]
fn a_server_without_tls_is_refused_where_tls_is_asked_for_and_the_other_way_round() {
    let plain = crate::servers::postgres();
    let url = format!("postgres://{OWNER}@127.0.0.1:{}/postgres?sslmode=require", plain.port);
    let error = Server::open(&Target::parse(&url, &|_| None).unwrap(), Patience::default(), None).unwrap_err();
    assert!(matches!(error, PostgresError::Tls { .. }), "{error:?}");
    let error = open(OWNER, "127.0.0.1", "sslmode=disable").unwrap_err();
    assert!(
        matches!(&error, PostgresError::Authentication { said, .. } if said.contains("no encryption")),
        "{error:?}"
    );
}

#[test]
fn files_that_hold_something_else_are_named() {
    for (options, file) in [
        ("sslrootcert=@nothing.pem", "nothing.pem"),
        ("sslrootcert=@ours.key", "ours.key"),
        ("sslcert=@client.key&sslkey=@client.key", "client.key"),
        ("sslcert=@client.pem&sslkey=@client.pem", "client.pem"),
    ] {
        let error = open(OWNER, "localhost", options).unwrap_err();
        assert!(matches!(&error, PostgresError::File { path, .. } if path.ends_with(file)), "{options}: {error:?}");
    }
}
