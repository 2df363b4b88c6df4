//! What is typed and what is said, word for word: `tests/transcripts/*.trycmd`.
//!
//! `TRYCMD=overwrite cargo test --test all transcripts::` accepts what the program says now; read the difference first.

#[test]
fn the_program_says_what_the_transcripts_say() {
    trycmd::TestCases::new().case("tests/transcripts/*.trycmd").env("NO_COLOR", "1");
}
