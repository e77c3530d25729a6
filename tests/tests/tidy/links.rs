//! Links of Markdown documents.

/// Links to files: line and target without its anchor. Not those inside code.
pub(crate) fn relative(text: &str) -> Vec<(usize, &str)> {
    let mut links = Vec::new();
    let mut in_code = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for (at, sign) in line.match_indices("](") {
            let after = &line[at + sign.len()..];
            let target = after.split([')', '#']).next().unwrap_or("");
            // A link's own text may be code; the link is code when a backquote before it is open.
            let is_code = line[..at].matches('`').count() % 2 == 1;
            let is_file = !target.is_empty() && !target.contains(':');
            if is_file && !is_code {
                links.push((number + 1, target));
            }
        }
    }
    links
}
