// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask signed`: for both boards the boot loader, and an image that it takes by its signature.
//!
//! The key is made for this run and is worth nothing: what is shown is that Zephyr's system build makes both images, that the signature
//! is the key's, that neither another key nor another byte passes, and that the boot loader has no driver of ours in it, which would
//! energise something before the firmware has looked at it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Options;
use crate::boards::BOARDS;
use crate::firmware::Build;
use crate::process::output;
use crate::project::Project;
use crate::stage::{Obstacle, Outcome};

/// What the boot loader has of our Kconfig: names, no code.
const NAMES_ALONE: [&str; 2] = ["CONFIG_LEVITAS_ROLE_HOST=y", "CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE=y"];

/// `cargo xtask signed`.
pub(crate) fn run(project: &Project, _options: &Options) -> Result<(), String> {
    check(project).map_err(|obstacle| obstacle.of("signed"))
}

/// Builds, signs and verifies; not run where there is no MCUboot, or no west workspace to sign in.
pub(crate) fn check(project: &Project) -> Outcome {
    let build = Build::new(project)?;
    let boot_loader = build.boot_loader().map_err(Obstacle::NotRun)?;
    let folder = project.target.join("signed");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let imgtool = Imgtool { build: &build, script: boot_loader.join("scripts/imgtool.py") };
    let [key, other] = ["key.pem", "other.pem"].map(|name| folder.join(name));
    imgtool.make_key(&key)?;
    imgtool.make_key(&other)?;
    let mut lines = Vec::new();
    for board in BOARDS {
        let images = build.signed(board, &boot_loader, &key)?;
        lines.push(look(&imgtool, board, &images, [&key, &other])?);
    }
    println!("  {:<16} {:>18} {:>18}", "board", "boot loader, bytes", "signed, bytes");
    lines.iter().for_each(|line| println!("  {line}"));
    Ok(())
}

/// What a system build leaves.
pub(crate) struct Images {
    /// Folder of the boot loader's build.
    pub boot_loader: PathBuf,
    /// The application as it is written into the first slot.
    pub signed: PathBuf,
}

/// MCUboot's own tool, in the Python that has what it needs.
struct Imgtool<'a> {
    build: &'a Build<'a>,
    script: PathBuf,
}

impl Imgtool<'_> {
    fn make_key(&self, file: &Path) -> Result<(), String> {
        let mut keygen = self.build.python();
        output(keygen.arg(&self.script).args(["keygen", "-t", "ecdsa-p256", "-k"]).arg(file)).map(drop)
    }

    fn accepts(&self, key: &Path, image: &Path) -> bool {
        let mut verify = self.build.python();
        output(verify.arg(&self.script).args(["verify", "-k"]).arg(key).arg(image)).is_ok()
    }
}

/// Looks at the images of a board; its line of the table, or what is wrong.
fn look(
    imgtool: &Imgtool<'_>,
    board: &str,
    images: &Images,
    [key, other]: [&PathBuf; 2],
) -> Result<String, String> {
    let config = images.boot_loader.join("zephyr/.config");
    let text = fs::read_to_string(&config).map_err(|error| format!("{}: {error}", config.display()))?;
    if let Some(line) = of_ours(&text) {
        return Err(format!("{board}: {line} is in the boot loader"));
    }
    let binary = images.boot_loader.join("zephyr/zephyr.bin");
    let boot_bytes = fs::metadata(&binary).map_err(|error| format!("{}: {error}", binary.display()))?.len();
    let mut signed =
        fs::read(&images.signed).map_err(|error| format!("{}: {error}", images.signed.display()))?;
    if !imgtool.accepts(key, &images.signed) {
        return Err(format!("{board}: the image does not verify with the key it was signed with"));
    }
    if imgtool.accepts(other, &images.signed) {
        return Err(format!("{board}: the image verifies with a key it was not signed with"));
    }
    let line = format!("{board:<16} {boot_bytes:>18} {:>18}", signed.len());
    let middle = signed.len() / 2;
    signed[middle] ^= 1;
    let turned = images.signed.with_file_name("turned.bin");
    fs::write(&turned, signed).map_err(|error| format!("{}: {error}", turned.display()))?;
    if imgtool.accepts(key, &turned) {
        return Err(format!("{board}: the image verifies with a bit turned"));
    }
    Ok(line)
}

/// A setting of ours in the boot loader's configuration that brings code.
fn of_ours(config: &str) -> Option<&str> {
    config.lines().find(|line| line.starts_with("CONFIG_LEVITAS_") && !NAMES_ALONE.contains(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_of_ours_in_the_boot_loader_is_found() {
        assert_eq!(
            of_ours("# CONFIG_LEVITAS_ITCM is not set\nCONFIG_LEVITAS_ROLE_HOST=y\nCONFIG_SPI=y\n"),
            None
        );
        assert_eq!(
            of_ours("CONFIG_SPI=y\nCONFIG_LEVITAS_RELAY_HEATER=y\n"),
            Some("CONFIG_LEVITAS_RELAY_HEATER=y")
        );
    }

    #[test]
    fn the_boot_loader_compares_the_version_of_the_crates() {
        let file = include_str!("../../../VERSION");
        let value = |key: &str| {
            let line = file.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
            line.expect("VERSION has no such line")
        };
        let version = [value("VERSION_MAJOR"), value("VERSION_MINOR"), value("PATCHLEVEL")].join(".");
        assert_eq!(version, env!("CARGO_PKG_VERSION"));
    }
}
