//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RegisterImage.html>

use serde_json::{Map, Value};

use super::image::Image;
use super::tags;
use crate::call::Call;
use crate::error::AwsError;
use crate::params::Params;
use crate::shape::Shape;
use crate::trail::Trail;
use crate::world::World;

const NOT_SIMULATED: [&str; 9] = [
    "BillingProduct",
    "BlockDeviceMapping",
    "BootMode",
    "ImageLocation",
    "KernelId",
    "RamdiskId",
    "SriovNetSupport",
    "TpmSupport",
    "UefiData",
];

pub(super) fn answer(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Shape, AwsError> {
    let params = call.params()?;
    trail.request(request(params));
    let name = params.required("Name")?.to_owned();
    let image = Image {
        id: world.ids.resource("ami"),
        name: name.clone(),
        owner: call.place.account.clone(),
        public: false,
        created: world.now(),
        description: params.text("Description").map(str::to_owned),
        architecture: params.text("Architecture").unwrap_or("i386").to_owned(),
        root_device: params.text("RootDeviceName").unwrap_or("/dev/xvda").to_owned(),
        imds_v2: params.one_of("ImdsSupport", &["v2.0"])?.is_some(),
        tags: tags::read_specification(params, "image", &["snapshot"])?,
    };
    // Answers say the same for every image.
    let _hvm = params.one_of("VirtualizationType", &["hvm", "paravirtual"])?;
    let _ena = params.flag("EnaSupport")?;
    let dry_run = params.dry_run()?;
    params.finish(&call.action, &NOT_SIMULATED)?;
    let region = world.ec2.at(&call.place);
    if let Some(other) = region.images.values().find(|it| it.name == name) {
        let message = format!("AMI name {name} is already in use by AMI {}", other.id);
        return Err(AwsError::client("InvalidAMIName.Duplicate", message));
    }
    if dry_run {
        return Err(AwsError::dry_run());
    }
    let id = image.id.clone();
    region.images.insert(id.clone(), image);
    let answer = Shape::map().with("imageId", id);
    trail.flat_response(call, &answer);
    Ok(answer)
}

fn request(params: &Params) -> Value {
    let names = [
        ("Name", "name"),
        ("Description", "description"),
        ("Architecture", "architecture"),
        ("RootDeviceName", "rootDeviceName"),
        ("ImdsSupport", "imdsSupport"),
    ];
    let members = names
        .iter()
        .filter_map(|(sent, shown)| params.text(sent).map(|text| ((*shown).to_owned(), Value::from(text))));
    Value::Object(members.collect::<Map<_, _>>())
}
