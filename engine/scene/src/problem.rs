//! The catalogue of what can be wrong with a scene: each message, and each hint.

use tanda_components::limits::STAGES_MAX;

use super::hints::did_you_mean;

/// A problem and the byte of the text where it stands.
pub(super) type Located = (usize, Problem);

/// One kind of fault. `Display` says what was found and expected, [`Problem::hint`] what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum Problem {
    // The file.
    #[error("cannot be read: {0}")]
    Unreadable(std::io::Error),
    #[error("is larger than {0} bytes, the most a scene may have")]
    TooLarge(usize),
    #[error("is not UTF-8 text: byte {0:#04x} stands here")]
    NotUtf8(u8),
    #[error("{0}")]
    Syntax(SyntaxError),
    #[error("expected `Scene( … )`, found {0}")]
    NotAScene(String),

    // Parameters.
    #[error("the scene declares no parameter `{name}`")]
    UnknownParam { name: String, declared: Vec<String> },
    #[error("`--param {name}=…`: the scene declares no parameter `{name}`")]
    UnknownOverride { name: String, declared: Vec<String> },
    #[error("`${{` without its `}}`")]
    UnclosedParam,
    #[error("parameter `{0}` is not a text in quotes")]
    ParamNotText(String),
    #[error("`params` is not a map `{{ \"name\": \"default\" }}`")]
    ParamsNotMap,
    #[error("the default of parameter `{0}` uses `${{`: defaults are taken as they stand")]
    ParamInDefault(String),

    // Values.
    #[error("expected {expected}, found {found}")]
    WrongType { expected: String, found: String },
    #[error("{0}")]
    BadValue(String),
    #[error("`{0}` is out of range here")]
    NumberTooLarge(String),
    #[error("`{found}` is not known here")]
    UnknownVariant { found: String, known: Vec<String> },
    #[error("unknown field `{found}` in {owner}")]
    UnknownField { owner: String, found: String, known: Vec<String> },
    #[error("missing field `{field}` in {owner}")]
    MissingField { owner: String, field: String },
    #[error("{what} `{name}` is given twice")]
    Duplicate { what: &'static str, name: String, first: Option<usize> },
    #[error("`{field}` is {found}, expected {expected}")]
    OutOfBounds { field: &'static str, found: String, expected: String },
    #[error("`{field}` is {found:?}: it must be one ASCII character, no quote, no line end")]
    BadSeparator { field: &'static str, found: char },
    #[error("the path is empty")]
    EmptyPath,
    #[error("the path {0:?} names a folder, not a file")]
    FolderPath(String),
    #[error("the ending of {0:?} names no format")]
    UnknownEnding(String),
    #[error("{format} cannot be {direction}")]
    NoStream { format: &'static str, direction: &'static str },
    #[error("`File` takes its format from the ending of a file, and `-` has none")]
    NamelessFormat,

    // Supervision.
    #[error("{message}")]
    Supervision { message: String, hint: &'static str },

    // Stages and edges.
    #[error("the scene has no stages")]
    NoStages,
    #[error("the scene has {0} stages; {STAGES_MAX} is the most")]
    TooManyStages(usize),
    #[error("`{stage}` has {count} {what}; {max} is the most")]
    TooManyEdges { stage: String, what: &'static str, count: usize, max: usize },
    #[error(
        "more than {max} ways lead from `{from}` to `{to}`: branches that meet multiply",
        max = u16::MAX
    )]
    TooManyWays { from: String, to: String },
    #[error("`{0}` is no stage name")]
    StageName(String),
    #[error("{0:?} names no stage and port")]
    BadInput(String),
    #[error("there is no stage `{found}`")]
    UnknownStage { found: String, known: Vec<String> },
    #[error("`{0}` is a sink: nothing comes out of it")]
    SinkAsInput(String),
    #[error("source `{stage}` has no port `{port}`")]
    SourcePort { stage: String, port: String },
    #[error("the stage reads `{0}` twice: every row would come in twice")]
    DoubleInput(String),
    #[error("`from` is empty: nothing comes into the stage")]
    NoInput,
    #[error("nobody reads `{0}`")]
    Unread(String),
    #[error("the stages feed themselves: {0}")]
    Cycle(String),
    #[error("sinks `{first}` and `{second}` both write {path}")]
    SharedPath { first: String, second: String, path: String },
    #[error(
        "sink `{sink}` writes {path:?}, which source `{source_stage}` reads by its glob {glob:?}"
    )]
    InsideGlob { sink: String, path: String, source_stage: String, glob: String },
    #[error("sources `{first}` and `{second}` both read standard input")]
    SharedStdin { first: String, second: String },
}

/// What `ron` says of a text that is no RON; its own words begin with a capital.
#[derive(Debug, thiserror::Error)]
#[error("{}", lower_first(&.0.to_string()))]
pub(super) struct SyntaxError(pub(super) ron::Error);

impl Problem {
    /// What to do about it; `None` where the message already says it.
    ///
    /// `line_of` gives the line of a byte of the scene file.
    pub(super) fn hint(&self, line_of: impl Fn(usize) -> usize) -> Option<String> {
        let fixed = match self {
            Self::Syntax(error) => return error.hint().map(str::to_owned),
            Self::UnknownParam { name, declared } => {
                let hint = did_you_mean(name, declared, "declared parameters");
                return Some(format!("{hint}; a plain `${{` is written `$${{`"));
            }
            Self::UnknownOverride { name, declared } => {
                return Some(did_you_mean(name, declared, "declared parameters"));
            }
            Self::UnknownVariant { found, known } => {
                return Some(did_you_mean(found, known, "expected one of"));
            }
            Self::UnknownField { found, known, owner } => {
                return Some(did_you_mean(found, known, &format!("fields of {owner}")));
            }
            Self::UnknownStage { found, known } => {
                return Some(did_you_mean(found, known, "stages"));
            }
            Self::Duplicate { first, .. } => {
                return first.map(|first| format!("the first one is at line {}", line_of(first)));
            }
            Self::Unreadable(error) => return unreadable_hint(error).map(str::to_owned),
            Self::NotAScene(_) => "a scene is `Scene( name: …, stages: { … } )`",
            Self::NotUtf8(_) => "save the file as UTF-8",
            Self::UnclosedParam => "write `${name}` for a parameter, `$${` for a plain `${`",
            Self::ParamNotText(_) => "every parameter is a text: `\"name\": \"default\"`",
            Self::ParamInDefault(_) => "write the value out",
            Self::FolderPath(_) => "add a file name",
            Self::EmptyPath => "name a file, or `-` for standard input or output",
            Self::UnknownEnding(_) => {
                "end it in .csv, .ndjson, .parquet or .arrow (.csv and .ndjson also in .gz or .zst \
                 behind that), or name the format: `Csv( path: … )`"
            }
            Self::NoStream { .. } => "name a file; Csv, Ndjson and Arrow can be streamed",
            Self::NamelessFormat => "name the format: `Csv( path: \"-\" )`",
            Self::Supervision { hint, .. } => hint,
            Self::NoStages => "begin with `\"input\": Source( read: Csv( path: … ) )`",
            Self::StageName(_) => "use lower-case letters, digits, `_` and `-`, 63 of them at most",
            Self::BadInput(_) => "write \"stage\" for its port `main`, or \"stage.port\"",
            Self::SinkAsInput(_) => "read from the stage that the sink reads from",
            Self::SourcePort { .. } => {
                "a source has the ports `main` (its rows) and `rejected` (its bad records)"
            }
            Self::NoInput => "name the stage to read from: `from: \"stage\"`",
            Self::Unread(_) => "read it in another stage, or remove it",
            Self::Cycle(_) => "stages must not form a ring: take one of these edges out",
            Self::SharedPath { .. } => {
                "give each sink its own path, or let one sink read both: `from: [\"a\", \"b\"]`"
            }
            Self::InsideGlob { .. } => {
                "write into another folder, or let the glob name fewer files: the next run would \
                 read what this one wrote"
            }
            Self::SharedStdin { .. } => "let both stages read from one source",
            Self::TooLarge(_)
            | Self::WrongType { .. }
            | Self::BadValue(_)
            | Self::NumberTooLarge(_)
            | Self::MissingField { .. }
            | Self::OutOfBounds { .. }
            | Self::ParamsNotMap
            | Self::BadSeparator { .. }
            | Self::TooManyStages(_)
            | Self::TooManyEdges { .. }
            | Self::TooManyWays { .. }
            | Self::DoubleInput(_) => return None,
        };
        Some(fixed.to_owned())
    }

    /// The same problem where offsets have moved.
    pub(super) fn moved(mut self, moved: impl Fn(usize) -> usize) -> Self {
        if let Self::Duplicate { first: Some(first), .. } = &mut self {
            *first = moved(*first);
        }
        self
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "most kinds of I/O error need no hint")]
fn unreadable_hint(error: &std::io::Error) -> Option<&'static str> {
    match error.kind() {
        std::io::ErrorKind::NotFound => Some("paths are relative to the working directory"),
        std::io::ErrorKind::IsADirectory => Some("name a scene file inside the folder"),
        _ => None,
    }
}

impl SyntaxError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "ron's error enum is foreign and open")]
    fn hint(&self) -> Option<&'static str> {
        Some(match &self.0 {
            ron::Error::ExpectedComma => "is a comma missing before this, or a bracket unclosed?",
            ron::Error::ExpectedStringEnd => "a text that opens here is never closed by `\"`",
            ron::Error::UnexpectedChar('$') => "parameters stand inside quotes: \"${name}\"",
            ron::Error::ExpectedMapColon => "write `key: value`",
            ron::Error::InvalidEscape(_) => {
                "write `\\\\` for a backslash, or a raw text: r\"\\d+\""
            }
            ron::Error::TrailingCharacters => "the scene ends before this",
            ron::Error::Eof => "the file ends too early: is a bracket unclosed?",
            _ => return None,
        })
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
