//! Statements and checkpoints before other people's programs.

use std::fs;

use super::{kept, key, say};
use crate::tools;

#[test]
fn openssh_accepts_every_statement() {
    if tools::skipped("ssh-keygen") {
        return;
    }
    let desk = kept(&["a"]);
    key(&desk, "next.key", 9);
    say(&desk, "rotate", &["ledger", "--key", "seal.key", "--new-key", "next.key"]).require(0, "");
    let path = |name: &str| desk.path(name).to_str().unwrap().to_owned();
    for number in [0, 2] {
        let statement = fs::read(desk.path(&format!("ledger/statements/{number:08}.txt"))).unwrap();
        let (signers, signature) = (path("signers"), path(&format!("ledger/statements/{number:08}.txt.sig")));
        let verify = |namespace: &str, text: &[u8]| {
            let args = ["-Y", "verify", "-f", &signers, "-I", crate::sealed::SIGNER, "-n", namespace, "-s", &signature];
            tools::run("ssh-keygen", &args, text).success
        };
        assert!(verify("statement@chatseal.v1", &statement));
        assert!(!verify("seal@chatseal.v1", &statement));
        assert!(!verify("statement@chatseal.v1", &[&statement[..], b"\n"].concat()));
    }
}
