//! Which operation a request of the REST API asks for.

/// The operation behind a method and a path.
pub(crate) fn operation(method: &str, path: &str) -> Option<&'static str> {
    match (method, path) {
        ("PUT", "/CreateInfrastructureConfiguration") => Some("CreateInfrastructureConfiguration"),
        ("PUT", "/UpdateInfrastructureConfiguration") => Some("UpdateInfrastructureConfiguration"),
        ("GET", "/GetInfrastructureConfiguration") => Some("GetInfrastructureConfiguration"),
        ("POST", "/ListInfrastructureConfigurations") => Some("ListInfrastructureConfigurations"),
        _ => None,
    }
}
