//! TLS: the right CA gets in, wrong ones do not, and nothing falls back to plain text.

use super::SMALL;
use crate::postgres::authority;
use crate::servers::{MariaDb, mariadb};
use chatseal::source::mysql::{MysqlError, Patience, Server, Target};
use std::sync::OnceLock;

/// A server with TLS, its database, and an account that has to use it with a certificate.
fn server() -> &'static (MariaDb, String) {
    static SERVER: OnceLock<(MariaDb, String)> = OnceLock::new();
    SERVER.get_or_init(|| {
        let args = ["--ssl-ca=@ours.pem", "--ssl-cert=@server.pem", "--ssl-key=@server.key"];
        let server = MariaDb::start(&args, |folder| {
            authority(folder, "ours", &[("server", "localhost"), ("client", "by_certificate")]);
            authority(folder, "theirs", &[("stranger", "by_certificate")]);
        });
        let database = server.database("tls", SMALL);
        server.sql(
            &database,
            &format!(
                "CREATE USER plain@'%'; GRANT SELECT ON {database}.* TO plain@'%';
                CREATE USER by_certificate@'%' REQUIRE X509; GRANT SELECT ON {database}.* TO by_certificate@'%'"
            ),
        );
        (server, database)
    })
}

fn open(role: &str, host: &str, options: &str) -> Result<Server, MysqlError> {
    let (server, database) = server();
    let options = options.replace('@', &format!("{}/", server.folder.display()));
    let url = format!("mysql://{role}@{host}:{}/{database}?{options}", server.port);
    Server::open(&Target::parse(&url, &|_| None)?, Patience::default(), None)
}

#[test]
fn the_right_authority_and_name_are_accepted() {
    for options in ["ssl-mode=VERIFY_IDENTITY&ssl-ca=@ours.pem", "ssl-ca=@ours.pem"] {
        let server = open("plain", "localhost", options).unwrap();
        assert!(server.identity().tls.as_ref().unwrap().starts_with("TLSv1.3 "), "{:?}", server.identity().tls);
    }
    // The certificate names `localhost`; only `VERIFY_IDENTITY` minds.
    open("plain", "127.0.0.1", "ssl-mode=verify-ca&ssl-ca=@ours.pem").unwrap();
    assert!(open("plain", "127.0.0.1", "").unwrap().identity().tls.is_some());
    assert!(open("plain", "127.0.0.1", "ssl-mode=DISABLED").unwrap().identity().tls.is_none());
    let error = open("plain", "127.0.0.1", "ssl-ca=@ours.pem").unwrap_err();
    assert!(matches!(error, MysqlError::Tls { .. }), "{error:?}");
}

#[test]
fn a_wrong_authority_is_refused_whatever_the_mode() {
    for mode in ["VERIFY_IDENTITY", "VERIFY_CA", "REQUIRED", "PREFERRED"] {
        let error = open("plain", "localhost", &format!("ssl-mode={mode}&ssl-ca=@theirs.pem")).unwrap_err();
        assert!(matches!(error, MysqlError::Tls { .. }), "{mode}: {error:?}");
    }
    let error = open("plain", "localhost", "ssl-mode=VERIFY_IDENTITY").unwrap_err();
    assert!(matches!(error, MysqlError::Tls { .. }), "{error:?}");
}

#[test]
fn a_client_certificate_opens_the_door() {
    let ca = "ssl-ca=@ours.pem";
    open("by_certificate", "localhost", &format!("{ca}&ssl-cert=@client.pem&ssl-key=@client.key")).unwrap();
    let error = open("by_certificate", "localhost", ca).unwrap_err();
    assert!(matches!(error, MysqlError::Authentication { .. }), "{error:?}");
    let error = open("by_certificate", "localhost", &format!("{ca}&ssl-cert=@client.pem")).unwrap_err();
    assert!(matches!(error, MysqlError::Setting { .. }), "{error:?}");
    let error = open("plain", "localhost", "ssl-ca=@ours.key").unwrap_err();
    assert!(matches!(&error, MysqlError::File { path, .. } if path.ends_with("ours.key")), "{error:?}");
}

#[test]
fn a_server_without_tls_is_refused_where_tls_is_asked_for() {
    let url = format!("mysql://root@/mysql?ssl-mode=REQUIRED&socket={}/socket", mariadb().folder.display());
    let error = Server::open(&Target::parse(&url, &|_| None).unwrap(), Patience::default(), None).unwrap_err();
    assert!(matches!(error, MysqlError::Tls { .. }), "{error:?}");
}
