//! Which operation a request of the REST API asks for.

/// The operation behind a method and a path.
pub(crate) fn operation(method: &str, path: &str) -> Option<&'static str> {
    match (method, path) {
        ("POST", "/findings/import") => Some("BatchImportFindings"),
        ("PATCH", "/findings/batchupdate") => Some("BatchUpdateFindings"),
        ("POST", "/findings") => Some("GetFindings"),
        _ => None,
    }
}
