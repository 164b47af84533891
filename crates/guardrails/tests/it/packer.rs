//! Packer templates.

use v2only_guardrails::Settings;
use v2only_guardrails::iac::source::{PackerTemplate, SourceFile, Sources};
use v2only_guardrails::iac::{Counts, Finding};

fn found(files: &[(&str, &str)]) -> Vec<Finding> {
    let read = |(path, text): &(&str, &str)| SourceFile::read(path, text).unwrap_or_else(|it| panic!("{it}"));
    let sources = Sources::new(files.iter().map(read).collect());
    sources.findings(&Settings::shipped()).into_iter().map(|(_, it)| it).collect()
}

fn codes(text: &str) -> Vec<&'static str> {
    found(&[("web.pkr.hcl", text)]).into_iter().map(|it| it.code).collect()
}

const RIGHT: &str = "  imds_support = \"v2.0\"\n  metadata_options {\n    http_tokens = \"required\"\n  }\n";

#[test]
fn the_building_instance_and_the_image_are_judged() {
    assert_eq!(codes(&format!("source \"amazon-ebs\" \"web\" {{\n{RIGHT}}}\n")), [""; 0]);
    let findings = found(&[("web.pkr.hcl", "source \"amazon-ebs\" \"web\" {\n  ami_name = \"web\"\n}\n")]);
    let told: Vec<String> = findings.iter().map(|it| format!("{}: {}", it.address, it.why)).collect();
    assert_eq!(
        told,
        [
            "source.amazon-ebs.web: http_tokens is not stated, which Packer sets to optional",
            "source.amazon-ebs.web: imds_support is not v2.0; it cannot be taken back once it is",
        ]
    );
    assert_eq!(codes("source \"amazon-ebsvolume\" \"v\" {}"), ["http-tokens-not-stated"]);
    assert_eq!(codes("source \"amazon-chroot\" \"c\" {}"), ["image-without-imds-support"]);
    assert_eq!(codes("source \"amazon-instance\" \"i\" {}"), ["cannot-tell", "image-without-imds-support"]);
    assert_eq!(codes("source \"docker\" \"d\" {}"), [""; 0]);
}

#[test]
fn variables_and_locals_are_evaluated() {
    let text = "variable \"tokens\" { default = \"optional\" }\nlocal \"imds\" { expression = \"v2.0\" }\n\
                source \"amazon-ebs\" \"web\" {\n  imds_support = local.imds\n  metadata_options {\n    http_tokens = var.tokens\n  }\n}\n";
    assert_eq!(codes(text), ["http-tokens-not-required"]);
    assert_eq!(found(&[("web.pkr.hcl", text), ("a.auto.pkrvars.hcl", "tokens = \"required\"\n")]), []);
    assert_eq!(codes(&text.replace("default = \"optional\"", "")), ["cannot-tell"]);
}

#[test]
fn a_build_may_change_its_source() {
    let text =
        "source \"amazon-ebs\" \"web\" {\n  metadata_options {\n    http_tokens = \"required\"\n  }\n}\n";
    let extended =
        format!("{text}build {{\n  source \"amazon-ebs.web\" {{\n    imds_support = \"v2.0\"\n  }}\n}}\n");
    assert_eq!(codes(&extended), [""; 0]);
    let listed = format!("{extended}build {{\n  sources = [\"source.amazon-ebs.web\"]\n}}\n");
    assert_eq!(codes(&listed), ["image-without-imds-support"]);
    let two = extended.replace("build {", "source \"amazon-ebs\" \"other\" {}\nbuild {");
    let others: Vec<String> = found(&[("web.pkr.hcl", &two)]).into_iter().map(|it| it.address).collect();
    assert_eq!(others, ["source.amazon-ebs.other"; 2], "the build changes one of two sources");
    let import = "build {\n  post-processor \"amazon-import\" {\n    s3_bucket_name = \"b\"\n  }\n}\n";
    assert_eq!(codes(import), ["image-without-imds-support"]);
}

#[test]
fn the_json_of_the_language_is_read() {
    let text = r#"{"source": {"amazon-ebs": {"web": {"imds_support": "v2.0", "metadata_options": {"http_tokens": "optional"}}}}}"#;
    let findings = found(&[("web.pkr.json", text)]);
    assert_eq!(findings.len(), 1);
    assert!(findings[0].instead.starts_with("\"metadata_options\": {"), "{}", findings[0].instead);
}

#[test]
fn older_templates_are_read_with_their_user_variables() {
    let template = |tokens: &str| {
        format!(
            "{{\"variables\": {{\"tokens\": \"required\", \"none\": null}},\n \"builders\": [{{\"type\": \"amazon-ebs\",\n  \
             \"imds_support\": \"v2.0\", \"metadata_options\": {{\"http_tokens\": \"{tokens}\"}}}}]}}"
        )
    };
    let codes = |text: &str| {
        let findings = PackerTemplate::read(text).unwrap().unwrap().findings(&Settings::shipped());
        findings.into_iter().map(|it| (it.at.unwrap().line, it.code)).collect::<Vec<_>>()
    };
    assert_eq!(codes(&template("required")), []);
    assert_eq!(codes(&template("{{user `tokens`}}")), []);
    assert_eq!(codes(&template("optional")), [(3, "http-tokens-not-required")]);
    assert_eq!(codes(&template("{{user `none`}}")), [(3, "cannot-tell")]);
    assert_eq!(codes(&template("{{env `TOKENS`}}")), [(3, "cannot-tell")]);
    let bare = r#"{"builders": [{"type": "amazon-ebs"}, {"type": "docker"}]}"#;
    assert_eq!(codes(bare), [(1, "http-tokens-not-stated"), (1, "image-without-imds-support")]);
    assert!(PackerTemplate::read(r#"{"builders": 1, "x": "amazon-ebs"}"#).unwrap().is_none());
    assert!(PackerTemplate::read(r#"{"builders": [{"type": "docker"}]}"#).unwrap().is_none());
}

/// Values of the older JSON: texts, numbers, truths and none.
#[test]
fn values_of_older_templates_are_plain_or_filled_in_later() {
    let template = |imds: &str, hops: &str| {
        let options = format!("{{\"http_tokens\": \"required\", \"http_put_response_hop_limit\": {hops}}}");
        format!(
            "{{\"builders\": [{{\"type\": \"amazon-ebs\", \"imds_support\": {imds}, \"metadata_options\": {options}}}]}}"
        )
    };
    for (imds, hops, expected) in [
        ("\"v2.0\"", "2", ""),
        ("null", "null", "image-without-imds-support"),
        ("true", "\"2\"", "image-without-imds-support"),
        ("[\"v2.0\"]", "2", "cannot-tell"),
        ("\"v2.0\"", "3", "hop-limit"),
        ("\"v2.0\"", "\"3\"", "hop-limit"),
        ("\"v2.0\"", "\"{{env `HOPS`}}\"", "cannot-tell"),
    ] {
        let template = PackerTemplate::read(&template(imds, hops)).unwrap().unwrap();
        let codes: String = template.findings(&Settings::shipped()).into_iter().map(|it| it.code).collect();
        assert_eq!(codes, expected, "{imds} {hops}");
        assert_eq!(template.counts(), Counts { judged: 1, ..Counts::default() });
    }
}

#[test]
fn images_that_are_imported_after_the_build_are_judged() {
    let text = r#"{"builders": [{"type": "docker"}, {"type": "amazon-chroot", "imds_support": "v2.0"}],
        "post-processors": ["compress", {"type": "vagrant"}, {"type": "amazon-import"},
            [{"type": "shell-local"}, {"type": "amazon-import", "name": "image"}, {"type": "amazon-import", "imds_support": "v2.0"}]]}"#;
    let template = PackerTemplate::read(text).unwrap().unwrap();
    let listed: Vec<_> =
        template.findings(&Settings::shipped()).into_iter().map(|it| (it.address, it.code)).collect();
    let expected = ["post-processors.amazon-import.2", "post-processors.amazon-import.image"];
    assert_eq!(listed, expected.map(|it| (it.to_owned(), "image-without-imds-support")));
    assert_eq!(template.counts(), Counts { judged: 1, named: 0, other: 1 });
}

#[test]
fn a_file_counts_only_blocks_of_its_own_language() {
    let text = "source \"amazon-ebs\" \"web\" {}\nresource \"aws_instance\" \"web\" {}\n";
    let judged = |path: &str| SourceFile::read(path, text).unwrap().counts().judged;
    let builders = "source \"amazon-ebsvolume\" \"a\" {}\nsource \"amazon-chroot\" \"a\" {}\nsource \"docker\" \"a\" {}\n";
    let counts = SourceFile::read("web.pkr.hcl", builders).unwrap().counts();
    assert_eq!(counts, Counts { judged: 2, named: 0, other: 1 });
    assert_eq!((judged("web.pkr.hcl"), judged("main.tf"), judged("terraform.tfvars")), (1, 1, 0));
}
