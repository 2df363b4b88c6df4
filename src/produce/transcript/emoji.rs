//! The characters behind `:shortcodes:`, which is how Mattermost stores emoji in posts and reactions.

use emojis::SkinTone;

/// Endings of names by which Mattermost chooses a skin tone.
const TONES: [(&str, SkinTone); 5] = [
    ("_medium_light_skin_tone", SkinTone::MediumLight),
    ("_medium_dark_skin_tone", SkinTone::MediumDark),
    ("_light_skin_tone", SkinTone::Light),
    ("_dark_skin_tone", SkinTone::Dark),
    ("_medium_skin_tone", SkinTone::Medium),
];

/// Names of Mattermost's own list that GitHub's has under another name.
const ALIASES: [(&str, &str); 8] = [
    ("simple_smile", "slightly_smiling_face"),
    ("hankey", "poop"),
    ("flag-us", "us"),
    ("flag-gb", "gb"),
    ("flag-de", "de"),
    ("flag-fr", "fr"),
    ("thumbs_up", "+1"),
    ("thumbs_down", "-1"),
];

/// The character that a name without its colons stands for; `None` for custom emoji and unknown names.
pub(super) fn character(name: &str) -> Option<&'static str> {
    if let Some(found) = emojis::get_by_shortcode(name) {
        return Some(found.as_str());
    }
    if let Some((_, known)) = ALIASES.iter().find(|(alias, _)| *alias == name) {
        return emojis::get_by_shortcode(known).map(emojis::Emoji::as_str);
    }
    let (base, tone) = TONES.iter().find_map(|(ending, tone)| Some((name.strip_suffix(ending)?, *tone)))?;
    let base = emojis::get_by_shortcode(base)?;
    Some(base.with_skin_tone(tone).unwrap_or(base).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_characters() {
        assert_eq!(character("+1"), Some("👍"));
        assert_eq!(character("tada"), Some("🎉"));
        assert_eq!(character("white_check_mark"), Some("✅"));
        assert_eq!(character("wave_medium_dark_skin_tone"), Some("👋🏾"));
        assert_eq!(character("thumbs_up"), Some("👍"));
        assert_eq!(character("party_parrot"), None);
        assert_eq!(character(""), None);
    }

    #[test]
    fn every_alias_leads_somewhere() {
        for (alias, _) in ALIASES {
            assert!(character(alias).is_some(), "{alias}");
        }
    }
}
