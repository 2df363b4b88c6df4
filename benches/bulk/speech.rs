//! What people say: invented words with the frequencies, sentence lengths and line feeds of a real export.
//!
//! Compression and parsing depend on it. In the real one, 1,236 different words make up 638,331; sixty-one messages of
//! a hundred have more than one line; two or three hold characters beyond ASCII; the whole deflates to 1/4.7.

use crate::dice::Dice;

/// Different words, a few of them in most sentences.
const VOCABULARY: usize = 1200;

/// Slots of the table that gives each word its frequency.
const SLOTS: usize = 1 << 14;

/// Bytes of a message: (share of a thousand below, bytes), measured.
const LENGTHS: [(u64, u64); 9] =
    [(0, 2), (100, 36), (250, 58), (500, 104), (750, 238), (900, 380), (990, 521), (999, 610), (1000, 660)];

const ONSETS: [&str; 20] =
    ["", "b", "c", "d", "f", "g", "l", "m", "n", "p", "qu", "r", "s", "t", "v", "st", "tr", "pl", "cr", "h"];
const VOWELS: [&str; 8] = ["a", "e", "i", "o", "u", "ae", "ia", "io"];
const CODAS: [&str; 8] = ["", "", "", "m", "s", "t", "r", "nt"];

const EMOJI: [&str; 8] = ["👍", "🎉", "🚀", "✅", "😂", "🔥", "❤️", "👀"];

/// The rest of the language mix: short phrases, each a message or part of one.
const ELSEWHERE: [&str; 16] = [
    "Der Kran an Liegeplatz 4 läuft wieder, danke für die schnelle Rückmeldung.",
    "Bitte die Übergabe um 14:30 Uhr nicht vergessen – Grüße aus dem Büro",
    "On vérifie la sauvegarde dès que la bascule est terminée.",
    "¿Alguien puede revisar el informe de la mañana? Gracias.",
    "バックアップは正常に完了しました。",
    "明日の会議は十時からです。よろしくお願いします。",
    "请在今天下班前确认新的值班表。",
    "تم إصلاح الخادم وعادت الخدمة إلى العمل.",
    "يرجى مراجعة التقرير قبل الاجتماع",
    "Проверьте, пожалуйста, журнал ошибок за ночь.",
    "Резервная копия готова, можно продолжать.",
    "नया संस्करण अब परीक्षण के लिए तैयार है।",
    "Τα αρχεία καταγραφής είναι έτοιμα.",
    "if a < b && b > c { retry(\"once\") } // see <https://wiki.example/run?x=1&y=2>",
    "```\nERROR\tpool exhausted: 64/64 in use\n\tat db.Acquire (pool.go:118)\n```",
    "C:\\shares\\port\\berth_4\\\"final\" plan.xlsx",
];

/// Words and how often each is said.
#[derive(Debug)]
pub(crate) struct Speech {
    words: Vec<String>,
    slots: Vec<u16>,
}

impl Speech {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        let mut words: Vec<String> = Vec::with_capacity(VOCABULARY);
        while words.len() < VOCABULARY {
            // Frequent words are short.
            let syllables = 1 + dice.index(1 + usize::from(words.len() > 40) + usize::from(words.len() > 300));
            let mut word = String::new();
            for _ in 0..syllables {
                for part in [&ONSETS[..], &VOWELS[..], &CODAS[..]] {
                    word.push_str(part[dice.index(part.len())]);
                }
            }
            if word.len() > 1 && !words.contains(&word) {
                words.push(word);
            }
        }
        // The n-th word is said in proportion to 1 / (n + 6), which fits the measured frequencies.
        let weight = |rank: usize| 1_000_000 / (rank + 6);
        let total: usize = (0..VOCABULARY).map(weight).sum();
        let mut slots = Vec::with_capacity(SLOTS + VOCABULARY);
        for rank in 0..VOCABULARY {
            let share = (weight(rank) * SLOTS).div_ceil(total);
            slots.extend(std::iter::repeat_n(u16::try_from(rank).unwrap_or(0), share));
        }
        Self { words, slots }
    }

    /// One word.
    pub(crate) fn word(&self, dice: &mut Dice) -> &str {
        &self.words[usize::from(self.slots[dice.index(self.slots.len())])]
    }

    /// A message of a length that the measured distribution gives.
    pub(crate) fn message(&self, dice: &mut Dice, out: &mut String) {
        let length = if dice.once_in(10_000) { 4000 + dice.below(60_000) } else { dice.from(&LENGTHS) };
        self.text(dice, usize::try_from(length).unwrap_or(0), out);
        if dice.per_million(15_000) {
            out.push(' ');
            out.push_str(EMOJI[dice.index(EMOJI.len())]);
        }
        if dice.per_million(12_000) {
            out.push('\n');
            out.push_str(ELSEWHERE[dice.index(ELSEWHERE.len())]);
        }
    }

    /// Sentences, some of them on lines of their own, of about `length` bytes.
    pub(crate) fn text(&self, dice: &mut Dice, length: usize, out: &mut String) {
        let end = out.len() + length;
        let mut left = 0;
        while out.len() < end {
            if left == 0 {
                left = 3 + dice.index(8);
            }
            out.push_str(self.word(dice));
            left -= 1;
            let last = out.len() >= end;
            match (left, last) {
                (0, _) | (_, true) => out.push_str(if dice.once_in(12) { "!" } else { "." }),
                _ => out.push(' '),
            }
            if left == 0 && !last {
                out.push(if dice.per_million(400_000) { '\n' } else { ' ' });
            }
        }
    }
}

/// Appends a JSON string as Go writes it: `<`, `>` and `&` escaped too.
pub(crate) fn push_json(text: &str, out: &mut String) {
    out.push('"');
    let mut copied = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\t' => "\\t",
            b'<' => "\\u003c",
            b'>' => "\\u003e",
            b'&' => "\\u0026",
            _ => continue,
        };
        out.push_str(&text[copied..at]);
        out.push_str(escape);
        copied = at + 1;
    }
    out.push_str(&text[copied..]);
    out.push('"');
}
