//! C2SP signed notes.
#![no_main]

use chatseal::keys::{Note, PublicKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(note) = Note::parse(bytes) {
        assert_eq!(note.encode().as_bytes(), bytes);
        let key = PublicKey::from_bytes([7; 32]);
        for signature in note.signatures() {
            let _ = note.check(&signature.name, &key);
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok((name, key)) = PublicKey::parse_vkey(text)
    {
        assert_eq!(PublicKey::parse_vkey(&key.vkey(&name)), Ok((name, key)));
    }
});
