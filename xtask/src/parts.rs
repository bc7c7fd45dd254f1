//! Real parts, built from source where they are not found.
//!
//! `portolan_testbed::part` has the table of them and finds them; a test that needs one calls it too. Only what
//! is asked for is built: tests need Kubernetes, etcd and External-DNS, the benchmark etcd and CoreDNS, the soak
//! an older kube-apiserver.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use portolan_testbed::part::{self, Module, Part};

use crate::command::{program, root, run};

/// `cargo xtask tools`: finds or builds every part, and names the missing loudly.
///
/// # Errors
/// When one is missing and `require` is set.
pub(crate) fn provide_all(require: bool) -> Result<()> {
    let missing = provide_each(part::ALL);
    ensure!(
        missing.is_empty() || !require,
        "{} real parts are missing, and they are required",
        missing.len()
    );
    Ok(())
}

/// Finds or builds these parts, and gives those that are missing after that.
pub(crate) fn provide_each(parts: &[&'static Part]) -> Vec<&'static Part> {
    let mut missing = Vec::new();
    for part in parts {
        match provide(part) {
            Ok(path) => println!("tools: {} {} {}", part.name, part.module.version(), path.display()),
            Err(error) => {
                let (name, version) = (part.name, part.module.version());
                eprintln!("tools: MISSING {name} {version}: {} will not run: {error:#}", part.without);
                missing.push(*part);
            }
        }
    }
    missing
}

/// Where a part's program is; built, with all programs of its module, when it is nowhere.
///
/// # Errors
/// When it is nowhere and cannot be built.
pub(crate) fn provide(part: &Part) -> Result<PathBuf> {
    if let Some(path) = part.find() {
        return Ok(path);
    }
    build(part.module).with_context(|| format!("tools/{}", part.module.folder))?;
    let path = part.cached().context(NO_CACHE)?;
    ensure!(part.fits(&path), "{} does not say that it is {}", path.display(), part.module.version());
    Ok(path)
}

const NO_CACHE: &str = "neither XDG_CACHE_HOME nor HOME is set";

fn build(module: &Module) -> Result<()> {
    let (name, wanted) = (module.folder, module.version());
    let go = Command::new("go").arg("version").stdin(Stdio::null()).stdout(Stdio::null()).status();
    ensure!(go.is_ok_and(|status| status.success()), "{name} {wanted} is nowhere, and there is no Go");
    println!("tools: building {name} {wanted} (some minutes, once a machine)");
    let begun = Instant::now();
    let folder = module.cache().context(NO_CACHE)?;
    // Built beside its place and moved there whole: who looks meanwhile finds nothing or all of it.
    let building = folder.with_extension(format!("{}.building", std::process::id()));
    let output = format!("{}/", building.display());
    fs::create_dir_all(&building).with_context(|| output.clone())?;
    let args = ["build", "-trimpath", "-ldflags", &module.linker_flags(), "-o", &output, "tool"];
    let built = run(program("go", &args).current_dir(root().join("tools").join(name)));
    let moved = built.and_then(|()| {
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        for part in part::ALL.iter().filter(|part| part.module.folder == name) {
            let path = folder.join(part.name);
            fs::rename(building.join(part.built_as), &path).with_context(|| path.display().to_string())?;
        }
        Ok(())
    });
    fs::remove_dir_all(&building).with_context(|| output)?;
    moved?;
    println!("tools: built {name} {wanted} in {:.0} s", begun.elapsed().as_secs_f64());
    Ok(())
}
