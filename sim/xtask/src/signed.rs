// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask signed`: for both boards the boot loader, and an image that it takes by its signature.
//!
//! The key is made for this run and is worth nothing: what is shown is that Zephyr's system build makes both images, that the signature
//! is the key's, that neither another key nor another byte passes, that the boot loader has this key and checks by it, and that it has no
//! driver in it that would energise something before the firmware has looked at it. Nothing is started.

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
/// What reaches beyond the processor's flash and the console: ours, and Zephyr's buses and converters.
const REACHES_OUT: [&str; 8] = [
    "CONFIG_LEVITAS_",
    "CONFIG_SPI=",
    "CONFIG_I2C=",
    "CONFIG_CAN=",
    "CONFIG_ADC=",
    "CONFIG_PWM=",
    "CONFIG_SENSOR=",
    "CONFIG_WATCHDOG=",
];
/// How the boot loader takes an image: checked at each start, copied over the one before, none that is older.
const TAKES: [&str; 4] = [
    "CONFIG_BOOT_SIGNATURE_TYPE_ECDSA_P256=y",
    "CONFIG_BOOT_VALIDATE_SLOT0=y",
    "CONFIG_BOOT_UPGRADE_ONLY=y",
    "CONFIG_MCUBOOT_DOWNGRADE_PREVENTION=y",
];

/// `cargo xtask signed [--short]`.
pub(crate) fn run(project: &Project, options: &Options) -> Result<(), String> {
    check(project, options.has("--short")).map_err(|obstacle| obstacle.of("signed"))
}

/// Builds, signs and verifies; not run where there is no MCUboot, or no west workspace to sign in.
pub(crate) fn check(project: &Project, is_short: bool) -> Outcome {
    let build = Build::new(project)?;
    let boot_loader = build.boot_loader().map_err(Obstacle::NotRun)?;
    let folder = project.target.join("signed");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let imgtool = Imgtool { build: &build, script: boot_loader.join("scripts/imgtool.py") };
    let [key, other] = ["key.pem", "other.pem"].map(|name| folder.join(name));
    imgtool.make_key(&key)?;
    imgtool.make_key(&other)?;
    let mut lines = Vec::new();
    let boards = if is_short { &BOARDS[..1] } else { &BOARDS[..] };
    for board in boards {
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
    if let Some(line) = reaches_out(&text) {
        return Err(format!("{board}: {line} is in the boot loader"));
    }
    let its_key = format!("CONFIG_BOOT_SIGNATURE_KEY_FILE=\"{}\"", key.display());
    if let Some(line) = TAKES.into_iter().chain([its_key.as_str()]).find(|line| !has(&text, line)) {
        return Err(format!("{board}: {line} is not in the boot loader's settings"));
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

/// A setting of the boot loader that brings code of [`REACHES_OUT`].
fn reaches_out(config: &str) -> Option<&str> {
    let brings = |line: &&str| {
        REACHES_OUT.iter().any(|beginning| line.starts_with(beginning)) && !NAMES_ALONE.contains(line)
    };
    config.lines().find(brings)
}

fn has(config: &str, line: &str) -> bool {
    config.lines().any(|other| other == line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_in_the_boot_loader_is_found() {
        assert_eq!(
            reaches_out("# CONFIG_SPI is not set\nCONFIG_LEVITAS_ROLE_HOST=y\nCONFIG_FLASH=y\n"),
            None
        );
        for line in ["CONFIG_LEVITAS_RELAY_HEATER=y", "CONFIG_SPI=y"] {
            assert_eq!(reaches_out(&format!("CONFIG_FLASH=y\n{line}\n")), Some(line));
        }
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
