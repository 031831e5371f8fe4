//! A disk that is full or fails when a test says so, for real programs.
//!
//! The programs are started with a library preloaded that refuses what such a file system refuses (see `faulty_disk.c`),
//! so that no test needs a file system of its own, or the rights to make one. It needs a C compiler, as the build does.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The disk that holds a folder.
#[derive(Clone, Debug)]
pub struct FaultyDisk {
    folder: PathBuf,
    library: PathBuf,
    flag: PathBuf,
}

impl FaultyDisk {
    /// The disk of `folder`, which is in order at first.
    pub fn holding(folder: &Path) -> Self {
        let (library, flag) = (folder.join("faulty_disk.so"), folder.join("fault"));
        Self { folder: folder.to_owned(), library, flag }
    }

    /// The environment of a program that writes to this disk. Builds the library that it names.
    pub fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        self.build();
        vec![
            ("LD_PRELOAD", self.library.clone()),
            ("FAULTY_DISK_FLAG", self.flag.clone()),
            ("FAULTY_DISK_UNDER", self.folder.clone()),
        ]
    }

    fn build(&self) {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/faulty_disk/faulty_disk.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&self.library).arg(source).arg("-ldl");
        let built = compiler.status().expect("a C compiler, as the build needs one");
        assert!(built.success(), "the library is built");
        // Servers of databases run as users of their own.
        fs::set_permissions(&self.library, fs::Permissions::from_mode(0o755)).expect("its mode can be set");
    }

    /// From now on no file grows.
    pub fn fill(&self) {
        fs::write(&self.flag, "").expect("the flag is set");
    }

    /// From now on every write and every sync fails.
    pub fn fail(&self) {
        fs::write(&self.flag, "EIO").expect("the flag is set");
    }

    /// From now on the disk is in order.
    pub fn mend(&self) {
        fs::remove_file(&self.flag).expect("the flag is taken away");
    }
}
