//! Signing keys: the OEM's own, or development keys made on first use.
use super::tools;
use anyhow::{Context, Result, bail};
use hearth_update::hex;
use hearth_update::signed::{Keyring, SigningKey};
use std::path::{Path, PathBuf};

/// The name of the FIT's key: of its files, and in the control device tree.
pub const FIT: &str = "fit";

/// What images, bundles and factory records are signed with.
pub struct Keys {
    /// Holds `fit.key` and `fit.crt`, for mkimage.
    pub dir: PathBuf,
    /// Made here for development: anybody with this folder can sign for the boxes that trust them.
    pub development: bool,
    /// Signs update bundles.
    pub update: SigningKey,
    /// Signs factory records. An OEM keeps it where boxes are made, and gives its public half here.
    pub factory: Option<SigningKey>,
    /// Lines of public keys, for `/etc/hearth/factory.pub`.
    pub factory_public: String,
}

impl Keys {
    /// The keys in `given`, or the development keys in `ours`, which are made if they are not there.
    pub fn get(given: Option<&Path>, ours: &Path) -> Result<Self> {
        if let Some(dir) = given {
            return Self::open(dir, false);
        }
        if !ours.is_dir() {
            make(ours).context("development keys cannot be made")?;
        }
        println!(
            "note: signing with the development keys in {}: never ship this image; bring your own with --keys DIR",
            ours.display()
        );
        Self::open(ours, true)
    }

    fn open(dir: &Path, development: bool) -> Result<Self> {
        if !dir.is_dir() {
            bail!("{} is not a folder: --keys wants one with fit.key, fit.crt, update.key and factory.pub", dir.display());
        }
        for (name, what) in [("fit.key", "the RSA-2048 key of kernels, PEM"), ("fit.crt", "its certificate, PEM")] {
            if !dir.join(name).is_file() {
                bail!("{} is missing: {what}", dir.join(name).display());
            }
        }
        let bits = tools::run(tools::command("openssl")?.args(["pkey", "-noout", "-text", "-in"]).arg(dir.join("fit.key")))?;
        if !bits.contains("2048 bit") {
            bail!(
                "{} is not an RSA key of 2048 bits, the one kind the boot loader is asked to check",
                dir.join("fit.key").display()
            );
        }
        let update = signing_key(&dir.join("update.key"))?.with_context(|| {
            format!("{} is missing: the Ed25519 seed of update bundles, 64 hexadecimal digits", dir.join("update.key").display())
        })?;
        let factory = signing_key(&dir.join("factory.key"))?;
        let public = dir.join("factory.pub");
        let factory_public = match (&factory, std::fs::read_to_string(&public)) {
            (_, Ok(text)) => text,
            (Some(key), Err(_)) => format!("{}\n", key.public()),
            (None, Err(_)) => {
                bail!("{} is missing: the Ed25519 public keys of factory records, hexadecimal, one a line", public.display())
            }
        };
        Keyring::parse(&factory_public).with_context(|| public.display().to_string())?;
        Ok(Self { dir: dir.to_path_buf(), development, update, factory, factory_public })
    }

    /// For `/etc/hearth/update.pub`.
    pub fn update_public(&self) -> String {
        format!("{}\n", self.update.public())
    }
}

fn signing_key(path: &Path) -> Result<Option<SigningKey>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(SigningKey::parse(&text).with_context(|| path.display().to_string())?)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e).with_context(|| path.display().to_string()),
    }
}

/// All of them or none: made aside and moved into place, so that an interrupted or a second run finds no half.
fn make(dir: &Path) -> Result<()> {
    let above = dir.parent().context("the folder of keys has no folder")?;
    std::fs::create_dir_all(above)?;
    // Made with mode 0700.
    let new = tempfile::Builder::new().prefix(".keys").tempdir_in(above)?;
    let key = new.path().join("fit.key");
    tools::run(
        tools::command("openssl")?.args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out"]).arg(&key),
    )?;
    let mut certificate = tools::command("openssl")?;
    certificate.args(["req", "-batch", "-new", "-x509", "-days", "36500", "-subj", "/CN=Hearth development", "-key"]).arg(&key);
    tools::run(certificate.arg("-out").arg(new.path().join("fit.crt")))?;
    for name in ["update", "factory"] {
        let seed = tools::run(tools::command("openssl")?.args(["rand", "-hex", "32"]))?;
        let seed: [u8; 32] = hex::array(seed.trim()).context("openssl rand printed something else than 32 bytes")?;
        std::fs::write(new.path().join(name).with_extension("key"), format!("{}\n", hex::encode(&seed)))?;
        std::fs::write(new.path().join(name).with_extension("pub"), format!("{}\n", SigningKey::from_seed(seed).public()))?;
    }
    let made = new.keep();
    match std::fs::rename(&made, dir) {
        Err(_) if dir.is_dir() => std::fs::remove_dir_all(made).context("keys that another run was faster to make"),
        moved => moved.with_context(|| dir.display().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_once_and_asked_for_by_name() {
        if !tools::has("openssl") {
            println!("skipped: openssl is not installed");
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let ours = dir.path().join("box/keys");
        let first = Keys::get(None, &ours).unwrap();
        let second = Keys::get(None, &ours).unwrap();
        assert!(first.development && first.factory.is_some());
        assert_eq!(first.update.public(), second.update.public());
        assert_eq!(std::fs::read_to_string(ours.join("update.pub")).unwrap(), first.update_public());

        let check = |gone: &str, complaint: &str| {
            let away = dir.path().join("away");
            std::fs::rename(ours.join(gone), &away).unwrap();
            let error = Keys::get(Some(&ours), Path::new("/nowhere")).err().map(|e| format!("{e:#}")).unwrap_or_default();
            assert!(error.contains(complaint), "without {gone}: {error:?}");
            std::fs::rename(&away, ours.join(gone)).unwrap();
        };
        check("fit.key", "fit.key is missing: the RSA-2048 key");
        check("fit.crt", "fit.crt is missing");
        check("update.key", "update.key is missing: the Ed25519 seed");
        check("factory.pub", "");
        assert!(Keys::get(Some(&dir.path().join("none")), &ours).err().unwrap().to_string().contains("is not a folder"));
        std::fs::remove_file(ours.join("factory.key")).unwrap();
        let oem = Keys::get(Some(&ours), Path::new("/nowhere")).unwrap();
        assert!(!oem.development && oem.factory.is_none() && oem.factory_public == first.factory_public);
        check("factory.pub", "factory.pub is missing");
    }
}
