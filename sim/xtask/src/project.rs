// SPDX-License-Identifier: Apache-2.0
//! Where things are: the checkout this command runs in, and the folder for what it makes.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// A checkout of this repository.
pub(crate) struct Project {
    /// Its top folder.
    pub root: PathBuf,
    /// Cargo's target folder; everything that xtask makes for itself lies below it.
    pub target: PathBuf,
}

impl Project {
    /// The checkout whose alias was called: cargo says where xtask's manifest lies.
    pub(crate) fn find() -> Result<Self, String> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest).join("../..");
        let root = root.canonicalize().map_err(|error| format!("{}: {error}", root.display()))?;
        let target =
            env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
        Ok(Self { root, target })
    }

    /// Text of a file of the checkout.
    pub(crate) fn read(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(self.root.join(path)).map_err(|error| format!("{path}: {error}"))
    }
}
