//! Files with keys in every container that is accepted: PKCS#8, OpenSSH, public keys and certificates.
#![no_main]

use chatseal::keys::{KeyFile, KeyPair, Signer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let read = chatseal_fuzz::with_file("seal.key", &[bytes], KeyFile::read);
    if let Ok(file) = read {
        let key = file.public_key();
        assert_eq!(chatseal::keys::PublicKey::parse_openssh(&key.openssh_line("fuzz")), Ok(key));
        if let KeyFile::Private(pair) = file {
            sign(pair);
        }
    }
});

/// A key that was accepted signs, and its public half agrees.
fn sign(pair: KeyPair) {
    let signer = Signer::from_key(pair);
    let armored = signer.sign_ssh(b"hello", "fuzz").expect("a signature");
    let signature = chatseal::keys::SshSignature::parse(armored.as_bytes()).expect("our own signature");
    assert!(signature.verify(b"hello") && signature.public_key() == signer.public_key());
}
