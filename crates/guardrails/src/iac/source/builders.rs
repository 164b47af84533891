//! The builders of Packer that are judged.

/// Builders that launch an instance with metadata options.
pub(super) const INSTANCES: &[&str] = &["amazon-ebs", "amazon-ebssurrogate", "amazon-ebsvolume"];
/// Builders, and a post-processor, that create an image.
pub(super) const IMAGES: &[&str] =
    &["amazon-ebs", "amazon-ebssurrogate", "amazon-instance", "amazon-chroot", "amazon-import"];

/// The builders that are judged, each with the argument of its instance, or else of its image.
pub fn switches() -> impl Iterator<Item = (&'static str, &'static str)> {
    let instances = INSTANCES.iter().map(|it| (*it, "metadata_options.http_tokens"));
    let images = IMAGES.iter().filter(|it| !INSTANCES.contains(it));
    instances.chain(images.map(|it| (*it, "imds_support")))
}

/// Whether a builder is judged.
pub(super) fn is_judged(builder: &str) -> bool {
    INSTANCES.contains(&builder) || IMAGES.contains(&builder)
}
