//! Choices: a word out of a list, which later versions may lengthen.
//!
//! A plain enum would leave nothing of an object for one word that this version does not know (`Latency`
//! from a newer manifest, or a typing error). A choice keeps the word, so that of a new object only the part that
//! needs it is left out, with a Problem that names the word and lists the known ones. The schema lists
//! the known words, so an API server refuses the others from the start.

/// Makes an enum of CamelCase words with a last variant for a word that is not among them.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum $name {
            $($(#[$word_doc])* $word,)+
            /// A word that this version does not know.
            Other(String),
        }

        impl $name {
            /// The words that this version knows.
            pub const WORDS: &'static [&'static str] = &[$(stringify!($word)),+];

            /// The word as it is spelt in a manifest.
            #[must_use]
            pub fn word(&self) -> &str {
                match self {
                    $(Self::$word => stringify!($word),)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                match word.as_str() {
                    $(stringify!($word) => Self::$word,)+
                    _ => Self::Other(word),
                }
            }
        }

        impl From<$name> for String {
            fn from(choice: $name) -> Self {
                choice.word().to_owned()
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": Self::WORDS })
            }
        }
    };
}

pub(crate) use choice;
