// SPDX-License-Identifier: Apache-2.0
//! Generates the codec from `can/levitas.dbc`, which is looked over first: one line for each contradiction.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use dbc_codegen::{AttributeField, AttributeScope, AttributeStruct, Config, FeatureConfig, FieldSource};

/// Attributes of the DBC that the generated types carry as one constant.
const FACTS: AttributeStruct = AttributeStruct {
    type_path: "crate::identity::Facts",
    const_name: "FACTS",
    scope: AttributeScope::Message,
    require: "E2EProfile",
    fields: &[
        AttributeField { name: "format", source: FieldSource::MessageAttr("VFrameFormat") },
        AttributeField { name: "profile", source: FieldSource::MessageAttr("E2EProfile") },
        AttributeField { name: "data_id", source: FieldSource::MessageAttr("E2EDataId") },
    ],
    for_node: None,
};

fn main() -> ExitCode {
    match generate() {
        Ok(()) => ExitCode::SUCCESS,
        Err(findings) => {
            for finding in findings {
                println!("cargo::error={finding}");
            }
            ExitCode::FAILURE
        }
    }
}

fn generate() -> Result<(), Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join(levitas_dbc::PATH);
    println!("cargo::rerun-if-changed={}", path.display());
    let text = fs::read_to_string(&path).map_err(|error| vec![format!("{}: {error}", levitas_dbc::PATH)])?;
    let dbc = levitas_dbc::load(&text)?;
    let config = Config::builder()
        .dbc_name(levitas_dbc::PATH)
        .dbc_content(&text)
        .impl_embedded_can_frame(FeatureConfig::Never)
        .impl_debug(FeatureConfig::Always)
        .allow_dead_code(true)
        .attribute_structs(&[FACTS])
        .build();
    let codec = config.generate().map_err(|error| vec![format!("{}: {error:#}", levitas_dbc::PATH)])?;
    let folder = env::var("OUT_DIR").map_err(|error| vec![format!("OUT_DIR: {error}")])?;
    let generated = Path::new(&folder).join("messages.rs");
    fs::write(&generated, codec + &levitas_dbc::constants(&dbc))
        .map_err(|error| vec![format!("{}: {error}", generated.display())])
}
