use super::*;

#[test]
fn a_version_is_what_go_mod_requires() {
    let text = "module portolan.dev/tools/etcd\n\ngo 1.26\n\ntool go.etcd.io/etcd/server/v3\n\nrequire (\n\
                \tgo.etcd.io/etcd/server/v3 v3.7.3 // indirect\n\tgo.etcd.io/etcd/api/v3 v3.6.0 // indirect\n)\n";
    assert_eq!(required(text, ETCD_MODULE.path), Some("3.7.3"));
    assert_eq!(required(text, COREDNS_MODULE.path), None);
    assert_eq!(required("require github.com/coredns/coredns v1.15.0\n", COREDNS_MODULE.path), Some("1.15.0"));
}

#[test]
fn every_part_of_ours_has_one() {
    for part in ALL {
        let version = part.module.version();
        assert!(says_series(version, version), "{part:?}");
    }
}

#[test]
fn another_patch_fits_and_another_series_does_not() {
    for (said, wanted, fits) in [
        ("etcd Version: 3.7.3\nGit SHA: Not provided\nGo Version: go1.26.8\n", "3.7.3", true),
        ("etcd Version: 3.7.9\n", "3.7.3", true),
        ("etcd Version: 3.4.23\nGo Version: 3.7.3\n", "3.7.3", false),
        ("CoreDNS-1.15.0\nlinux/amd64, go1.26.8, \n", "1.15.0", true),
        ("CoreDNS-1.1.0\n", "1.15.0", false),
        ("Kubernetes v1.37.2\n", "1.37.0", true),
        ("Kubernetes v0.0.0-master+$Format:%H$\n", "1.37.2", false),
        ("Client Version: v1.32.4\nKustomize Version: v5.5.0\n", "1.37.2", false),
        ("v0.22.0\n", "0.22.0", true),
        ("", "1.15.0", false),
    ] {
        assert_eq!(says_series(said, wanted), fits, "{said:?}");
    }
}

#[test]
fn a_program_that_says_another_version_is_passed_over() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let program = |name: &str, version: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\necho 'etcd Version: {version}'\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    assert!(ETCD.fits(&program("new", "3.7.3")));
    assert!(!ETCD.fits(&program("old", "3.4.1")));
    assert!(!ETCD.fits(&folder.path().join("none")));
}

#[test]
fn the_linker_writes_versions_where_programs_look_for_them() {
    assert_eq!(ETCD_MODULE.linker_flags(), "-s -w");
    let flags = KUBERNETES_MODULE.linker_flags();
    let version = KUBERNETES_MODULE.version();
    assert!(flags.contains(&format!("-X k8s.io/component-base/version.gitVersion=v{version} ")), "{flags}");
    assert!(flags.ends_with("version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=37"), "{flags}");
}
