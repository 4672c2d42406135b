//! Values written so that a query takes them literally.

/// `value` as a word in which no character has a meaning of its own.
pub fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len() + 8);
    for c in value.chars() {
        // A backslash before any other character would do no harm; these are what the language uses, and blanks.
        if "+-!(){}[]^\"~*?:\\/&|".contains(c) || c.is_whitespace() {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    match &*escaped {
        // Words that are operators.
        "AND" | "OR" | "NOT" => format!("\\{escaped}"),
        _ => escaped,
    }
}

/// `value` as a phrase, with its quotation marks.
pub fn phrase(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}
